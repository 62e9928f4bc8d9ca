"""A program: runs stories on AWS in memory and writes down every call of AWS, by role. Argument: the file.

Each story goes through the real functions; what they ask for is recorded by botocore, not listed by hand.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
from account import BUCKET, REGION, role_arn
from deployment import Deployment, as_role
from moto import mock_aws
from moto.sagemaker import utils
from moto.sagemaker.exceptions import ResourceNotFound

from lambda_bridge.handler import _bridge
from lambda_bridge.runs import Run
from local.datasets import add_dataset
from local.workspace import Workspace
from pipelines.compile import Compiled
from pipelines.definitions import ALL_PIPELINES, load_definition, pipeline_name
from pipelines.upsert import put_no_model, upsert

PROJECT = Path(__file__).parents[3]
IRIS = PROJECT / "seed_code/starter/datasets/iris"
QUICK = PROJECT / "tests/integration/quick"
BODY = """learning_type: supervised
algorithm: random_forest
dataset_id: {dataset}
hyperparameters: {{n_estimators: {trees}{more}}}
evaluation_threshold: 0.9
"""
ENDLESS = ", max_depth: 999"
"""The quick step waits with it."""
HELPS = "/retrain n_estimators=95"


class Told:
    """What happens to issues, and how one looks at them."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.github = deployment.github

    def opened(self, dataset: str = "iris", trees: object = 10, more: str = "") -> int:
        body = BODY.format(dataset=dataset, trees=trees, more=more)
        return int(self.github.issues.create(self.owner, "Iris", body, ["mlops:train"])["number"])

    def training(self) -> int:
        """An issue whose training does not end."""
        issue = self.opened(trees=95, more=ENDLESS)
        self.deployment.go_on(lambda: self.is_at("Train", issue))
        return issue

    def is_at(self, step: str, issue: int) -> bool:
        run = self.run(issue)
        if run is None or not run.own_attempts or run.attempt.execution_arn is None:
            return False
        found = self.deployment.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=run.attempt.execution_arn)
        return any(each["StepName"] == step for each in found["PipelineExecutionSteps"])

    def say(self, issue: int, text: str) -> None:
        self.github.comments.create(self.owner, issue, text)

    def until(self, issue: int, state: str, sweeping: bool = False) -> None:
        def reached() -> bool:
            if sweeping:
                self.deployment.call("sweep", {})
            run = self.run(issue)
            return run is not None and state in (run.state, run.status) and not run.untold

        self.deployment.go_on(reached)

    def decided(self, issue: int, text: str, sweeping: bool = False) -> None:
        self.say(issue, text)
        before = self.deployment.handled

        def reached() -> bool:
            if sweeping:
                self.deployment.call("sweep", {})
            run = self.run(issue)
            return run is not None and run.review is None and self.deployment.handled > before

        self.deployment.go_on(reached)

    def sweep(self) -> None:
        self.deployment.call("sweep", {})

    def run(self, issue: int) -> Run | None:
        with as_role("nobody"):
            return _bridge().ports.runs.get(issue)

    def run_of(self, issue: int) -> Run:
        found = self.run(issue)
        assert found is not None
        return found

    @property
    def owner(self) -> Any:
        return self.github.users.named("owner")


class Stories(Told):
    """Each method is one: an issue, but for those that take up another."""

    def a_reply_registers_a_model(self) -> None:
        issue = self.opened(trees=10)
        self.until(issue, "waiting")
        self.say(issue, "/status")
        self.say(issue, HELPS)
        self.until(issue, "registered")

    def the_next_model_is_compared_with_the_approved_one(self) -> None:
        with as_role(None):
            run = self.run(1)
            assert run is not None
            assert run.attempt.model_package_arn is not None
            self.deployment.sagemaker.update_model_package(
                ModelPackageArn=run.attempt.model_package_arn, ModelApprovalStatus="Approved"
            )
        issue = self.opened(trees=92)
        self.until(issue, "registered")
        assert self.run_of(issue).attempt.parameters["PreviousModelPackageArn"] != "none"

    def versions_are_approved_and_one_is_gone_back_to(self) -> None:
        """The second rollback is found by the sweep."""
        issue = self.opened(trees=93)
        self.until(issue, "registered")
        self.decided(issue, "/approve")
        self.decided(issue, "/rollback")
        self.decided(issue, "/approve")
        self.deployment.lost = {"deliveries", "news"}
        self.decided(issue, "/rollback", sweeping=True)
        self.deployment.lost = set()

    def hyperparameters_are_searched(self) -> None:
        issue = self.opened(trees="[10, 95]")
        self.until(issue, "registered")
        assert [trial.score for trial in self.run_of(issue).attempt.trials] == [0.2, 0.8]

    def the_dataset_is_not_there(self) -> None:
        self.until(self.opened(dataset="wein"), "invalid")

    def people_cancel_a_wait(self) -> None:
        issue = self.opened(trees=11)
        self.until(issue, "waiting")
        self.say(issue, "/cancel")
        self.until(issue, "cancelled")

    def people_cancel_a_training(self) -> None:
        issue = self.training()
        self.say(issue, "/cancel")
        self.until(issue, "cancelled")

    def the_progress_of_a_training_is_shown(self) -> None:
        """Some minutes later, so that the comment may be edited again."""
        issue = self.training()
        execution = self.run_of(issue).attempt.execution_arn
        assert execution is not None
        self.deployment.ahead += timedelta(minutes=30)
        self.deployment.tell(execution)
        self.say(issue, "/cancel")
        self.until(issue, "cancelled")

    def every_event_is_lost(self) -> None:
        """The sweep starts the run, goes on after the training, hears the reply."""
        self.deployment.lost = {"deliveries", "news"}
        issue = self.opened(trees=12)
        self.until(issue, "waiting", sweeping=True)
        self.say(issue, HELPS)
        self.until(issue, "registered", sweeping=True)
        self.deployment.lost = set()

    def a_cancellation_is_lost(self) -> None:
        issue = self.opened(trees=13)
        self.until(issue, "waiting")
        self.deployment.lost = {"deliveries"}
        self.say(issue, "/cancel")
        self.until(issue, "cancelled", sweeping=True)
        self.deployment.lost = set()

    def nobody_answers(self) -> None:
        issue = self.opened(trees=14)
        self.until(issue, "waiting")
        self.deployment.ahead += timedelta(days=3)
        self.sweep()
        assert self.run_of(issue).reminded
        self.deployment.ahead += timedelta(days=5)
        self.until(issue, "below_threshold", sweeping=True)

    def somebody_stops_the_workflow(self) -> None:
        """The sweep ends the run, and its training."""
        issue = self.training()
        name = self.run_of(issue).execution_name
        self.deployment.workflow.stop_execution(executionArn=name)
        self.until(issue, "failed", sweeping=True)

    def a_training_belongs_to_nobody(self) -> None:
        issue = self.training()
        values = self.run_of(issue).attempt.parameters
        given = [{"Name": key, "Value": str(value)} for key, value in values.items() if key != "RunId"]
        strange = self.deployment.sagemaker.start_pipeline_execution(
            PipelineName=pipeline_name("supervised"),
            PipelineExecutionDisplayName="issue-999-attempt-1",
            PipelineParameters=[*given, {"Name": "RunId", "Value": "issue-999-attempt-1"}],
            ClientRequestToken="t" * 32,
        )["PipelineExecutionArn"]
        self.deployment.call("sweep", {})
        describe = self.deployment.sagemaker.describe_pipeline_execution
        self.deployment.go_on(lambda: describe(PipelineExecutionArn=strange)["PipelineExecutionStatus"] == "Stopped")
        self.say(issue, "/cancel")
        self.until(issue, "cancelled")


def build() -> None:
    """What CodeBuild does on AWS with the compiled pipelines: three times, as three builds."""
    utils.ValidationError = ResourceNotFound  # type: ignore[misc, assignment]  # as the service says it
    s3 = boto3.client("s3")
    sagemaker = boto3.client("sagemaker", endpoint_url=f"https://api.sagemaker.{REGION}.amazonaws.com")
    for tags, description in (({"project": "p"}, "first"), ({"project": "p"}, "first"), ({"project": "q"}, "another")):
        put_no_model(s3, BUCKET)
        for kind in ALL_PIPELINES:
            compiled = Compiled(pipeline_name(kind), load_definition(kind))
            upsert(sagemaker, compiled, role_arn("PipelineRole"), tags, description)


def stories(deployment: Deployment) -> list[Callable[[], None]]:
    told = Stories(deployment)
    return [getattr(told, name) for name in vars(Stories) if not name.startswith("_")]


def main(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, mock_aws(), Workspace(Path(folder)) as workspace:
        boto3.setup_default_session(region_name=REGION)
        add_dataset(workspace.objects, "iris", IRIS)
        deployment = Deployment(workspace, QUICK)
        try:
            for story in stories(deployment):
                print(story.__name__, flush=True)
                story()
            with as_role("codebuild"):
                build()
        finally:
            deployment.close()
        made = {json.dumps(call, default=str, sort_keys=True): None for call in deployment.recorder.calls}
        path.write_text("\n".join(made))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
