"""The issue board's pages with 1,000 issues and 10,000 attempts in the workspace.

`python benchmarks/board.py` fills a workspace and writes `results/board.md`: the time from a request to its answer at
the server, without a network, while nothing else goes on and while two processes keep both cores busy. The goal is
100 ms a page. The issue that is shown has ten attempts and forty comments.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).parents[1]
ISSUES, ATTEMPTS, COMMENTS = 1000, 10, 40
ROUNDS = 7
PAGES = {
    "issues": "/",
    "issues that wait": "/?state=waiting",
    "the last page of issues": "/?page=20",
    "an issue": "/issues/1000",
    "new training": "/new",
    "models": "/models",
    "a model package group": "/models/supervised-random-forest-iris",
    "runs": "/runs",
    "runs of an algorithm, with the plot": "/runs?algorithm=random_forest&against=n_estimators",
}
HEADER = ("page", "median ms", "with both cores busy, median ms")
BUSY = "while True: pass"

sys.path[:0] = [str(PROJECT)]


def main() -> None:
    """Measures, prints and writes."""
    from benchmarks.tools.measuring import bars, table, write

    with tempfile.TemporaryDirectory() as folder:
        quiet, busy = measure(Path(folder), ISSUES, ATTEMPTS)
    rows = [(name, f"{quiet[name]:.1f}", f"{busy[name]:.1f}") for name in PAGES]
    figure = bars("board", "The issue board", quiet, "milliseconds")
    write("board", "The issue board", __doc__, table(HEADER, rows), figure)


def measure(folder: Path, issues: int, attempts: int) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds by page: on a quiet machine, and on a busy one."""
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from benchmarks.tools.measuring import rounds
    from local.github import LocalGitHub
    from local.sagemaker import LocalSageMaker
    from local.web.board.app import board_routes
    from local.web.board.files import Files
    from local.web.board.live import Changes
    from local.web.board.sessions import Sessions
    from local.web.board.view import Board
    from local.workspace import Workspace

    with Workspace(folder, "benchmark") as workspace, LocalSageMaker(workspace) as sagemaker:
        github = LocalGitHub(workspace.store, folder / "github", "secret")
        fill(workspace, issues, attempts)
        board = Board(
            store=workspace.store,
            objects=workspace.objects,
            logs=workspace.logs,
            github=github,
            sagemaker=sagemaker,
            sessions=Sessions(github.users, github.users.named("owner")),
            files=Files(folder / "github"),
            changes=Changes(),
            version="benchmark",
        )
        client = TestClient(Starlette(routes=board_routes(board)))

        def load(path: str) -> None:
            answer = client.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: answered {answer.status_code}")

        ways = {name: lambda path=path: load(path) for name, path in PAGES.items()}  # type: ignore[misc]
        quiet = rounds(ways, ROUNDS)
        with _busy():
            busy = rounds(ways, ROUNDS)
        github.close()
    return tuple({name: 1000 * median(one[name] for one in found) for name in PAGES} for found in (quiet, busy))  # type: ignore[return-value]


def fill(workspace: object, issues: int, attempts: int) -> None:
    """Issues with comments, run records and versions, as the bridge leaves them."""
    from lambda_bridge.issue_body import read_body
    from lambda_bridge.runs import Attempt, Run
    from local.registry import Registry
    from local.run_records import RunRecords
    from local.store import now, to_text
    from local.workspace import Workspace

    assert isinstance(workspace, Workspace)  # noqa: S101 (for mypy: the import is late)
    moment, records, registry = to_text(now()), RunRecords(workspace.store), Registry(workspace.store)
    request = read_body("learning_type: supervised\nalgorithm: random_forest\ndataset_id: iris\n")
    text = "### Attempt\n\n| metric | test |\n| --- | --- |\n" + "| accuracy | 0.9 |\n" * 10
    with workspace.store.transaction() as db:
        owner = db.execute("SELECT id FROM github_users WHERE login = 'owner'").fetchone()[0]
        for number in range(1, issues + 1):
            values = (number, f"Issue {number}", "learning_type: supervised\n", owner, moment, moment)
            db.execute("INSERT INTO github_issues VALUES (?, ?, ?, 'open', NULL, ?, ?, ?, NULL)", values)
        columns = "INSERT INTO github_comments (issue, body, author, created, updated) VALUES (?, ?, ?, ?, ?)"
        db.executemany(columns, [(issues, text, owner, moment, moment)] * COMMENTS)
    for number in range(1, issues + 1):
        done = tuple(_attempt(Attempt, number, attempt) for attempt in range(1, attempts + 1))
        fields = {"title": f"Issue {number}", "slug": "i", "author": "owner", "start_key": "1:x", "started": now()}
        run = Run(issue=number, state="ended", status="registered", request=request, attempts=done, **fields)
        records.save(run)
    for number in range(1, 21):
        package = {"ModelPackageGroupName": "supervised-random-forest-iris", "number": number}
        registry.register(json.loads(json.dumps(package)), make_group=True)


def _attempt(kind: type, issue: int, number: int) -> object:
    values = {"n_estimators": 10 * number, "max_depth": issue % 20 + 1}
    metrics = {"primary": {"name": "accuracy", "value": 0.5 + number / 40, "score": 0.5 + number / 40}}
    metrics |= dict.fromkeys(("accuracy", "precision", "recall", "f1", "roc_auc"), 0.5)  # type: ignore[misc]
    parameters = {"RunId": f"issue-{issue}-attempt-{number}", "Algorithm": "random_forest", "DatasetDigest": "0" * 64}
    return kind(
        number=number, hyperparameters=values, metrics=metrics, parameters=parameters, status="registered", seconds=2.0
    )


@contextmanager
def _busy() -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
