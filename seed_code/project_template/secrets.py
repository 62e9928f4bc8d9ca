"""The three secrets: taken where they are there already, else made empty, to be filled in by people."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from seed_code.project_template.options import GITHUB_SECRET, SLACK_SECRET, WEBHOOK_SECRET, Options

KEYS = {GITHUB_SECRET: "token", SLACK_SECRET: "url", WEBHOOK_SECRET: "secret"}
"""What each holds, as a JSON object with this key (`lambda_bridge.secrets`)."""


class Secrets(Construct):
    """`arns`: name -> ARN. An ARN that was made of a name ends in `-??????`, as Secrets Manager's own do."""

    def __init__(self, scope: Construct, options: Options, key: kms.IKey | None) -> None:
        super().__init__(scope, "Secrets")
        self.arns = {name: self._arn(name, options, key) for name in KEYS}

    def _arn(self, name: str, options: Options, key: kms.IKey | None) -> str:
        if name in options.existing_secrets:
            found = secretsmanager.Secret.from_secret_name_v2(self, name, name)
            return f"{found.secret_arn}-??????"
        made = secretsmanager.Secret(
            self,
            name,
            secret_name=name,
            encryption_key=key,
            description=f'A JSON object with the key "{KEYS[name]}"',
            removal_policy=RemovalPolicy.RETAIN,
        )
        return made.secret_arn
