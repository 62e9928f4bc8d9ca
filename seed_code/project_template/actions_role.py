"""The role that .github/workflows/build.yml takes on, in the place of CodeBuild's."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from seed_code.project_template.names import Names

ISSUER = "token.actions.githubusercontent.com"
ENVIRONMENT = "aws"
"""The environment of the workflow's job; who may run it there is decided in the repository's settings."""


class ActionsRole(Construct):
    """`role`, for jobs of one repository in one environment.

    The account must have GitHub's OIDC provider ("Configuring OpenID Connect in Amazon Web Services", GitHub Docs).
    """

    def __init__(
        self, scope: Construct, names: Names, repository: str, statements: Sequence[iam.PolicyStatement]
    ) -> None:
        super().__init__(scope, "ActionsRole")
        subject = f"repo:{repository}:environment:{ENVIRONMENT}"
        claims = {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": subject}}
        provider = f"arn:{names.partition}:iam::{names.account}:oidc-provider/{ISSUER}"
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.WebIdentityPrincipal(provider, claims),
            inline_policies={"own": iam.PolicyDocument(statements=list(statements), minimize=True)},
            max_session_duration=Duration.hours(1),
            description=f"What {repository} may do in its environment {ENVIRONMENT}: the image and the pipelines",
        )
