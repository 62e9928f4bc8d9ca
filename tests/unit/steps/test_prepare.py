"""steps.prepare: the files that it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from algorithms.environments import ENVIRONMENTS
from algorithms.errors import DatasetError, ParameterError
from algorithms.schema import TableSchema
from steps.container import Paths
from steps.prepare import prepare, prepare_table
from steps.tables import Options, load_table


@pytest.fixture
def paths(tmp_path) -> Paths:
    (tmp_path / "processing/input").mkdir(parents=True)
    return Paths(tmp_path)


def place(paths: Paths, folder) -> None:
    folder.rename(paths.processing_input("raw"))


def written(paths: Paths, name: str):
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads((paths.processing_output("") / name).read_text(), parse_constant=refuse)


def test_outputs(paths, dataset, columns, monkeypatch):
    monkeypatch.setenv("DATASET_DIGEST", "abc")
    place(paths, dataset(train_csv=columns))
    prepare(paths, ["--task", "classification", "--target", "colour", "--duplicates", "keep", "--seed", "4"])
    schema = TableSchema.model_validate(written(paths, "train/schema.json"))
    train = load_table(paths.processing_output("train") / "train.parquet", schema)
    test = load_table(paths.processing_output("test") / "test.parquet", schema)
    assert schema.target == "colour"
    assert (len(train.X), len(test.X)) == (32, 8)
    assert written(paths, "report/quality.json")["digest"] == "abc"
    assert written(paths, "report/baseline.json")["columns"]["size"]["count"] == 32
    files = {path.relative_to(paths.processing_output("")).as_posix() for path in paths.root.rglob("output/*/*")}
    assert files == {
        "train/train.parquet",
        "train/schema.json",
        "test/test.parquet",
        "report/quality.json",
        "report/baseline.json",
    }


def test_files_of_rows_for_several_instances(paths, dataset, columns):
    place(paths, dataset(train_csv=columns))
    prepare(paths, ["--task", "classification", "--instances", "2"])
    files = sorted(
        path.relative_to(paths.processing_output("train")).as_posix() for path in paths.root.rglob("*/rows/*")
    )
    assert files == [f"rows/part-0000{number}-of-00008.parquet" for number in range(8)]
    assert not (paths.processing_output("train") / "train.parquet").exists()
    assert (paths.processing_output("train") / "schema.json").exists()


@pytest.mark.parametrize("count", ["0", "17", "-1", "2.0", "many"])
def test_a_number_of_instances_that_is_none(paths, count):
    with pytest.raises(ValueError, match="container arguments"):
        prepare(paths, ["--task", "classification", "--instances", count])


def test_the_same_bytes_again(paths, dataset, columns):
    place(paths, dataset(train_csv=columns))
    runs = []
    for _ in range(2):
        prepare_table(paths, Options("classification"))
        runs.append([path.read_bytes() for path in sorted(paths.root.rglob("output/*/*"))])
    assert runs[0] == runs[1]


def test_hostile_names_and_values_stay_strict_json(paths, dataset, columns):
    columns = {'"a\n@x<b>|"': columns["size"], '"""\u202e日本"': ["\x1b[31m", "@all"] * 20, "=1+1": columns["species"]}
    place(paths, dataset(train_csv=columns))
    prepare_table(paths, Options("classification"))
    assert written(paths, "train/schema.json")["columns"][0]["name"] == "a\n@x<b>|"
    assert len(written(paths, "report/baseline.json")["columns"]) == 2


def test_a_refused_dataset_writes_nothing(paths, dataset):
    place(paths, dataset(train_csv="a\n1\n"))
    with pytest.raises(DatasetError):
        prepare_table(paths, Options("classification"))
    assert not (paths.root / "processing/output").exists()


def test_environment(paths):
    pytest.importorskip("gymnasium")
    prepare(paths, ["--task", "control", "--environment", "CartPole-v1", "--seed", "0"])
    facts = written(paths, "train/environment.json")
    assert (facts["environment"], facts["action"]) == ("CartPole-v1", ENVIRONMENTS["CartPole-v1"].action)
    assert 5 < written(paths, "report/baseline.json")["primary"]["value"] < 60


def test_unknown_environment(paths):
    with pytest.raises(ParameterError, match="allow-list"):
        prepare(paths, ["--task", "control", "--environment", "Nope-v1", "--seed", "0"])


def test_a_dataset_is_refused_without_scikit_learn(paths, dataset, columns):
    columns["species"] = ["a"] * 40
    place(paths, dataset(train_csv=columns))
    code = (
        "import sys; from steps.prepare import main; code = main(['--task', 'classification']);"
        "print(code, 'sklearn' in sys.modules, 'scipy' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MLOPS_ML_ROOT": str(paths.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["1", "False", "False"]
    assert json.loads(paths.message.read_bytes())["error"] == "DatasetError"


def test_a_hostile_column_name_is_told_in_printable_text(paths, dataset, columns):
    hostile = "\x1b]0;pwned\x07"
    table = {hostile: ["small", *range(39)], **columns}
    place(paths, dataset(train_csv=table, metadata_json=json.dumps({"columns": {hostile: {"type": "number"}}})))
    with pytest.raises(DatasetError, match=r"pwned") as caught:
        prepare(paths, ["--task", "classification"])
    assert all(problem.message.isprintable() for problem in caught.value.problems)
