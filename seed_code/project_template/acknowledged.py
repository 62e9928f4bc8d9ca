"""What cdk-nag reports and what is right all the same, each with its reason.

A finding is named as cdk-nag names it, on the resource where it is, so that a new one is not hidden.
"""

from __future__ import annotations

from aws_cdk import Validations

from seed_code.project_template.stack import MLOpsStack


def acknowledge(stack: MLOpsStack) -> None:
    """Acknowledges the findings."""
