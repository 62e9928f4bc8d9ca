"""steps.metadata: strict reading of metadata.json."""

from __future__ import annotations

import pytest

from algorithms.errors import DatasetError
from steps.metadata import Metadata, read_metadata


def test_no_file_means_nothing_said(tmp_path):
    assert read_metadata(tmp_path) == Metadata()


def test_everything_it_may_hold(tmp_path):
    (tmp_path / "metadata.json").write_text(
        '\ufeff{"target": "y", "task_type": "regression",'
        ' "columns": {"x": {"type": "category", "na_values": ["?"], "description": "d"}, "z": {"type": null}}}',
        encoding="utf-8",
    )
    found = read_metadata(tmp_path)
    assert (found.target, found.task_type) == ("y", "regression")
    assert found.notes("x").na_values == ["?"]
    assert found.notes("z") == found.notes("not described")


def test_every_problem_at_once(tmp_path):
    (tmp_path / "metadata.json").write_text(
        '{"targt": "y", "task_type": "classify", "columns": {"x": {"type": "int", "na_values": "?"}, "q": 3}}'
    )
    with pytest.raises(DatasetError) as caught:
        read_metadata(tmp_path)
    text = str(caught.value)
    assert len(caught.value.problems) == 5
    assert "Did you mean `target`?" in text
    assert "Did you mean `classification`?" in text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"a":', "no readable JSON"),
        (b"[" * 100_000, "RecursionError"),
        (b"[]", "must be a JSON object"),
        (b'{"target": "a", "target": "b"}', "repeated"),
        (b'{"target": "\xe9"}', "UnicodeDecodeError"),
        (b'{"target": NaN}', "target"),
        (b'{"columns": [1]}', "columns"),
        (b" " * (2**20 + 1), "at most"),
    ],
    ids=["cut", "deep", "list", "repeated", "latin-1", "nan", "columns as list", "long"],
)
def test_refused(tmp_path, content, told):
    (tmp_path / "metadata.json").write_bytes(content)
    with pytest.raises(DatasetError, match=told):
        read_metadata(tmp_path)
