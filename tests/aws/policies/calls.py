"""From a call of AWS to what IAM is asked: action, resource, context ("Service Authorization Reference")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.arns import PREFIX
from tests.aws.policies.account import arn, object_arn
from tests.aws.policies.simulator import Request

Params = Mapping[str, Any]
NAMES = {
    "PipelineName": "pipeline",
    "ModelPackageGroupName": "model-package-group",
    "HyperParameterTuningJobName": "hyper-parameter-tuning-job",
    "ProcessingJobName": "processing-job",
    "TrainingJobName": "training-job",
}
"""Of SageMaker: member -> kind of resource. Members that hold an ARN come first."""
ACTIONS = {"Invoke": "InvokeFunction"}
"""Actions that are not named after their operation."""
ARNS = (
    "PipelineExecutionArn",
    "ResourceArn",
    "ModelPackageName",
    "ModelPackageArn",
    "stateMachineArn",
    "executionArn",
    "TopicArn",
)
MACHINE = arn("states", "stateMachine:MLOpsPipeline")


def requests(service: str, operation: str, params: Params) -> Iterator[Request]:
    """What IAM is asked for one call: most often one thing. Raises KeyError for a service that is not known here."""
    if service == "s3":
        yield _object(operation, params)
        return
    yield Request(f"{service}:{ACTIONS.get(operation, operation)}", RESOURCES[service](params))
    if service == "sagemaker":
        yield from _besides(params)


def _object(operation: str, params: Params) -> Request:
    if operation == "ListObjectsV2":
        return Request("s3:ListBucket", f"arn:aws:s3:::{params['Bucket']}", {"s3:prefix": params["Prefix"]})
    return Request(f"s3:{operation}", object_arn(params["Key"], params["Bucket"]))


def _besides(params: Params) -> Iterator[Request]:
    """Passing a role, and tagging what is made."""
    if "RoleArn" in params:
        yield Request("iam:PassRole", params["RoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"})
    if params.get("Tags"):
        yield Request("sagemaker:AddTags", _sagemaker(params))


def _sagemaker(params: Params) -> str:
    named = _named(params)
    if named is not None:
        return named
    member = next(name for name in NAMES if name in params)
    return arn("sagemaker", f"{NAMES[member]}/{params[member]}")


def _named(params: Params) -> str | None:
    """An ARN among the members, as it would be in the account: the local mode has one of its own."""
    found = next((str(params[name]) for name in ARNS if name in params), None)
    return found and found.replace(PREFIX, arn("sagemaker", "").rstrip(":"))


def _table(params: Params) -> str:
    index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
    return arn("dynamodb", f"table/{params['TableName']}{index}")


RESOURCES = {
    "sagemaker": _sagemaker,
    "dynamodb": _table,
    "states": lambda params: _named(params) or MACHINE,
    "sns": lambda params: str(params["TopicArn"]),
    "lambda": lambda params: arn("lambda", f"function:{params['FunctionName']}"),
    "secretsmanager": lambda params: arn("secretsmanager", f"secret:{params['SecretId']}-a1B2c3"),
}
"""A token names no machine; IAM asks for the one that gave it out."""
