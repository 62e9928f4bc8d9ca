from __future__ import annotations

import pytest

from algorithms.errors import DatasetError, ParameterError
from local.datasets import add_dataset, ensure_dataset, known_datasets, raw_uri
from local.objects import ObjectStore


@pytest.fixture
def objects(tmp_path):
    return ObjectStore(tmp_path / "s3", tmp_path / "staging")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "train.csv").write_text("a,b\n1,2\n")
    return folder


def names(objects, dataset_id):
    return [found.uri.removeprefix(raw_uri(dataset_id)) for found in objects.list(raw_uri(dataset_id))]


def test_the_datasets_files_and_no_others_are_taken(objects, folder):
    (folder / "metadata.json").write_text("{}")
    (folder / "notes.txt").write_text("mine")
    assert add_dataset(objects, "mine", folder) == ["train.csv", "metadata.json"]
    assert names(objects, "mine") == ["metadata.json", "train.csv"]


def test_a_folder_of_files_is_taken_in_the_place_of_one(objects, folder):
    (folder / "train.csv").unlink()
    (folder / "train").mkdir()
    for name in ("b.parquet", "a.parquet", "_SUCCESS", "notes.txt"):
        (folder / "train" / name).write_text(name)
    assert add_dataset(objects, "mine", folder) == ["train/a.parquet", "train/b.parquet"]
    assert names(objects, "mine") == ["train/a.parquet", "train/b.parquet"]


@pytest.mark.parametrize("name", ["train", "train/a.parquet", "test"])
def test_a_link_in_or_to_a_folder_is_refused(objects, folder, tmp_path, name):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/a.parquet").write_text("x")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).symlink_to(tmp_path / ("secret/a.parquet" if "/" in name else "secret"))
    with pytest.raises(DatasetError, match="regular file"):
        add_dataset(objects, "mine", folder)
    assert names(objects, "mine") == []


def test_an_older_dataset_of_that_id_is_replaced_as_a_whole(objects, folder):
    (folder / "test.csv").write_text("a,b\n1,2\n")
    add_dataset(objects, "mine", folder)
    (folder / "test.csv").unlink()
    add_dataset(objects, "mine", folder)
    assert names(objects, "mine") == ["train.csv"]


@pytest.mark.parametrize("dataset_id", ["", "..", "../x", "Iris", "a/b", "a" * 65, "-a", "a\n", "ä"])
def test_an_id_that_is_none_is_refused(objects, folder, dataset_id):
    with pytest.raises(ParameterError) as caught:
        add_dataset(objects, dataset_id, folder)
    assert [problem.key for problem in caught.value.problems] == ["dataset_id"]


def test_a_folder_that_is_none_is_refused(objects, tmp_path):
    with pytest.raises(DatasetError, match="is no folder"):
        add_dataset(objects, "mine", tmp_path / "nowhere")


def test_a_folder_without_training_rows_is_refused(objects, tmp_path):
    with pytest.raises(DatasetError, match=r"holds no train\.csv"):
        add_dataset(objects, "mine", tmp_path)


@pytest.mark.parametrize("name", ["train.csv", "metadata.json", "test.csv"])
def test_a_link_is_refused(objects, folder, tmp_path, name):
    secret = tmp_path / "secret"
    secret.write_text("a,b\n1,2\n")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    with pytest.raises(DatasetError, match="regular file"):
        add_dataset(objects, "mine", folder)
    assert names(objects, "mine") == []


def test_the_starters_datasets_are_known_to_an_empty_workspace(objects):
    assert known_datasets(objects) == ["breast_cancer", "diabetes", "digits", "iris", "wine"]
    ensure_dataset(objects, "iris", None)
    assert names(objects, "iris") == ["metadata.json", "train.csv"]


def test_the_workspaces_own_dataset_wins_over_the_starters(objects, folder):
    add_dataset(objects, "iris", folder)
    ensure_dataset(objects, "iris", None)
    assert objects.read(f"{raw_uri('iris')}train.csv", 100) == b"a,b\n1,2\n"


def test_an_unknown_dataset_names_the_nearest_one(objects):
    with pytest.raises(DatasetError, match="Did you mean `iris`") as caught:
        ensure_dataset(objects, "irsi", None)
    assert "mlops data add irsi DIR" in str(caught.value)


def test_an_unknown_dataset_far_from_all_lists_them(objects, folder):
    add_dataset(objects, "mine", folder)
    with pytest.raises(DatasetError, match="Known are: breast_cancer, diabetes, digits, iris, mine, wine"):
        ensure_dataset(objects, "zzzzzzzz", None)
