"""The ports on AWS are put together without asking anybody: the network is refused here."""

from __future__ import annotations

import socket

import pytest
from moto import mock_aws

from algorithms.errors import PlatformError
from lambda_bridge.aws import Bucket, SageMakerPipelines, StepFunctionsWorkflow
from lambda_bridge.aws_notices import SnsNotices
from lambda_bridge.aws_records import DynamoRuns
from lambda_bridge.aws_registry import SageMakerRegistry
from lambda_bridge.composition import TIMEOUT_SECONDS, build_ports, client
from lambda_bridge.git_history import GitHubHistory
from lambda_bridge.github import GitHubIssues
from lambda_bridge.settings import BridgeSettings

SETTINGS = BridgeSettings(
    repository="local/models",
    bucket="bucket",
    table="runs",
    state_machine_arn="arn:aws:states:us-east-1:123456789012:stateMachine:mlops",
    history_branch="records",
    code_version="1.2",
)
SECRETS = {"GITHUB_TOKEN": "token", "GITHUB_WEBHOOK_SECRET": "secret", "SLACK_WEBHOOK_URL": "http://127.0.0.1:1/x"}


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Credentials of nobody; whoever opens a connection fails."""
    aws = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**aws, **SECRETS}.items():
        monkeypatch.setenv(name, value)

    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with mock_aws():
        yield


def test_every_port_is_built_without_a_call():
    ports = build_ports(SETTINGS)
    kinds = {
        "issues": GitHubIssues,
        "history": GitHubHistory,
        "runs": DynamoRuns,
        "workflow": StepFunctionsWorkflow,
        "pipelines": SageMakerPipelines,
        "registry": SageMakerRegistry,
        "artifacts": Bucket,
        "notices": SnsNotices,
    }
    assert {name: type(getattr(ports, name)) for name in kinds} == kinds
    assert (ports.webhook_secret(), ports.code_version) == ("secret", "1.2")
    assert ports.clock().utcoffset() is not None


def test_they_work_on_what_the_settings_name():
    import boto3

    boto3.client("s3").create_bucket(Bucket="bucket")
    boto3.client("s3").put_object(Bucket="bucket", Key="a/b", Body=b"x")
    assert build_ports(SETTINGS).artifacts.read("a/b", 1) == b"x"
    with pytest.raises(PlatformError, match="ResourceNotFoundException"):
        build_ports(SETTINGS).runs.get(7)


def test_credentials_that_are_missing_are_told(monkeypatch):
    monkeypatch.delenv("GITHUB_TOKEN")
    with pytest.raises(PlatformError, match="secret github-token: cannot be read"):
        build_ports(SETTINGS)


def test_clients_give_up_before_a_webhook_must_be_answered():
    """10 s ("Best practices for using webhooks")."""
    config = client("dynamodb").meta.config
    assert config.connect_timeout == config.read_timeout == TIMEOUT_SECONDS
    assert config.read_timeout < 10
