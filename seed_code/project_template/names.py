"""ARNs of what has a fixed name. They stand in the place of references, so that no two resources need each other."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from pipelines.definitions import ALL_PIPELINES, LEARNING_TYPES, pipeline_name
from seed_code.project_template.options import PROJECT, STATE_MACHINE


class Names:
    """ARNs in the account and region of a stack."""

    def __init__(self, scope: Construct) -> None:
        self._stack = Stack.of(scope)

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        stack = self._stack
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"

    @property
    def account(self) -> str:
        """The account's number."""
        return self._stack.account

    @property
    def region(self) -> str:
        """The region."""
        return self._stack.region

    @property
    def partition(self) -> str:
        """Such as `aws`, or `aws-cn` in China."""
        return self._stack.partition

    @property
    def state_machine(self) -> str:
        """The workflow."""
        return self.arn("states", f"stateMachine:{STATE_MACHINE}")

    @property
    def workflow_executions(self) -> str:
        """All executions of the workflow."""
        return self.arn("states", f"execution:{STATE_MACHINE}:*")

    @property
    def build(self) -> str:
        """The CodeBuild project."""
        return self.arn("codebuild", f"project/{PROJECT}")

    def function(self, name: str) -> str:
        """A Lambda function."""
        return self.arn("lambda", f"function:{name}")

    @property
    def pipelines(self) -> list[str]:
        """The pipelines."""
        return [self.arn("sagemaker", f"pipeline/{pipeline_name(name)}") for name in ALL_PIPELINES]

    @property
    def executions(self) -> list[str]:
        """Executions of the pipelines."""
        return [f"{arn}/execution/*" for arn in self.pipelines]

    @property
    def groups(self) -> list[str]:
        """Model package groups: made on demand, `<learning type>-<algorithm>-<dataset>`."""
        return [self.arn("sagemaker", f"model-package-group/{name}-*") for name in LEARNING_TYPES]

    @property
    def packages(self) -> list[str]:
        """Versions in those groups."""
        return [self.arn("sagemaker", f"model-package/{name}-*") for name in LEARNING_TYPES]

    def jobs(self, kind: str) -> str:
        """Jobs of the pipelines, which SageMaker names `pipelines-<execution>-<step>-<suffix>`."""
        return self.arn("sagemaker", f"{kind}/pipelines-*")
