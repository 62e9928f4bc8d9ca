"""How long an issue takes to a registered model on one machine, beside the same computation without any of it.

`python benchmarks/issue_to_model.py` writes `results/issue_to_model.md`: a random forest of 100 on breast_cancer,
prepared, trained, evaluated, registered and told, with `MLOPS_REPORT=brief` (tables and one plot). Each round runs
every way once, so that a busy machine slows all of them; a ratio is the median of the rounds'.

- bare compute: read, split, fit, score and save, in a warm process
- bare script: the same as a Python script of its own
- `mlops run`, steps cold: each step a new interpreter
- `mlops run`: steps forked from a server that has the libraries loaded; a new workspace, a new process
- warm: the next issue in a process that runs already, as `mlops up` does
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).parents[1]
RESULT = PROJECT / "benchmarks/results/issue_to_model.md"
DATA = PROJECT / "seed_code/starter/datasets/breast_cancer/train.csv"
ROUNDS = 5
BODY = "learning_type: supervised\nalgorithm: random_forest\ndataset_id: breast_cancer\nseed: {seed}\n"
BARE = f"""
import tempfile
import pandas as pd
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score
from sklearn.model_selection import train_test_split

def compute(seed):
    rows = pd.read_csv({str(DATA)!r})
    X, y = rows.iloc[:, :-1], rows.iloc[:, -1]
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)
    model = RandomForestClassifier(random_state=seed, n_jobs=-1).fit(train, y_train)
    predicted, chances = model.predict(test), model.predict_proba(test)[:, 1]
    accuracy_score(y_test, predicted)
    for score in (f1_score, precision_score, recall_score):
        score(y_test, predicted, average="macro")
    roc_auc_score(y_test, chances)
    with tempfile.NamedTemporaryFile() as file:
        skops.io.dump(model, file.name)
"""
COLD = "import local.engine, local.workers as w; w.PROJECT = None; from local.cli import main; main()"
"""Steps are forked where they are the project's own; here no folder is."""
HEADER = ("way", "median s", "beside the bare compute", "beside the bare script")
ENVIRONMENT = {"MLOPS_REPORT": "brief", "PYTHONPATH": str(PROJECT)}


def main() -> None:
    """Measures, prints and writes."""
    os.environ.update(ENVIRONMENT)
    sys.path[:0] = [str(PROJECT)]
    with tempfile.TemporaryDirectory() as folder, ways(Path(folder)) as found:
        for run in found.values():
            run()  # the first time is slower
        rounds = [{way: seconds(run) for way, run in found.items()} for _ in range(ROUNDS)]
    about = __doc__.split("\n\n", 1)[1].strip()
    text = "\n".join(["# From an issue to a registered model", "", about, "", *table(rounds)])
    print(text)
    RESULT.write_text(text + "\n")


@contextmanager
def ways(folder: Path) -> Iterator[Mapping[str, Callable[[], object]]]:
    """What is compared, by name."""
    from local.console import Silent
    from local.datasets import ensure_dataset
    from local.issue_file import Issue
    from local.loop import Loop
    from local.session import Session
    from local.workspace import Workspace

    seeds = count(1)
    names: dict[str, Callable[[int], object]] = {}
    exec(BARE, names)  # noqa: S102 (the text of the script above)

    def command(*words: str) -> Callable[[], object]:
        return lambda: _run(*words, str(_issue(folder, next(seeds))), "--workspace", tempfile.mkdtemp(dir=folder))

    with Workspace(folder / "warm", "benchmark") as workspace:
        ensure_dataset(workspace.objects, "breast_cancer", None)
        with Loop(workspace, lambda _: None, "benchmark", None) as loop:

            def warm() -> None:
                session = Session(loop, Silent(), ())
                session.open(
                    Issue("An issue", ("mlops:train",), BODY.format(seed=next(seeds)), ""), None, lambda _: False
                )
                loop.go_on(session.issue)
                if session.drive().status != "registered":
                    raise RuntimeError("not registered")

            yield {
                "bare compute": lambda: names["compute"](next(seeds)),
                "bare script": lambda: _run("-c", f"{BARE}\ncompute({next(seeds)})"),
                "`mlops run`, steps cold": command("-c", COLD, "run"),
                "`mlops run`": command("-m", "local.cli", "run"),
                "warm": warm,
            }


def _issue(folder: Path, seed: int) -> Path:
    path = folder / f"issue-{seed}.md"
    path.write_text(BODY.format(seed=seed))
    return path


def _run(*words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def seconds(run: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def table(rounds: list[dict[str, float]]) -> list[str]:
    """Markdown."""
    rows = [HEADER, tuple("---" for _ in HEADER)]
    for way in rounds[0]:
        ratios = [median(one[way] / one[bare] for one in rounds) for bare in ("bare compute", "bare script")]
        rows.append((way, f"{median(one[way] for one in rounds):.2f}", *(f"{ratio:.1f}" for ratio in ratios)))
    return [f"| {' | '.join(row)} |" for row in rows]


if __name__ == "__main__":
    main()
