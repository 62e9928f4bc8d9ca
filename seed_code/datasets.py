"""Writes the sample datasets that scikit-learn ships, as CSV with metadata.json.

`python -m seed_code.datasets` writes them, `--check` exits 1 and names the files that are stale.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

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


def main(arguments: list[str]) -> int:
    """Writes the files, or with `--check` compares them."""
    stale = {path: text for path, text in files().items() if not path.is_file() or path.read_text() != text}
    for path, text in stale.items():
        if "--check" in arguments:
            print(f"stale: {path.relative_to(FOLDER.parent)}. Run: make generate")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
