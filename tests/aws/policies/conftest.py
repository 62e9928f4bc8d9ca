"""The roles of the deployment, by name, with sample values in the place of references."""

from __future__ import annotations

import pytest

from seed_code.project_template.granted import Role, roles
from tests.aws.policies.account import lookup
from tests.aws.policies.simulator import Rule, rules


@pytest.fixture(scope="session")
def granted(template) -> dict[str, Role]:
    return roles(template("mlops"))


@pytest.fixture(scope="session")
def policies(template, granted) -> dict[str, list[Rule]]:
    values = lookup(template("mlops"))
    return {name: rules(role.statements, values) for name, role in granted.items()}
