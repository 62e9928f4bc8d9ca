"""Training jobs of the local runner with an InstanceCount above 1: folders, logs, shares, failures."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest


def training(build: Any, code: str, count: Any) -> Any:
    step = build.training(code, {"train": f"{build.bucket}/parts/", "all": f"{build.bucket}/parts/"})
    sharded = step["Arguments"]["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    sharded["S3DataDistributionType"] = "ShardedByS3Key"
    step["Arguments"]["ResourceConfig"] = {"InstanceCount": count}
    return step


def put(machine: Any, build: Any, objects: int) -> None:
    for number in range(objects):
        machine.workspace.objects.put_bytes(b"x", f"{build.bucket}/parts/{number}")


def test_each_host_has_its_own_folder_log_and_share(machine: Any, build: Any) -> None:
    put(machine, build, 5)
    code = (
        "config = json.loads((ml / 'input/config/resourceconfig.json').read_text())\n"
        "kinds = json.loads((ml / 'input/config/inputdataconfig.json').read_text())\n"
        "shares = [sorted(os.listdir(ml / 'input/data' / name)) for name in ('train', 'all')]\n"
        "kinds = [kinds[name]['S3DistributionType'] for name in ('train', 'all')]\n"
        "print(json.dumps([config, kinds, shares]), flush=True)\n"
        "(ml / 'model' / config['current_host']).touch()\n"
    )
    ended = machine.run(build.definition(training(build, code, 2)), RunId="issue-1-attempt-1")
    assert ended["PipelineExecutionStatus"] == "Succeeded"
    logs = machine.workspace.logs / "issue-1-attempt-1"
    said = [json.loads((logs / name).read_text()) for name in ("Train.log", "Train-algo-2.log")]
    assert [config for config, _, _ in said] == [
        {"current_host": name, "hosts": ["algo-1", "algo-2"], "network_interface_name": "lo"}
        for name in ("algo-1", "algo-2")
    ]
    assert said[0][1] == ["ShardedByS3Key", "FullyReplicated"]
    assert [shares[0] for _, _, shares in said] == [["0", "2", "4"], ["1", "3"]]
    assert [shares[1] for _, _, shares in said] == [list("01234")] * 2
    assert list(machine.workspace.jobs.iterdir()) == []


@pytest.mark.parametrize("count", [0, 17, -1, "many", 1.5, None])
def test_a_number_of_instances_that_is_none(machine: Any, build: Any, count: Any) -> None:
    put(machine, build, 1)
    ended = machine.run(build.definition(training(build, "pass", count)))
    assert "InstanceCount: must be a whole number from 1 to 16" in ended["FailureReason"]


def test_fewer_objects_than_instances(machine: Any, build: Any) -> None:
    put(machine, build, 2)
    ended = machine.run(build.definition(training(build, "pass", 3)))
    assert "fewer objects under that prefix than the 3 instances" in ended["FailureReason"]


def test_the_reason_of_the_host_that_failed_is_told(machine: Any, build: Any) -> None:
    put(machine, build, 3)
    code = (
        "mine = json.loads((ml / 'input/config/resourceconfig.json').read_text())['current_host']\n"
        "if mine != 'algo-2': time.sleep(60)\n"
        "(ml / 'output/failure').write_text('mine'); sys.exit(1)\n"
    )
    began = time.monotonic()
    ended = machine.run(build.definition(training(build, code, 3)))
    assert ended["FailureReason"] == "Step failure: Train: mine"
    assert time.monotonic() - began < 30
