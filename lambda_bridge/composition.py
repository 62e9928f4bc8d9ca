"""The ports on AWS, put together from the settings."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from typing import Any

from lambda_bridge.aws import Bucket, SageMakerPipelines, StepFunctionsWorkflow, refusals
from lambda_bridge.aws_ledger import DynamoLedger
from lambda_bridge.aws_notices import SnsNotices
from lambda_bridge.aws_records import DynamoRuns
from lambda_bridge.aws_registry import SageMakerRegistry
from lambda_bridge.git_history import GitHubHistory
from lambda_bridge.github import GitHubIssues
from lambda_bridge.github_client import connect, login_of
from lambda_bridge.ports import HandOver, Ports
from lambda_bridge.review import REVIEW
from lambda_bridge.secrets import Secrets
from lambda_bridge.settings import BridgeSettings

TIMEOUT_SECONDS = 5
"""A webhook must be answered within 10 s."""


def build_ports(settings: BridgeSettings) -> Ports:
    """Clients are made here once per process; what they need of secrets is read anew while it is used."""
    secrets = Secrets(settings)
    credentials = secrets.github()
    repository = connect(credentials.auth, settings.api_url, settings.repository)
    sagemaker = client("sagemaker")
    return Ports(
        issues=GitHubIssues(repository, lambda: login_of(credentials, settings.api_url)),
        history=GitHubHistory(repository, settings.history_branch),
        runs=DynamoRuns(client("dynamodb"), settings.table),
        workflow=StepFunctionsWorkflow(client("stepfunctions"), settings.state_machine_arn),
        pipelines=SageMakerPipelines(sagemaker),
        registry=SageMakerRegistry(sagemaker),
        artifacts=Bucket(client("s3"), settings.bucket),
        notices=SnsNotices(client("sns"), settings.topic_arn, secrets.slack_url),
        ledger=DynamoLedger(client("dynamodb"), settings.table),
        hand_over=hand_over(settings.task_function),
        webhook_secret=secrets.webhook_secret,
        code_version=settings.code_version,
        log_address=log_address,
        clock=lambda: datetime.now(UTC),
        pause=time.sleep,
        limits=settings.pace.limits,
        patience=settings.pace.patience,
        costs=settings.costs,
    )


def hand_over(function: str) -> HandOver:
    """Calls the task function as an event: Lambda keeps it, and tries again where it fails."""

    def call(issue: int) -> None:
        payload = json.dumps({"task": REVIEW, "issue": issue}).encode()
        with refusals():
            client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)

    return call


def client(service: str) -> Any:
    """A boto3 client that gives up in time."""
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "max_attempts": 3}
    config = Config(connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, retries=retries)
    return boto3.client(service, config=config)


def log_address() -> str:
    """The log stream of this function, as CloudWatch names it (Lambda, "Defined runtime environment variables")."""
    group, stream = (os.environ.get(f"AWS_LAMBDA_LOG_{part}_NAME", "") for part in ("GROUP", "STREAM"))
    return f"CloudWatch log group {group}, stream {stream}"
