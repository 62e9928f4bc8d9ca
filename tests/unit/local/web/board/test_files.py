"""Only records and pictures of training_history/ are served."""

from __future__ import annotations

import pytest

from local.web.board.files import Files


@pytest.fixture
def files(tmp_path):
    root = tmp_path / "github"
    (root / "training_history/1-a/attempt-1").mkdir(parents=True)
    for name in ("plot.png", "record.json", "README.md", "secret.txt"):
        (root / "training_history/1-a/attempt-1" / name).write_text("x")
    (root / "other.png").write_text("x")
    (tmp_path / "mlops.db").write_text("x")
    (root / "training_history/link.png").symlink_to(tmp_path / "mlops.db")
    (root / "training_history/approvals/g").mkdir(parents=True)
    for name in ("2.json", "1.json", "note.md"):
        (root / "training_history/approvals/g" / name).write_text("{}")
    return Files(root)


def test_a_picture_has_a_place(files, tmp_path):
    start = f"{tmp_path}/github/training_history/1-a/attempt-1"
    assert files.place(f"{start}/plot.png") == "/files/training_history/1-a/attempt-1/plot.png"
    assert files.place(start) == "/files/training_history/1-a/attempt-1/README.md"


@pytest.mark.parametrize("address", ["https://example.org/x.png", "/etc/passwd", "training_history/x.png", ""])
def test_others_have_none(files, address):
    assert files.place(address) is None


@pytest.mark.parametrize("name", ["plot.png", "record.json", "README.md"])
def test_what_is_served(files, name):
    assert files.read(f"training_history/1-a/attempt-1/{name}") is not None


@pytest.mark.parametrize(
    "path",
    [
        "other.png",
        "../mlops.db",
        "training_history/../other.png",
        "training_history/../../mlops.db",
        "training_history/link.png",
        "training_history/1-a/attempt-1/secret.txt",
        "training_history/1-a/attempt-1",
        "training_history/none.png",
        "/etc/passwd",
        "",
    ],
)
def test_what_is_not(files, path):
    assert files.read(path) is None


def test_a_folder_by_name(files):
    assert [path.name for path in files.folder("approvals/g")] == ["1.json", "2.json"]
    assert files.folder("approvals/none") == []
    assert files.folder("../..") == []
