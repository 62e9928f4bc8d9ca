"""How long an issue takes to a registered model on one machine, beside the same computation without any of it.

`python benchmarks/issue_to_model.py` writes `results/issue_to_model.md`: a random forest of 100 on breast_cancer,
prepared, trained, evaluated, registered and told, with `MLOPS_REPORT=brief` (tables and one plot). Each round runs
every way once, so that a busy machine slows all of them; a ratio is the median of the rounds'.

- bare compute: read, split, fit, score and save, in a warm process
- bare script: the same as a Python script of its own
- four fresh processes, Metaflow (a process for each step), Dagster (all in one process): the same four steps with
  pandas and scikit-learn alone, without checks, report, model card and comments (`benchmarks/compared`)
- `mlops run`, steps cold: each step a new interpreter
- `mlops run`: steps forked from a server that has the libraries loaded; a new workspace, a new process
- warm: the next issue in a process that runs already, as `mlops up` does
- warm, full report: with every picture, as without `MLOPS_REPORT`
- below the threshold: a warm run that asks, and ends without a reply; then the same with a reply, which retries

Where the time of the warm run goes, by profile: a third is the forest and its file, as in the bare compute. The next
largest cost is Prepare's typing and statistics of 30 columns, a few milliseconds of pandas for each; then the plot,
reading the model's file again in Evaluate, some 45 requests between bridge and local GitHub, and the forks with the
pages that they touch.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).parents[1]
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
BARE_WAYS = ("bare compute", "bare script")
ASKED, REPLIED = "below the threshold", "below the threshold, a retry"
BELOW = "evaluation_threshold: 1.0\nmax_retry: 1\n"
BELOW_END = "below_threshold"
REPLY = "/retrain max_depth=5"
OTHERS = ("four fresh processes", "Metaflow", "Dagster")
HEADER = ("way", "median s", "beside the bare compute", "beside the bare script")
ENVIRONMENT = {"MLOPS_REPORT": "brief", "PYTHONPATH": str(PROJECT)}


def main() -> None:
    """Measures, prints and writes."""
    os.environ.update(ENVIRONMENT)
    sys.path[:0] = [str(PROJECT)]
    from benchmarks.tools.measuring import bars, ratio, rounds, table, write

    with tempfile.TemporaryDirectory() as folder, ways(Path(folder)) as found:
        times = rounds(found, ROUNDS)
    rows = [
        (way, f"{median(one[way] for one in times):.2f}", *(f"{ratio(times, way, bare):.1f}" for bare in BARE_WAYS))
        for way in times[0]
    ]
    retry = median((one[REPLIED] - one[ASKED]) / one[ASKED] for one in times)
    told = f"The retry takes {retry:.2f} of the first attempt: Prepare is not run again."
    slower = [f"{ratio(times, way, 'warm'):.1f} times as long ({way})" for way in OTHERS]
    told += f"\n\nBeside the warm run the others take {', '.join(slower)}."
    figure = bars("issue_to_model", "From an issue to a model", {row[0]: float(row[1]) for row in rows}, "seconds")
    write("issue_to_model", "From an issue to a registered model", __doc__, table(HEADER, rows), told, figure)


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

            def warm(
                more: str = "", replies: Sequence[str] = (), report: str = "brief", end: str = "registered"
            ) -> None:
                os.environ["MLOPS_REPORT"] = report
                session = Session(loop, Silent(), replies)
                body = BODY.format(seed=next(seeds)) + more
                session.open(Issue("An issue", ("mlops:train",), body, ""), None, lambda _: False)
                loop.go_on(session.issue)
                status = session.drive().status
                os.environ["MLOPS_REPORT"] = "brief"
                if status != end:
                    raise RuntimeError(f"must be {end}, got {status}")

            yield {
                "bare compute": lambda: names["compute"](next(seeds)),
                "bare script": lambda: _run("-c", f"{BARE}\ncompute({next(seeds)})"),
                **{way: partial(_other, way, folder, seeds) for way in OTHERS},
                "`mlops run`, steps cold": command("-c", COLD, "run"),
                "`mlops run`": command("-m", "local.cli", "run"),
                "warm": warm,
                "warm, full report": lambda: warm(report="full"),
                ASKED: lambda: warm(BELOW, end=BELOW_END),
                REPLIED: lambda: warm(BELOW, [REPLY], end=BELOW_END),
            }


def _other(way: str, folder: Path, seeds: Iterator[int]) -> None:
    """The four steps with another tool."""
    from benchmarks.compared.four_steps import STEPS
    from benchmarks.tools.measuring import COMPARED, spent

    here, out, seed = PROJECT / "benchmarks/compared", Path(tempfile.mkdtemp(dir=folder)), str(next(seeds))
    os.environ.update({"METAFLOW_USER": "benchmark", "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder)})
    if way == "Metaflow":
        spent([COMPARED, here / "metaflow_flow.py", "--quiet", "run", "--folder", out, "--csv", DATA, "--seed", seed])
    elif way == "Dagster":
        spent([COMPARED, here / "dagster_job.py", out, DATA, seed])
    else:
        for step in STEPS:
            spent([COMPARED, here / "four_steps.py", step, out, DATA, seed])
    if not (out / "registry.jsonl").is_file():
        raise RuntimeError(f"{way}: registered nothing")


def _issue(folder: Path, seed: int) -> Path:
    path = folder / f"issue-{seed}.md"
    path.write_text(BODY.format(seed=seed))
    return path


def _run(*words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
