"""Where the functions' package and the source of the build come from: this checkout, or parameters of the template."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aws_cdk import CfnCondition, CfnParameter, Fn
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from seed_code.project_template.names import Names

AS_MADE = "as-made"
"""The value of a key's parameter that stands for the name which `make synth` gave the file."""


@dataclass(frozen=True)
class Archive:
    """A zip file on S3. `bucket` is the bucket's name."""

    bucket: str
    key: str


class Sources(Protocol):
    """Makes the code of the functions, and the archive that CodeBuild builds."""

    def code(self, scope: Construct) -> lambda_.Code:
        """The functions' package."""

    def archive(self, scope: Construct) -> Archive:
        """The checkout."""


@dataclass(frozen=True)
class Checkout:
    """Zip files of this checkout, which `cdk deploy` uploads."""

    package: Path
    source: Path

    def code(self, scope: Construct) -> lambda_.Code:  # noqa: ARG002 (of the protocol)
        """See `Sources`."""
        return lambda_.Code.from_asset(str(self.package))

    def archive(self, scope: Construct) -> Archive:
        """See `Sources`."""
        asset = assets.Asset(scope, "Source", path=str(self.source))
        return Archive(asset.s3_bucket_name, asset.s3_object_key)


@dataclass(frozen=True)
class Uploaded:
    """Zip files that somebody uploaded, under the names that `make synth` gave them unless a parameter names others.

    The names are no defaults of the parameters: an update would keep those of the template before.
    """

    package: Path
    source: Path

    def code(self, scope: Construct) -> lambda_.Code:
        """See `Sources`."""
        bucket = CfnParameter(
            scope,
            "LambdaCodeBucket",
            description="The bucket of the two zip files that `make synth` wrote",
            allowed_pattern="[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        )
        key = _key(scope, "LambdaCodeKey", "The functions' package", self.package)
        found = s3.Bucket.from_bucket_name(scope, "Code", bucket.value_as_string)
        return lambda_.Code.from_bucket_v2(found, key)

    def archive(self, scope: Construct) -> Archive:
        """See `Sources`."""
        bucket = scope.node.find_child("LambdaCodeBucket")
        assert isinstance(bucket, CfnParameter)  # noqa: S101 (made by `code`)
        key = _key(scope, "SourceKey", "The source that CodeBuild builds", self.source)
        return Archive(bucket.value_as_string, key)


def _key(scope: Construct, name: str, meaning: str, file: Path) -> str:
    meaning = f"{meaning}; {AS_MADE}: the file that was made with this template"
    found = CfnParameter(scope, name, description=meaning, default=AS_MADE, min_length=1, max_length=1024)
    given = CfnCondition(scope, f"{name}Given", expression=Fn.condition_not(Fn.condition_equals(found, AS_MADE)))
    return Fn.condition_if(given.logical_id, found.value_as_string, file.name).to_string()


def object_arn(scope: Construct, archive: Archive) -> str:
    """The ARN of an archive; the name of its bucket is known by CloudFormation alone."""
    return f"arn:{Names(scope).partition}:s3:::{archive.bucket}/{archive.key}"
