"""Whatever goes wrong in `mlops run`: no secret is in what it prints, or in its workspace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.trust.canaries import PLANTED, everything, finds

HERE = Path(__file__).parent
PROJECT, QUICK = HERE.parents[2], HERE.parent / "quick"
BODY = """learning_type: supervised
algorithm: random_forest
dataset_id: iris
hyperparameters: {n_estimators: 10}
evaluation_threshold: 0.9
"""
PROGRAM = """
import json, sys
from pathlib import Path
from local import cli, run
from local.engine import EngineOptions

folder, quick, call, secrets = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
sys.path.insert(0, sys.argv[5])
import defects
defects.plant(folder, secrets, call)
run_issue = run.run_issue
run.run_issue = lambda *given: run_issue(*given, options=EngineOptions(python_path=(quick,)))
cli.main(["run", str(folder / "issue.md"), "--workspace", str(folder / "workspace"), "--json"])
"""
CALLS = {
    "nothing": 3,
    "GitHubIssues.set_label": 1,
    "GitHubIssues.read": 1,
    "RunRecords.get": 1,
}
"""What is broken, and the exit code then."""


@pytest.mark.parametrize("call", CALLS)
def test_nothing_of_them_is_told(tmp_path: Path, call: str) -> None:
    (tmp_path / "issue.md").write_text(BODY)
    secrets = " ".join(PLANTED.values())
    given = [str(tmp_path), str(QUICK), call, secrets, str(HERE)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **PLANTED}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *given], cwd=tmp_path, env=environment, capture_output=True, timeout=120
    )
    printed = done.stdout + done.stderr
    assert done.returncode == CALLS[call], printed.decode()
    assert finds([("printed", printed), *everything(tmp_path)]) == []
    assert (tmp_path / "defects").exists() is (call != "nothing")
    if call == "nothing":
        assert json.loads(done.stdout)["status"] == "below_threshold"
        assert "Slack could not be reached" in (tmp_path / "workspace/logs/bridge.log").read_text()
