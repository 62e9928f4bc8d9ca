"""docs/reference/iam.md says what the template says."""

from __future__ import annotations

import pytest

from seed_code.project_template.iam_page import PAGE, iam_page


@pytest.fixture
def page() -> str:
    return PAGE.read_text()


def test_it_is_not_stale(template, page):
    assert iam_page(template("mlops")) == page, "Run: make generate"


def test_it_names_every_action_of_the_template(template, page):
    resources = template("mlops")["Resources"].values()
    policies = [policy for one in resources for policy in one["Properties"].get("Policies", [])]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    actions = {action for one in statements for action in _list(one["Action"])}
    assert len(actions) > 50
    assert [action for action in sorted(actions) if f"`{action}`" not in page] == []


def test_a_new_role_needs_a_purpose(template):
    changed = template("mlops")
    resources = changed["Resources"]
    name = next(name for name, one in resources.items() if one["Type"] == "AWS::IAM::Role")
    copy = {**resources[name]["Properties"], "AssumeRolePolicyDocument": _trusting("glue.amazonaws.com")}
    resources["Another"] = {"Type": "AWS::IAM::Role", "Properties": copy}
    with pytest.raises(ValueError, match="got a difference in glue"):
        iam_page(changed)


def _list(value):
    return value if isinstance(value, list) else [value]


def _trusting(service):
    return {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": service}}]}
