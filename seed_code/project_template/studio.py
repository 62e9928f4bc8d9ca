"""The deployment as a SageMaker project template: what Studio's "Create project" makes."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnParameter, Tags
from constructs import Construct

from seed_code.project_template.options import Options
from seed_code.project_template.sources import Sources
from seed_code.project_template.stack import MLOpsStack

PATTERNS = {
    "SageMakerProjectName": ("The project's name, which Studio fills in", "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}"),
    "SageMakerProjectId": ("The project's id, which Studio fills in", "[a-zA-Z0-9-]{1,20}"),
}
"""As CreateProject has them."""
TAGS = {"sagemaker:project-name": "SageMakerProjectName", "sagemaker:project-id": "SageMakerProjectId"}
"""With these tags Studio shows the resources in the project."""


class StudioStack(MLOpsStack):
    """The same, with the two parameters that Studio gives, and the tags by which it finds what belongs to a project."""

    def __init__(
        self, scope: Construct, name: str, options: Options, sources: Sources, version: str, **more: Any
    ) -> None:
        super().__init__(scope, name, options, sources, version, **more)
        given = {
            parameter: CfnParameter(self, parameter, description=meaning, allowed_pattern=pattern)
            for parameter, (meaning, pattern) in PATTERNS.items()
        }
        for tag, parameter in TAGS.items():
            Tags.of(self).add(tag, given[parameter].value_as_string)
