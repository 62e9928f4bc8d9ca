"""Where `mlops serve` finds a model."""

from __future__ import annotations

import pytest

from algorithms.errors import DatasetError
from local.archives import pack
from local.objects import ObjectStore
from local.serve import model_folder

URI = "s3://mlops-local/models/m/model.tar.gz"


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def archive(tmp_path, model):
    (tmp_path / "packed").mkdir()
    pack(model, tmp_path / "packed/model.tar.gz")
    return tmp_path / "packed/model.tar.gz"


@pytest.fixture
def workspace(tmp_path, archive):
    root = tmp_path / "ws"
    ObjectStore(root / "s3", root / "staging").put_file(archive, URI)
    return root


@pytest.fixture
def find(tmp_path, workspace):
    return lambda text: model_folder(str(text), workspace, tmp_path / "empty")


def test_a_folder_is_taken_as_it_is(find, model):
    assert find(model) == model


def test_an_archive_a_folder_with_one_and_its_address(find, archive, tmp_path):
    for name, given in enumerate([archive, archive.parent, URI]):
        found = model_folder(str(given), tmp_path / "ws", tmp_path / str(name))
        assert [path.name for path in found.iterdir()] == ["manifest.json"]


def test_a_name_of_any_kind_may_be_an_archive(find, archive):
    other = archive.rename(archive.with_name("mine.tgz"))
    assert (find(other) / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere", "there is no file or folder nowhere"),
        ("s3://mlops-local/models/other/model.tar.gz", "there is no such object"),
        ("s3://mlops-local/../../etc/passwd", "must be a plain path"),
        ("s3://..", "must look like"),
    ],
)
def test_what_is_not_there_is_one_line(find, given, message):
    with pytest.raises(DatasetError, match=message) as caught:
        find(given)
    assert str(caught.value).startswith("model: ")
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model(find, tmp_path):
    (tmp_path / "other").mkdir()
    with pytest.raises(DatasetError, match=r"holds neither manifest\.json nor model\.tar\.gz"):
        find(tmp_path / "other")


def test_no_workspace_is_made(tmp_path):
    with pytest.raises(DatasetError, match="is no workspace"):
        model_folder(URI, tmp_path / "none", tmp_path / "empty")
    assert not (tmp_path / "none").exists()


def test_a_damaged_archive(find, archive):
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(DatasetError, match="cannot be read"):
        find(archive)
