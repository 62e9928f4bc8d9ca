"""An account in which the template is deployed: what its references stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seed_code.project_template.granted import Lookup

ACCOUNT, REGION = "123456789012", "eu-west-1"
BUCKET, TABLE, TOPIC = "mlops-local", "runs", "mlops-notices"
"""The bucket is that of the committed definitions, the table that of tests/conformance/dynamo.py."""
CODE_BUCKET = "code-bucket"
SECRETS = ("github-token", "github-webhook-secret", "slack-webhook-url")
PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::Region": REGION}
PARAMETERS = {"LambdaCodeBucket": CODE_BUCKET, "SourceKey": "mlops-source.zip", "GitHubRepository": "octo-org/models"}


def arn(service: str, resource: str, account: str = ACCOUNT, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def role_arn(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def object_arn(key: str, bucket: str = BUCKET) -> str:
    return f"arn:aws:s3:::{bucket}/{key}"


def lookup(template: Mapping[str, Any]) -> Lookup:
    """The values of a deployment. A reference that it does not know is an error: nothing is guessed."""
    defaults = {name: item.get("Default", "") for name, item in template["Parameters"].items()}
    known = {**PSEUDO, **defaults, **PARAMETERS}

    def find(reference: str) -> str:
        name, _, attribute = reference.partition(".")
        if attribute == "Arn":
            resource = template["Resources"][name]
            return _arn(name, resource["Type"], resource["Properties"])
        if name in template["Resources"]:
            return _reference(name, template["Resources"][name]["Type"])
        return known[reference]

    return find


def _arn(name: str, kind: str, properties: Mapping[str, Any]) -> str:
    match kind.removeprefix("AWS::"):
        case "S3::Bucket":
            return f"arn:aws:s3:::{BUCKET if name.startswith('StorageBucket') else name.lower()}"
        case "DynamoDB::Table":
            return arn("dynamodb", f"table/{TABLE}")
        case "IAM::Role":
            return role_arn(name)
        case "Logs::LogGroup":
            return arn("logs", f"log-group:{properties['LogGroupName']}:*")
        case "SQS::Queue":
            return arn("sqs", name)
        case "KMS::Key":
            return arn("kms", f"key/{name}")
    raise KeyError(f"{name}.Arn of {kind}")


def _reference(name: str, kind: str) -> str:
    if kind == "AWS::SNS::Topic":
        return arn("sns", TOPIC)
    raise KeyError(f"{name} of {kind}")
