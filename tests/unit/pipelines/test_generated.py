from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.generated import write_or_report


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Path, str]:
    monkeypatch.chdir(tmp_path)
    return {tmp_path / "deep" / "a.json": "{}\n", tmp_path / "reference.md": "# é\n"}


def test_writes_what_is_missing_once(files: dict[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert write_or_report(files, False, "make generate") == 0
    assert {path: path.read_text(encoding="utf-8") for path in files} == files
    assert capsys.readouterr().out == "deep/a.json: written\nreference.md: written\n"
    assert write_or_report(files, False, "make generate") == 0
    assert write_or_report(files, True, "make generate") == 0
    assert capsys.readouterr() == ("", "")


def test_a_check_names_the_stale_file_and_writes_nothing(
    files: dict[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_or_report(files, False, "make generate")
    changed, *_ = files
    changed.write_text("{ }\n")
    capsys.readouterr()
    assert write_or_report(files, True, "make generate") == 1
    assert capsys.readouterr() == ("", "deep/a.json: is stale. Run: make generate\n")
    assert changed.read_text() == "{ }\n"
