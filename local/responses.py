"""Responses of the local SageMaker, in the shapes of the service's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local.arns import execution_arn, group_arn, pipeline_arn
from local.catalog import Pipeline
from local.executions import Execution, StepRecord
from local.registry import Group, Package

Response = dict[str, Any]

NOBODY: Response = {}
"""CreatedBy: the local mode has no user profiles."""


def pipeline(found: Pipeline) -> Response:
    """DescribePipeline."""
    return _present(
        {
            "PipelineArn": pipeline_arn(found.name),
            "PipelineName": found.name,
            "PipelineDisplayName": found.display_name,
            "PipelineDescription": found.description,
            "PipelineDefinition": found.definition,
            "RoleArn": found.role_arn,
            "PipelineStatus": "Active",
            "CreationTime": found.created,
            "LastModifiedTime": found.modified,
        }
    )


def execution(found: Execution) -> Response:
    """DescribePipelineExecution."""
    return _present(
        {
            "PipelineArn": pipeline_arn(found.pipeline),
            "PipelineExecutionArn": found.arn,
            "PipelineExecutionDisplayName": found.display_name,
            "PipelineExecutionDescription": found.description,
            "PipelineExecutionStatus": found.status,
            "FailureReason": found.failure_reason,
            "CreationTime": found.created,
            "LastModifiedTime": found.modified,
        }
    )


def execution_summary(found: Execution) -> Response:
    """One item of ListPipelineExecutions."""
    return _present(
        {
            "PipelineExecutionArn": found.arn,
            "StartTime": found.created,
            "PipelineExecutionStatus": found.status,
            "PipelineExecutionDescription": found.description,
            "PipelineExecutionDisplayName": found.display_name,
            "PipelineExecutionFailureReason": found.failure_reason,
        }
    )


def step(found: StepRecord, pipeline: str) -> Response:
    """One item of ListPipelineExecutionSteps."""
    source = found.cache_source
    return _present(
        {
            "StepName": found.name,
            "StepDisplayName": found.display_name,
            "StepDescription": found.description,
            "StartTime": found.started,
            "EndTime": found.ended,
            "StepStatus": found.status,
            "CacheHitResult": source and {"SourcePipelineExecutionArn": execution_arn(pipeline, source)},
            "FailureReason": found.failure_reason,
            "Metadata": found.metadata or None,
            "AttemptCount": found.attempts,
        }
    )


def group(found: Group) -> Response:
    """DescribeModelPackageGroup."""
    return {**group_summary(found), "CreatedBy": NOBODY}


def group_summary(found: Group) -> Response:
    """One item of ListModelPackageGroups."""
    return _present(
        {
            "ModelPackageGroupName": found.name,
            "ModelPackageGroupArn": group_arn(found.name),
            "ModelPackageGroupDescription": found.description,
            "CreationTime": found.created,
            "ModelPackageGroupStatus": "Completed",
        }
    )


def package(found: Package) -> Response:
    """DescribeModelPackage: what was registered, and its state."""
    statuses = [{"Name": found.group_name, "Status": "Completed"}]
    return _present(
        {
            **_without(found.request, ("Tags", "ClientToken")),
            **package_summary(found),
            "ModelPackageStatusDetails": {"ValidationStatuses": statuses},
            "LastModifiedTime": found.modified,
            "ApprovalDescription": found.approval_description,
        }
    )


def package_summary(found: Package) -> Response:
    """One item of ListModelPackages."""
    return _present(
        {
            "ModelPackageName": found.group_name,
            "ModelPackageGroupName": found.group_name,
            "ModelPackageVersion": found.version,
            "ModelPackageArn": found.arn,
            "ModelPackageDescription": found.request.get("ModelPackageDescription"),
            "CreationTime": found.created,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": found.approval,
        }
    )


def page(items: Sequence[Response], key: str, limit: int, token: str | None) -> Response:
    """One page of a list, with NextToken if there are more items. Raises KeyError for a token that is none."""
    if token is not None and not (token.isascii() and token.isdigit()):
        raise KeyError(token)
    start = int(token or 0)
    more = {"NextToken": str(start + limit)} if start + limit < len(items) else {}
    return {key: list(items[start : start + limit]), **more}


def _present(values: Mapping[str, Any]) -> Response:
    return {key: value for key, value in values.items() if value is not None}


def _without(values: Mapping[str, Any], names: Sequence[str]) -> Response:
    return {key: value for key, value in values.items() if key not in names}
