"""A large CSV file is read block by block, and gives what the small way gives."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from algorithms.errors import DatasetError
from pipelines.render import ROOT
from steps import csv_blocks, reading
from steps.container import Paths
from steps.prepare import prepare
from steps.tables import load_table, read_dataset
from steps.train import read_schema

STARTER = ROOT / "seed_code/starter/datasets"
TASKS = {"breast_cancer": "classification", "diabetes": "regression", "digits": "classification", "wine": "clustering"}
MIXED = "\n".join(
    [
        'id,size,colour,note,when,flag,"class, of it"',
        *(
            f'{n},{n * 0.37 if n % 7 else ""},{["red", "green", "NA", "blue"][n % 4]},"a ""word"" {n}, '
            f'and more",2026-01-{n % 28 + 1:02},{["true", "FALSE"][n % 2]},{["yes", "no"][n % 3 > 0]}'
            for n in range(400)
        ),
    ]
)
WRONG = {
    "a row that is too long": MIXED.replace("\n7,", "\n7,8,"),
    "an open quote": MIXED + '\n1,2,"red',
    "a column twice": MIXED.replace("size,", "id,", 1),
    "no UTF-8": MIXED.encode().replace(b"green", b"gr\xfcn"),
    "too few rows": "\n".join(MIXED.split("\n")[:5]),
    "a null byte": MIXED.replace("green", "gr\0n", 1),
}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is large, and has many blocks."""
    monkeypatch.setattr(reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(csv_blocks, "PARSED_BYTES", 2_000)
    monkeypatch.setattr(csv_blocks, "PARSED_ROWS", 30)


def prepared(root: Path, raw: dict[str, bytes], task: str) -> dict[str, Any]:
    """What Prepare writes."""
    paths = Paths(root)
    folder = paths.processing_input("raw")
    folder.mkdir(parents=True)
    for name, content in raw.items():
        (folder / name).write_bytes(content)
    prepare(paths, ["--task", task, "--seed", "3"])
    schema = read_schema(paths.processing_output("train"))
    reports = [
        json.loads((paths.processing_output("report") / f"{n}.json").read_text()) for n in ("quality", "baseline")
    ]
    tables = [load_table(paths.processing_output(n) / f"{n}.parquet", schema) for n in ("train", "test")]
    return {"schema": schema, "reports": reports, "tables": tables}


def check_same(tmp_path: Path, raw: dict[str, bytes], task: str) -> None:
    now = prepared(tmp_path / "large", raw, task)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "LARGE_BYTES", 2**40)
        before = prepared(tmp_path / "small", raw, task)
    assert now["schema"] == before["schema"]
    assert now["reports"] == before["reports"]
    for one, other in zip(now["tables"], before["tables"], strict=True):
        pd.testing.assert_frame_equal(one.X, other.X)
        if other.y is not None:
            pd.testing.assert_series_equal(one.y, other.y)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(("name", "task"), TASKS.items())
def test_a_sample_dataset_is_prepared_alike(tmp_path: Path, name: str, task: str) -> None:
    check_same(tmp_path, {file.name: file.read_bytes() for file in (STARTER / name).iterdir()}, task)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_mixed_table_is_prepared_alike(tmp_path: Path, end: str, delimiter: str) -> None:
    text = MIXED if delimiter == "," else MIXED.replace(", ", "~").replace(",", ";").replace("~", ", ")
    check_same(tmp_path, {"train.csv": text.replace("\n", end).encode()}, "classification")


@pytest.mark.usefixtures("large")
def test_numbers_are_read_alike(tmp_path: Path) -> None:
    """Of every length, with zeros in front, with a text late in the column, with a marker of one's own."""
    rng = random.Random(5)
    header = ("long", "zeros", "late", "marked", "huge", "target")
    rows = [
        (
            repr(rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300)),
            f"{rng.randint(0, 300):05}",
            "many" if n == 399 else str(rng.randint(0, 30)),
            rng.choice(["-999", "1.50", "+2", "3e2", ".5", "NA"]),
            rng.choice(["1e999", "-inf", "nan", "7", "12345678901234567890"]),
            rng.choice(["01", "1.0", "2"]),
        )
        for n in range(400)
    ]
    text = "\n".join(",".join(row) for row in (header, *rows)).encode()
    said = {"columns": {"marked": {"na_values": ["-999", "NA"]}}}
    raw = {"train.csv": text, "test.csv": text[: text.rindex(b"\n")], "metadata.json": json.dumps(said).encode()}
    check_same(tmp_path, raw, "classification")


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_alike(tmp_path: Path, what: str) -> None:
    content = WRONG[what]
    (tmp_path / "train.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DatasetError) as found:
        read_dataset(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "LARGE_BYTES", 2**40)
        with pytest.raises(DatasetError) as expected:
            read_dataset(tmp_path)
    assert found.value.problems == expected.value.problems
