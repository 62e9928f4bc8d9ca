"""Ten faults planted in a good dataset are each named; the good one has none of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from algorithms.errors import DatasetError
from steps.quality import quality_report
from steps.tables import Options, read_dataset, split, type_rows

ROWS = 800
DICE = np.random.default_rng(7)
SIZE, WEIGHT = DICE.normal(10, 2, ROWS), DICE.normal(70, 9, ROWS)
COLOUR = DICE.choice(["red", "green", "blue"], ROWS)
CLASS = np.where(SIZE + DICE.normal(0, 1, ROWS) + (COLOUR == "red") > 10.4, "good", "bad")
GOOD = pd.DataFrame({"size": SIZE, "weight": WEIGHT, "colour": COLOUR, "class": CLASS})
HALF = ROWS // 2


def told(folder, options: Options) -> str:
    """What a person reads of the data: the findings, or why it is refused."""
    try:
        report = quality_report(split(type_rows(read_dataset(folder), options), options), options, "digest")
    except DatasetError as error:
        return "\n".join(problem.message for problem in error.problems)
    return "\n".join(f"{finding['kind']}: {finding['message']}" for finding in report["findings"])


def rare() -> pd.DataFrame:
    table = pd.concat([GOOD, GOOD.assign(size=GOOD["size"] + 1e-3)], ignore_index=True)
    return table.assign(**{"class": np.where(np.arange(len(table)) % 200 == 0, "good", "bad")})


def noisy() -> pd.DataFrame:
    """A tenth of the rows comes again, with the other class."""
    again = GOOD[: ROWS // 10]
    return pd.concat([GOOD, again.assign(**{"class": again["class"].map({"good": "bad", "bad": "good"})})])


FAULTS = {
    "leak": (
        {"train": GOOD.assign(grade=GOOD["class"].map({"good": "A", "bad": "F"}))},
        'leakage: May give the target away: "grade"',
    ),
    "duplicates across the split": ({"train": pd.concat([GOOD, GOOD[:100]])}, "also among the training rows"),
    "label noise": ({"train": noisy()}, "contradictions: 160 rows equal to another one in every feature"),
    "constant column": ({"train": GOOD.assign(site="north")}, '"site"'),
    "unseen categories": (
        {"train": GOOD[:HALF], "test": GOOD[HALF:].assign(colour="ultraviolet")},
        'unseen_category: "colour": 400 test rows with a value that training did not see',
    ),
    "shifted test set": (
        {"train": GOOD[:HALF], "test": GOOD[HALF:].assign(weight=lambda rows: rows["weight"] + 20)},
        'shift: The test rows differ from the training rows ("weight": median',
    ),
    "imbalance 1:200": ({"train": rare()}, 'Who always answers "bad" has an accuracy of 99.5%'),
    "all-missing column": ({"train": GOOD.assign(note=np.nan)}, "all values are missing"),
    "wrong target": ({"train": GOOD.assign(customer=[f"c{number}" for number in range(ROWS)])}, '"customer"'),
    "mixed types": (
        {
            "train": GOOD.astype({"weight": "str"}).assign(
                weight=lambda rows: rows["weight"].where(rows.index % 50 > 0, "heavy")
            )
        },
        'mixed: "weight": a number; 16 values counted as missing: "heavy"',
    ),
}


def write(folder, tables):
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_named(tmp_path, fault):
    tables, words = FAULTS[fault]
    options = Options("classification", target="customer" if fault == "wrong target" else "class")
    assert words in told(write(tmp_path, tables), options)


@pytest.mark.parametrize("tables", [{"train": GOOD}, {"train": GOOD[:HALF], "test": GOOD[HALF:]}])
def test_a_good_dataset_has_no_finding(tmp_path, tables):
    assert told(write(tmp_path, tables), Options("classification", target="class")) == ""
