"""Datasets of a workspace: put in by hand or with `--data`, else taken from the installed starter."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from algorithms.errors import DatasetError, ParameterError, Problem
from algorithms.validation import check
from algorithms.wording import did_you_mean
from local.objects import BUCKET, ObjectStore, ObjectStoreError, require_regular
from pipelines.request import TrainingRequest

STARTER = Path(str(files("seed_code"))) / "starter" / "datasets"
FILES = ("train.csv", "train.parquet", "test.csv", "test.parquet", "metadata.json")
"""What a dataset folder may hold. Other files are left where they are."""
FOLDERS = ("train", "test")
"""Folders of Parquet files, in the place of one file."""


def raw_uri(dataset_id: str) -> str:
    """Where a dataset's own files lie."""
    return f"s3://{BUCKET}/datasets/{dataset_id}/raw/"


def add_dataset(objects: ObjectStore, dataset_id: str, folder: Path) -> list[str]:
    """Makes the files of `folder` the dataset; what was there before is replaced in one rename.

    Returns the names of the files. Raises ParameterError for an id that is none, DatasetError for a folder that holds
    no dataset.
    """
    check_id(dataset_id)
    files = _files_of(folder)
    objects.replace(files, raw_uri(dataset_id), folder)
    return [file.relative_to(folder).as_posix() for file in files]


def check_id(dataset_id: str) -> None:
    """Raises ParameterError for an id that is none, which might name another folder."""
    problems = [found for found in check(TrainingRequest, {"dataset_id": dataset_id}) if found.key == "dataset_id"]
    if problems:
        raise ParameterError(problems)


def ensure_dataset(objects: ObjectStore, dataset_id: str, folder: Path | None) -> None:
    """Puts the dataset into the workspace: from `folder` if given, else it is there, else from the starter.

    Raises DatasetError, with the nearest name, if there is no such dataset.
    """
    if folder is not None:
        add_dataset(objects, dataset_id, folder)
    elif not objects.exists(raw_uri(dataset_id)):
        if not (STARTER / dataset_id).is_dir():
            raise _unknown(dataset_id, known_datasets(objects))
        add_dataset(objects, dataset_id, STARTER / dataset_id)


def add_starters(objects: ObjectStore) -> None:
    """Puts the datasets of the starter into the workspace, where it has none of that name."""
    for folder in sorted(STARTER.iterdir()):
        if folder.is_dir():
            ensure_dataset(objects, folder.name, None)


def known_datasets(objects: ObjectStore) -> list[str]:
    """The ids in the workspace and in the starter."""
    stored = [name for name in objects.folders(f"s3://{BUCKET}/datasets/") if objects.exists(raw_uri(name))]
    return sorted({*stored, *(folder.name for folder in STARTER.iterdir() if folder.is_dir())})


def _files_of(folder: Path) -> list[Path]:
    """The dataset's files in `folder`, which are regular files, with training rows among them."""
    if not folder.is_dir():
        raise _unusable(folder, "is no folder. Name the folder that holds train.csv or train.parquet.")
    files = [folder / name for name in FILES if (folder / name).is_symlink() or (folder / name).exists()]
    files += [folder / name for name in FOLDERS if (folder / name).is_symlink()]  # which is refused
    files += [file for name in FOLDERS for file in sorted((folder / name).glob("*.parquet"))]
    if not any(file.relative_to(folder).as_posix().startswith(("train.", "train/")) for file in files):
        what = "holds no train.csv, no train.parquet and no train/*.parquet. Put the training rows there."
        raise _unusable(folder, what)
    try:
        return [require_regular(file) for file in files]
    except ObjectStoreError as error:
        raise _unusable(folder, str(error)) from error


def _unusable(folder: Path, what: str) -> DatasetError:
    return DatasetError([Problem("data", str(folder), f"dataset folder {folder}: {what}")])


def _unknown(dataset_id: str, known: list[str]) -> DatasetError:
    hint = did_you_mean(dataset_id, known)
    message = f"dataset_id: there is no such dataset, got {dataset_id}. {hint} Add one: mlops data add {dataset_id} DIR"
    return DatasetError([Problem("dataset_id", dataset_id, message)])
