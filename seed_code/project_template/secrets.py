"""The three secrets: made, or taken where the deployment says that they are there already."""

from __future__ import annotations

import json

from aws_cdk import CfnDeletionPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from seed_code.project_template.names import Names
from seed_code.project_template.options import GITHUB_SECRET, SECRETS, SLACK_SECRET, WEBHOOK_SECRET
from seed_code.project_template.parameters import unless_existing

MEMBERS = {GITHUB_SECRET: "token", SLACK_SECRET: "url", WEBHOOK_SECRET: "secret"}
"""What each holds: a JSON object with this key (`lambda_bridge.secrets`)."""
PARAMETERS = {
    GITHUB_SECRET: "GitHubTokenSecret",
    SLACK_SECRET: "SlackWebhookSecret",
    WEBHOOK_SECRET: "GitHubWebhookSecret",
}
CHARACTERS = 64


class Secrets(Construct):
    """`arns`: name -> ARN, which ends in `-??????` for the suffix that Secrets Manager gives.

    A parameter of the template for each says whether it is made: GitHub's token and Slack's address empty, for people
    to fill in, and what signs the webhook at random.
    """

    def __init__(self, scope: Construct, key: kms.IKey | None) -> None:
        super().__init__(scope, "Secrets")
        names = Names(self)
        self.made = {name: self._make(name, key) for name in SECRETS}
        self.arns = {name: names.arn("secretsmanager", f"secret:{name}-??????") for name in SECRETS}

    def _make(self, name: str, key: kms.IKey | None) -> secretsmanager.CfnSecret:
        member = MEMBERS[name]
        made = secretsmanager.CfnSecret(
            self,
            name,
            name=name,
            description=f'A JSON object with the key "{member}"',
            kms_key_id=key.key_arn if key else None,
            generate_secret_string=_random(member) if name == WEBHOOK_SECRET else None,
        )
        made.cfn_options.condition = unless_existing(self, PARAMETERS[name], f"The secret `{name}`")
        made.cfn_options.deletion_policy = CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE
        made.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
        return made


def _random(member: str) -> secretsmanager.CfnSecret.GenerateSecretStringProperty:
    return secretsmanager.CfnSecret.GenerateSecretStringProperty(
        secret_string_template=json.dumps({}),
        generate_string_key=member,
        password_length=CHARACTERS,
        exclude_punctuation=True,
    )
