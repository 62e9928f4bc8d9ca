"""The commands and tables of the pages about AWS: what cannot be run without an account is looked up."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from seed_code.project_template.options import Options
from tests.aws.templates import of_type

PROJECT = Path(__file__).parents[2]
PAGES = {page.stem: page.read_text() for page in sorted((PROJECT / "docs" / "how-to").glob("*.md"))}
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
GENERAL = {"query", "output", "region", "max-items"}
"""Of every command of the AWS CLI."""
OWN = {
    ("s3", "cp"): set(),
    ("s3", "sync"): {"exclude", "include"},
    ("logs", "tail"): {"follow", "since"},
    ("cloudformation", "deploy"): {
        *("stack-name", "template-file", "s3-bucket", "capabilities", "parameter-overrides", "no-execute-changeset"),
    },
}
"""Commands that the AWS CLI has besides those of the service models (AWS CLI Command Reference)."""
CDK = {"bootstrap", "deploy --all", "destroy --all"}


def commands(tool):
    lines = (line for page in PAGES.values() for block in BLOCK.findall(page) for line in block.splitlines())
    return sorted({line.partition("  #")[0].strip() for line in lines if line.startswith(f"{tool} ")})


@pytest.fixture(scope="module")
def models():
    return botocore.session.get_session().get_service_model


@pytest.mark.parametrize("command", commands("aws"))
def test_aws_commands_exist_with_their_options(command, models):
    words = shlex.split(command)
    service, operation = words[1:3]
    given = {word[2:] for word in words if word.startswith("--")}
    if (service, operation) in OWN:
        assert given <= OWN[service, operation] | GENERAL
        return
    model = models(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    known = {xform_name(name, "-") for name in shape.members}
    assert given - GENERAL <= known
    assert {xform_name(name, "-") for name in shape.required_members} - {"idempotency-token"} <= given


@pytest.mark.parametrize("command", commands("cdk"))
def test_cdk_commands_name_parameters_and_options_that_exist(command, template):
    words = shlex.split(command)[1:]
    assert any(" ".join(words).startswith(known) for known in CDK)
    for flag, value in pairwise(words):
        if flag == "--parameters":
            assert value.partition("=")[0] in template("MLOpsStack")["Parameters"]
        if flag == "-c":
            assert value.partition("=")[0] in Options.__dataclass_fields__


@pytest.mark.parametrize("command", [c for c in commands("aws") if "--parameter-overrides" in c])
def test_parameters_of_cloudformation_exist(command, template):
    words = shlex.split(command)
    file = words[words.index("--template-file") + 1]
    found = template(Path(file).name.removesuffix(".template.json"))["Parameters"]
    given = {word.partition("=")[0] for word in words[words.index("--parameter-overrides") + 1 :]}
    assert given <= found.keys()
    assert {name for name, parameter in found.items() if "Default" not in parameter} <= given


def test_every_option_is_explained():
    for name in Options.__dataclass_fields__:
        assert f"`{name}" in PAGES["deploy"], name


def test_every_output_and_parameter_that_is_named_exists(template):
    stack = template("MLOpsStack")
    for name in re.findall(r"MLOpsStack\.(\w+) =", PAGES["deploy"]):
        assert name in stack["Outputs"]
    for name in re.findall(r"`(\w+)=existing`", PAGES["deploy"]):
        assert stack["Parameters"][name]["AllowedValues"] == ["create", "existing"]


def test_the_runbook_has_every_alarm_and_no_other(template):
    alarms = [
        item["Properties"]["AlarmName"]
        for item in template("MLOpsStack")["Resources"].values()
        if item["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert sorted(re.findall(r"^### (mlops-\S+)$", PAGES["operate"], re.MULTILINE)) == sorted(alarms)


def test_logs_that_are_named_exist(template):
    groups = {
        item["Properties"]["LogGroupName"]
        for item in template("MLOpsStack")["Resources"].values()
        if item["Type"] == "AWS::Logs::LogGroup"
    }
    for page in PAGES.values():
        for name in re.findall(r"/aws/[\w/-]+", page):
            assert name in groups


def test_what_costs_while_nothing_runs_is_counted(template):
    """The rows of scale.md that name resources: how many of them the template has."""
    said = dict(re.findall(r"^\| (secrets|metrics that alarms look at|dashboard) \| (\d+) \|", PAGES["scale"], re.M))
    found = template("mlops")
    metrics = [alarm.get("Metrics", [{"MetricStat": {}}]) for alarm in of_type(found, "CloudWatch::Alarm").values()]
    assert said == {
        "secrets": str(len(of_type(found, "SecretsManager::Secret"))),
        "metrics that alarms look at": str(sum("MetricStat" in metric for each in metrics for metric in each)),
        "dashboard": str(len(of_type(found, "CloudWatch::Dashboard"))),
    }
