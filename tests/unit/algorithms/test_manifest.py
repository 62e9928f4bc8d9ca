"""The manifest of a model folder, and folders that strangers wrote."""

import json
import logging
import os

import pytest

from algorithms import manifest as module
from algorithms.errors import DatasetError
from algorithms.kmeans import KMeans, KMeansParams
from algorithms.manifest import load_model, read_manifest, write_manifest
from algorithms.params import Preprocessing
from algorithms.schema import Column, TableSchema

SCHEMA = TableSchema(task_type="clustering", columns=[Column(name="x", type="number", na_values=[])])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"123")
    write(tmp_path)
    return tmp_path


def write(path):
    model = KMeans(KMeansParams(k=4), seed=7)
    return write_manifest(
        path, model, task_type="clustering", libraries=["numpy"], preprocessing=Preprocessing(), table=SCHEMA
    )


def change(folder, **entries):
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def test_what_is_written_is_read(folder):
    found = read_manifest(folder)
    assert found == write(folder)
    assert (found.algorithm, found.learning_type, found.seed) == ("kmeans", "unsupervised", 7)
    assert found.parameters == {"k": 4, "feature_dim": None, "n_init": 10, "max_iter": 300}
    assert found.table == SCHEMA
    assert found.files == {"weights.bin": "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3"}


def replace_by_link(folder):
    (folder / "weights.bin").rename(folder.parent / "elsewhere.bin")
    (folder / "weights.bin").symlink_to(folder.parent / "elsewhere.bin")


SPOILED = {
    "damaged file": (lambda f: (f / "weights.bin").write_bytes(b"124"), "'weights.bin' is damaged"),
    "missing file": (lambda f: (f / "weights.bin").unlink(), "'weights.bin' is missing"),
    "extra file": (lambda f: (f / "run.py").write_text("x"), "'run.py' is not in the manifest"),
    "link": (replace_by_link, "only plain files, got 'weights.bin'"),
    "folder": (lambda f: (f / "sub").mkdir(), "only plain files, got 'sub'"),
    "pipe": (lambda f: os.mkfifo(f / "pipe"), "only plain files, got 'pipe'"),
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "manifest.json is missing"),
    "no JSON": (lambda f: (f / "manifest.json").write_text("{"), "cannot be read"),
    "deep JSON": (lambda f: (f / "manifest.json").write_text("[" * 100_000), "cannot be read"),
    "no UTF-8": (lambda f: (f / "manifest.json").write_bytes(b"\xff"), "cannot be read"),
    "NaN": (lambda f: change(f, parameters={"k": float("nan")}), "cannot be read"),
    "unknown key": (lambda f: change(f, code="x"), "wrong at code"),
    "another schema": (lambda f: change(f, schema_version=2), "wrong at schema_version"),
    "unknown algorithm": (lambda f: change(f, algorithm="os"), "unknown here, got 'os'"),
    "a path as name": (lambda f: change(f, files={"../weights.bin": "0"}), "'../weights.bin' is missing"),
    "another major version": (lambda f: change(f, libraries={"numpy": "1.0.0"}), "made with numpy 1.0.0"),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILED.values(), ids=SPOILED)
def test_folders_that_do_not_match_are_refused(folder, spoil, message):
    spoil(folder)
    with pytest.raises(DatasetError) as caught:
        load_model(folder)
    assert str(caught.value).startswith("model: ")
    assert message in str(caught.value)


def test_all_problems_are_told_at_once(folder):
    (folder / "weights.bin").unlink()
    (folder / "a").write_text("a")
    (folder / "b").write_text("b")
    with pytest.raises(DatasetError) as caught:
        read_manifest(folder)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(("limit", "value"), [("MAX_FILES", 1), ("MAX_BYTES", 10), ("MAX_MANIFEST_BYTES", 10)], ids=str)
def test_sizes_are_limited(folder, monkeypatch, limit, value):
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(DatasetError, match="at most"):
        read_manifest(folder)


def test_no_folder(tmp_path):
    with pytest.raises(DatasetError, match="there is no model folder"):
        read_manifest(tmp_path / "none")


def test_another_minor_version_is_told_in_the_log(folder, caplog):
    import numpy

    other = f"{numpy.__version__.split('.')[0]}.999.0"
    change(folder, libraries={"numpy": other})
    with caplog.at_level(logging.WARNING):
        read_manifest(folder)
    assert f"made with numpy {other}" in caplog.text


def test_a_manifest_makes_nothing_import_that_is_not_known(folder):
    change(folder, libraries={"antigravity": "1.0"})
    assert read_manifest(folder).libraries == {"antigravity": "1.0"}


def test_the_files_are_hashed_once_a_load(tmp_path, sample_tables, monkeypatch):
    train, _ = sample_tables("iris", "clustering")
    KMeans(KMeansParams(k=3)).fit(train).save(tmp_path)
    hashed: list[str] = []
    sha256 = module._sha256
    monkeypatch.setattr(module, "_sha256", lambda path: hashed.append(path.name) or sha256(path))
    load_model(tmp_path)
    assert hashed == ["model.skops"]
