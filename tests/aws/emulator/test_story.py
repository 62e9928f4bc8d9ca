"""The synthesized template, deployed to an emulator: the real package, state machine, rules and HTTP API.

SageMaker's calls go to the local SageMaker, GitHub's to another GitHub in memory. ministack 1.5.33 knows no alarms over
expressions; they are deployed over their first metric (`without_expressions`). EventBridge takes events of `aws.`
sources from AWS alone, so the deployed rule is told of one more source (`hear`). The sweep's schedule is off: what
goes on does so by events.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from github import Auth

from lambda_bridge.github_client import connect
from local.engine import EngineOptions
from local.workspace import Workspace
from pipelines.definitions import ALL_PIPELINES, load_definition, pipeline_name
from tests.aws.emulator.cloud import LOCAL_BUCKET, REGION, SOURCE, Emulator, SageMaker
from tests.integration.service.other_github import OtherGitHub
from tests.integration.service.world import PEOPLE, POOR, World, until

PROJECT = Path(__file__).parents[3]
IRIS = PROJECT / "seed_code/starter/datasets/iris"
QUICK = PROJECT / "tests/integration/quick"
SECRET, REPOSITORY, CODE = "a-webhook-secret", "Acme/Models", "code"
FUNCTIONS = ("IssueDetectorAgent", "mlops-task", "mlops-pipeline-event", "mlops-sweep")
PATIENCE_SECONDS = 300
REPLY = "```yaml\nadjusted_hyperparameters:\n  n_estimators: 95\n```"


@dataclass(frozen=True)
class Deployed:
    """What was deployed, and what is beside it."""

    cloud: Emulator
    github: OtherGitHub
    sagemaker: SageMaker
    outputs: dict[str, str]


@pytest.fixture
def deployed(ministack: Path, assembly: Path, tmp_path: Path) -> Iterator[Deployed]:
    sagemaker = SageMaker(Workspace(tmp_path / "workspace"), EngineOptions(parallel=2, python_path=(QUICK,)))
    for kind in ALL_PIPELINES:
        sagemaker.local.upsert_pipeline(pipeline_name(kind), json.dumps(load_definition(kind)))
    cloud = Emulator(ministack, tmp_path, {"AWS_ENDPOINT_URL_SAGEMAKER": sagemaker.url})
    github = OtherGitHub(PEOPLE, SECRET)
    try:
        until(cloud.is_up, "the emulator")
        outputs = deploy(cloud, assembly, github.url)
        sagemaker.serve(cloud, outputs["BucketName"])
        hear(cloud)
        give_secrets(cloud)
        give_dataset(cloud, sagemaker, outputs["BucketName"])
        api = outputs["WebhookUrl"].split("//")[1].split(".")[0]
        github.hook.url = f"{cloud.url}/_aws/execute-api/{api}/$default/webhook"
        yield Deployed(cloud, github, sagemaker, outputs)
    finally:
        github.close()
        cloud.close()
        sagemaker.close()


def deploy(cloud: Emulator, assembly: Path, github: str) -> dict[str, str]:
    """Uploads zip files and template, and creates the stack. Returns its outputs."""
    s3, formation = cloud.client("s3"), cloud.client("cloudformation")
    s3.create_bucket(Bucket=CODE, CreateBucketConfiguration={"LocationConstraint": REGION})
    for file in assembly.glob("mlops-*.zip"):
        s3.upload_file(str(file), CODE, file.name)
    template = without_expressions(json.loads((assembly / "mlops.template.json").read_text()))
    s3.put_object(Bucket=CODE, Key="mlops.template.json", Body=json.dumps(template))
    given = {"GitHubRepository": REPOSITORY, "LambdaCodeBucket": CODE, "GitHubApiUrl": github}
    formation.create_stack(
        StackName="mlops",
        TemplateURL=f"{cloud.url}/{CODE}/mlops.template.json",
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
    )

    def ended() -> Any:
        stack = formation.describe_stacks(StackName="mlops")["Stacks"][0]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    stack = until(ended, "the stack")
    events = formation.describe_stack_events(StackName="mlops")["StackEvents"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", [event.get("ResourceStatusReason") for event in events]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def without_expressions(template: dict[str, Any]) -> dict[str, Any]:
    """Alarms over expressions as alarms over their first metric."""
    for resource in template["Resources"].values():
        given = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in given:
            first = next(item["MetricStat"] for item in given.pop("Metrics") if "MetricStat" in item)
            given |= {"Period": first["Period"], "Statistic": first["Stat"]}
            given |= {name: first["Metric"][name] for name in ("Namespace", "MetricName")}
    return template


def hear(cloud: Emulator) -> None:
    """The deployed rule hears of one more source, and no schedule mends what it missed."""
    events = cloud.client("events")
    for rule in events.list_rules()["Rules"]:
        if "ScheduleExpression" in rule:
            events.disable_rule(Name=rule["Name"])
        pattern = json.loads(rule.get("EventPattern") or "{}")
        if pattern.get("source") == ["aws.sagemaker"]:
            pattern["source"].append(SOURCE)
            events.put_rule(Name=rule["Name"], EventPattern=json.dumps(pattern), State="ENABLED")


def give_secrets(cloud: Emulator) -> None:
    secrets = cloud.client("secretsmanager")
    secrets.put_secret_value(SecretId="github-token", SecretString=json.dumps({"token": "token-of-robot"}))
    secrets.put_secret_value(SecretId="github-webhook-secret", SecretString=json.dumps({"secret": SECRET}))


def give_dataset(cloud: Emulator, sagemaker: SageMaker, bucket: str) -> None:
    """As `aws s3 cp` does, and where the local SageMaker reads it."""
    for file in IRIS.iterdir():
        key = f"datasets/iris/raw/{file.name}"
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
        sagemaker.workspace.objects.put_file(file, f"s3://{LOCAL_BUCKET}/{key}")


def swept(cloud: Emulator) -> Any:
    """What the sweep answers."""
    return json.load(cloud.client("lambda").invoke(FunctionName="mlops-sweep")["Payload"])


@pytest.mark.slow
def test_an_issue_a_reply_a_registered_model(deployed: Deployed) -> None:
    assert deployed.github.hook.url is not None
    unsigned = requests.post(deployed.github.hook.url, json={"action": "opened"}, timeout=60)
    assert unsigned.status_code == 401

    repository = connect(Auth.Token("token-of-owner"), deployed.github.url, REPOSITORY)
    number = repository.create_issue("Irises", body=POOR, labels=["mlops:train"]).number

    def has(label: str) -> bool:
        return label in [found.name for found in repository.get_issue(number).labels]

    until(lambda: has("mlops:waiting"), "the question", PATIENCE_SECONDS)
    repository.get_issue(number).create_comment(REPLY)
    until(lambda: has("mlops:registered"), "the model", PATIENCE_SECONDS)

    said = [comment.body for comment in repository.get_issue(number).get_comments()]
    assert "instance-hours" in said[0]
    assert any("### Attempt 1: below the threshold" in text for text in said)
    assert any("### Attempt 2: registered" in text for text in said)
    sagemaker = deployed.sagemaker.local
    (group,) = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    listed = sagemaker.list_model_packages(ModelPackageGroupName=group["ModelPackageGroupName"])
    assert len(listed["ModelPackageSummaryList"]) == 1
    world = World(None, deployed.github.url, REPOSITORY, "robot[bot]", deployed.github)
    attempts = ("attempt 2: registered", "attempt 1: below_threshold")
    assert world.commits() == [f"Issue {number}, {attempt}" for attempt in attempts]

    workflow = deployed.cloud.client("stepfunctions")
    (machine,) = workflow.list_state_machines()["stateMachines"]

    def succeeded() -> bool:
        executions = workflow.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
        return [(found["name"], found["status"]) for found in executions] == [(f"issue-{number}-run-1", "SUCCEEDED")]

    until(succeeded, "the end of the workflow", PATIENCE_SECONDS)
    assert swept(deployed.cloud) == {"mended": {}, "wait": 0.0}
    printed = {function: "\n".join(deployed.cloud.log(function)) for function in FUNCTIONS}
    for function, log in printed.items():
        assert "START RequestId" in log, function
        assert '"level":"ERROR"' not in log, log
        assert "Traceback" not in log, log


@pytest.mark.slow
def test_an_update_deploys_the_files_that_were_made_with_the_template(
    ministack: Path, assembly: Path, tmp_path: Path
) -> None:
    """As `aws cloudformation deploy` updates: every parameter keeps its value, those that had the default too."""
    cloud = Emulator(ministack, tmp_path, {})
    try:
        until(cloud.is_up, "the emulator")
        deploy(cloud, assembly, "http://127.0.0.1:9")
        before = code_of_functions(cloud)
        parameters = update(cloud, assembly, tmp_path)
        assert {"LambdaCodeKey", "SourceKey"} <= parameters
        after = code_of_functions(cloud)
        assert set(after) == set(before) == set(FUNCTIONS)
        assert all(after[name] != before[name] for name in FUNCTIONS)
    finally:
        cloud.close()


def code_of_functions(cloud: Emulator) -> dict[str, str]:
    """Function -> digest of its code."""
    found = cloud.client("lambda").list_functions()["Functions"]
    return {function["FunctionName"]: function["CodeSha256"] for function in found}


def update(cloud: Emulator, assembly: Path, folder: Path) -> set[str]:
    """Another package, and the template that was made with it. Returns the parameters that kept their values."""
    s3, formation = cloud.client("s3"), cloud.client("cloudformation")
    (made,) = assembly.glob("mlops-lambda-*.zip")
    newer = folder / "mlops-lambda-0123456789abcdef.zip"
    newer.write_bytes(made.read_bytes())
    with zipfile.ZipFile(newer, "a") as archive:
        archive.writestr("newer.txt", "")
    s3.upload_file(str(newer), CODE, newer.name)
    text = (assembly / "mlops.template.json").read_text().replace(made.name, newer.name)
    s3.put_object(Bucket=CODE, Key="newer.json", Body=json.dumps(without_expressions(json.loads(text))))
    kept = {one["ParameterKey"] for one in formation.describe_stacks(StackName="mlops")["Stacks"][0]["Parameters"]}
    formation.update_stack(
        StackName="mlops",
        TemplateURL=f"{cloud.url}/{CODE}/newer.json",
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)],
    )

    def ended() -> Any:
        status = formation.describe_stacks(StackName="mlops")["Stacks"][0]["StackStatus"]
        return None if status.endswith("IN_PROGRESS") else status

    assert until(ended, "the update") == "UPDATE_COMPLETE"
    return kept
