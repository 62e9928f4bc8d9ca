"""The service as a whole: what it goes on with."""

from __future__ import annotations

import json
import threading

import pytest

from local.hub import Hub
from local.service import Service
from tests.unit.local.web.conftest import own_log, workspace  # noqa: F401 (fixtures)

NOTHING = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "over"}}
"""A step that needs no process."""
DEFINITION = json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": [NOTHING]})


@pytest.fixture
def service(own_log, workspace):  # noqa: F811
    """Without a repository, so that every sweep fails."""
    made = Service(workspace, Hub("local/models", None, lambda: "mlops-bot", None), "a secret", "1.2")
    made.bridge.sagemaker.upsert_pipeline("nothing", DEFINITION)
    yield made
    made.close()


def interrupted(service, name):
    """An execution of which only the database knows, as after a kill."""
    return service.bridge.sagemaker._executions.create("nothing", {}, name * 32, definition=DEFINITION).arn


def ends(service, arn):
    pause = threading.Event()
    for _ in range(600):
        status = service.bridge.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        if status["PipelineExecutionStatus"] == "Failed":
            return True
        pause.wait(0.05)
    return False


def test_what_an_earlier_process_left_goes_on(service):
    first, second = interrupted(service, "a"), interrupted(service, "b")
    service.start()
    assert ends(service, first)
    assert ends(service, second)


def test_what_was_interrupted_meanwhile_goes_on_with_the_next_sweep(service):
    service.start()
    assert ends(service, interrupted(service, "a"))


def test_one_that_cannot_go_on_does_not_keep_the_service_from_starting(service, workspace):  # noqa: F811
    broken = interrupted(service, "a")
    with workspace.store.transaction() as db:
        db.execute("UPDATE executions SET definition = 'no JSON'")
    service.start()
    service.close()
    described = service.bridge.sagemaker.describe_pipeline_execution(PipelineExecutionArn=broken)
    assert described["PipelineExecutionStatus"] == "Executing"
    assert "some cannot go on" in (workspace.logs / "bridge.log").read_text()
