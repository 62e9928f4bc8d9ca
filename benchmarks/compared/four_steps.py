"""Prepare, train, evaluate and register with pandas and scikit-learn alone, each step from files to files.

`python four_steps.py STEP FOLDER CSV SEED` runs one of them, as four fresh processes would.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path


def prepare(folder: Path, csv: Path, seed: int) -> None:
    """The rows, split."""
    import pandas as pd
    from sklearn.model_selection import train_test_split

    rows = pd.read_csv(csv)
    train, test = train_test_split(rows, test_size=0.2, random_state=seed, stratify=rows.iloc[:, -1])
    train.to_parquet(folder / "train.parquet", index=False)
    test.to_parquet(folder / "test.parquet", index=False)


def train(folder: Path, csv: Path, seed: int) -> None:
    """A random forest of 100, in a file."""
    import pandas as pd
    import skops.io
    from sklearn.ensemble import RandomForestClassifier

    rows = pd.read_parquet(folder / "train.parquet")
    model = RandomForestClassifier(random_state=seed, n_jobs=-1).fit(rows.iloc[:, :-1], rows.iloc[:, -1])
    skops.io.dump(model, folder / "model.skops")


def evaluate(folder: Path, csv: Path, seed: int) -> None:
    """Its scores on the test rows."""
    import pandas as pd
    import skops.io
    from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score

    rows = pd.read_parquet(folder / "test.parquet")
    X, y = rows.iloc[:, :-1], rows.iloc[:, -1]
    file = folder / "model.skops"
    model = skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))
    predicted = model.predict(X)
    scores = {
        score.__name__: score(y, predicted, average="macro") for score in (f1_score, precision_score, recall_score)
    }
    scores |= {"accuracy": accuracy_score(y, predicted), "roc_auc": roc_auc_score(y, model.predict_proba(X)[:, 1])}
    (folder / "evaluation.json").write_text(json.dumps(scores))


def register(folder: Path, csv: Path, seed: int) -> None:
    """A line in a file, where the score is good enough."""
    scores = json.loads((folder / "evaluation.json").read_text())
    if scores["accuracy"] < 0.8:
        raise SystemExit("below the threshold")
    with (folder / "registry.jsonl").open("a") as file:
        file.write(json.dumps({"model": "model.skops", **scores}) + "\n")


STEPS: dict[str, Callable[[Path, Path, int], None]] = {
    step.__name__: step for step in (prepare, train, evaluate, register)
}

if __name__ == "__main__":
    STEPS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
