"""Writes the sample datasets that scikit-learn ships, as CSV with metadata.json.

`python -m seed_code.datasets` writes them, `--check` exits 1 and names the files that are stale.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.generated import write_or_report

STARTER = Path(__file__).parent / "starter"
FOLDER = STARTER / "datasets"


@dataclass(frozen=True)
class Sample:
    """One of scikit-learn's toy datasets: where it comes from and how its target is called here."""

    loader: str
    target: str
    task_type: str
    target_description: str


SAMPLES = {
    "iris": Sample("load_iris", "species", "classification", "species of iris"),
    "wine": Sample("load_wine", "cultivar", "classification", "which of three cultivars the wine is made of"),
    "breast_cancer": Sample("load_breast_cancer", "diagnosis", "classification", "diagnosis of the tumour"),
    "digits": Sample("load_digits", "digit", "classification", "the handwritten digit, 0 to 9"),
    "diabetes": Sample("load_diabetes", "progression", "regression", "disease progression after one year"),
}


def render(sample: Sample) -> dict[str, str]:
    """File name -> text: the rows in scikit-learn's order, class names instead of numbers."""
    from sklearn import datasets

    loaded = getattr(datasets, sample.loader)(as_frame=True)
    table = loaded.frame.drop(columns="target").assign(**{sample.target: loaded.target})
    if sample.task_type == "classification" and sample.target != "digit":
        table[sample.target] = loaded.target_names[loaded.target]
    metadata = {
        "target": sample.target,
        "task_type": sample.task_type,
        "columns": {sample.target: {"description": sample.target_description}},
    }
    csv = table.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    return {"train.csv": csv, "metadata.json": json.dumps(metadata, indent=2) + "\n"}


def files() -> dict[Path, str]:
    """Every file of every sample dataset."""
    return {FOLDER / name / file: text for name, sample in SAMPLES.items() for file, text in render(sample).items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the files. With `--check`: 1 if one is stale, and nothing is written."""
    parser = argparse.ArgumentParser("python -m seed_code.datasets", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    return write_or_report(files(), parser.parse_args(arguments).check, "python -m seed_code.datasets")


if __name__ == "__main__":
    sys.exit(main())
