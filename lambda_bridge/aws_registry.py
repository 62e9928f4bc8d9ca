"""The model registry on SageMaker, over a boto3 client that is handed in; the local SageMaker has its methods too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from lambda_bridge.aws import PAGE, Client, code_of, refusals
from lambda_bridge.ports import Package, Version
from lambda_bridge.runs import Approval

TAGS = [{"Key": "project", "Value": "mlops-pipeline"}]
"""Of model package groups; their versions take them over (CreateModelPackage, "Tags")."""
LONGEST_DESCRIPTION = 1024
"""Characters of UpdateModelPackage, `ApprovalDescription`."""


class SageMakerRegistry:
    """The model registry."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ensure_group(self, group: str) -> None:
        """See `lambda_bridge.ports.Registry`."""
        with refusals():
            if not self._exists(group):
                self._create(group)

    def _exists(self, group: str) -> bool:
        try:
            self._client.describe_model_package_group(ModelPackageGroupName=group)
        except ClientError as error:
            if not _is_missing(error):
                raise
            return False
        return True

    def _create(self, group: str) -> None:
        """Somebody else may have made it meanwhile."""
        try:
            self._client.create_model_package_group(ModelPackageGroupName=group, Tags=TAGS)
        except ClientError:
            if not self._exists(group):
                raise

    def approved(self, group: str) -> Package | None:
        """See `lambda_bridge.ports.Registry`."""
        with refusals():
            summaries = self._listed(group, ModelApprovalStatus="Approved")
            found = (self._package(summary["ModelPackageArn"]) for summary in summaries)
            return next((package for package in found if package is not None), None)

    def versions(self, group: str) -> Sequence[Version]:
        """See `lambda_bridge.ports.Registry`."""
        with refusals():
            return [
                Version(each["ModelPackageVersion"], each["ModelPackageArn"], each["ModelApprovalStatus"])
                for each in self._listed(group)
            ]

    def package(self, arn: str) -> Package | None:
        """See `lambda_bridge.ports.Registry`."""
        with refusals():
            return self._package(arn)

    def set_approval(self, arn: str, approval: Approval, description: str) -> None:
        """See `lambda_bridge.ports.Registry`."""
        with refusals():
            self._client.update_model_package(
                ModelPackageArn=arn,
                ModelApprovalStatus=approval,
                ApprovalDescription=description[:LONGEST_DESCRIPTION],
            )

    def _listed(self, group: str, **only: str) -> Iterator[Mapping[str, Any]]:
        """Summaries, newest first; none where there is no such group. A page may be empty and another one follow."""
        more: dict[str, str] = {}
        while group:
            try:
                page = self._client.list_model_packages(
                    ModelPackageGroupName=group,
                    SortBy="CreationTime",
                    SortOrder="Descending",
                    MaxResults=PAGE,
                    **only,
                    **more,
                )
            except ClientError as error:
                if _is_missing(error):
                    return
                raise
            yield from page["ModelPackageSummaryList"]
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}

    def _package(self, arn: str) -> Package | None:
        """The version, if it is one of ours: others in the group may have their model elsewhere."""
        found = self._client.describe_model_package(ModelPackageName=arn)
        containers = found.get("InferenceSpecification", {}).get("Containers", [])
        uri = containers[0].get("ModelDataUrl") if containers else None
        return None if uri is None else Package(arn, uri)


def _is_missing(error: ClientError) -> bool:
    """SageMaker answers ValidationException, with a message, for a group that is not there."""
    return code_of(error) == "ResourceNotFound" or "does not exist" in str(error)
