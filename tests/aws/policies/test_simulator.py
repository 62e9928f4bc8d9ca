"""The simulator decides as IAM's documentation says."""

from __future__ import annotations

import pytest

from seed_code.project_template.granted import Statement, flat, roles
from tests.aws.policies.simulator import Request, allowed, matches, rules

READ = Statement("Allow", ("s3:GetObject",), ("arn:aws:s3:::bucket/*",), {})
DENY = Statement("Deny", ("s3:*",), ("arn:aws:s3:::bucket/private/*",), {})


def decided(action, resource, *statements, **context):
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    return allowed(rules(statements, str), Request(action, resource, keys))


@pytest.mark.parametrize(
    ("pattern", "text", "matching"),
    [
        ("a*c", "abbc", True),
        ("a*c", "a/b/c", True),
        ("a*c", "ac", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a?c", "abbc", False),
        ("a", "A", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("a", "ab", False),
        ("a*", "a\nb", True),
        ("**", "", True),
    ],
)
def test_wildcards(pattern, text, matching):
    assert matches(pattern, text) is matching


def test_what_nobody_allows_is_refused():
    assert not decided("s3:GetObject", "arn:aws:s3:::bucket/x")
    assert not decided("s3:PutObject", "arn:aws:s3:::bucket/x", READ)
    assert not decided("s3:GetObject", "arn:aws:s3:::bucket", READ)
    assert not decided("s3:GetObject", "*", READ)
    assert decided("s3:GetObject", "arn:aws:s3:::bucket/x", READ)


def test_names_of_actions_have_no_case_but_resources_have():
    assert decided("S3:getobject", "arn:aws:s3:::bucket/x", READ)
    assert not decided("s3:GetObject", "arn:aws:s3:::Bucket/x", READ)


@pytest.mark.parametrize("order", [(READ, DENY), (DENY, READ)])
def test_a_denial_wins(order):
    assert not decided("s3:GetObject", "arn:aws:s3:::bucket/private/x", *order)
    assert decided("s3:GetObject", "arn:aws:s3:::bucket/x", *order)


@pytest.mark.parametrize(
    ("condition", "context", "met"),
    [
        ({"StringEquals": {"iam:PassedToService": "a"}}, {"iam__PassedToService": "a"}, True),
        ({"StringEquals": {"iam:PassedToService": "a"}}, {"iam__passedtoservice": "a"}, True),
        ({"StringEquals": {"iam:PassedToService": "a*"}}, {"iam__PassedToService": "ab"}, False),
        ({"StringEquals": {"iam:PassedToService": "a"}}, {}, False),
        ({"StringLike": {"s3:prefix": ["a/*", "b/*"]}}, {"s3__prefix": "b/c"}, True),
        ({"StringLike": {"s3:prefix": ["a/*", "b/*"]}}, {"s3__prefix": "c/a/"}, False),
        ({"StringLike": {"s3:prefix": "a/*"}}, {}, False),
        ({"StringLikeIfExists": {"s3:prefix": "a/*"}}, {}, True),
        ({"StringLikeIfExists": {"s3:prefix": "a/*"}}, {"s3__prefix": ""}, False),
        ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, {"kms__GrantIsForAWSResource": "True"}, True),
        ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, {"kms__GrantIsForAWSResource": "false"}, False),
        ({"StringEquals": {"a:b": "1", "a:c": "2"}}, {"a__b": "1"}, False),
        ({"StringEquals": {"a:b": "1"}, "StringLike": {"a:c": "*"}}, {"a__b": "1", "a__c": "x"}, True),
    ],
)
def test_conditions(condition, context, met):
    """Operators and keys must all hold, of values one ("Conditions with multiple context keys or values")."""
    statement = Statement("Allow", ("s3:GetObject",), ("*",), condition)
    assert decided("s3:GetObject", "arn:aws:s3:::bucket/x", statement, **context) is met


def test_a_denial_whose_condition_does_not_hold_denies_nothing():
    unless = Statement("Deny", ("s3:GetObject",), ("*",), {"Bool": {"aws:SecureTransport": "false"}})
    assert decided("s3:GetObject", "arn:aws:s3:::bucket/x", READ, unless, aws__SecureTransport="true")
    assert not decided("s3:GetObject", "arn:aws:s3:::bucket/x", READ, unless, aws__SecureTransport="false")


def test_an_operator_that_is_not_known_is_an_error():
    statement = Statement("Allow", ("s3:GetObject",), ("*",), {"NumericLessThan": {"a:b": "1"}})
    with pytest.raises(KeyError):
        decided("s3:GetObject", "x", statement, a__b="0")


def test_references_are_looked_up():
    value = {"Fn::Join": ["/", [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Ref": "AWS::Region"}, "x"]]}
    assert flat(value, lambda reference: f"<{reference}>") == "<Bucket.Arn>/<AWS::Region>/x"
    with pytest.raises(ValueError, match="Fn::Select"):
        flat({"Fn::Select": [0, ["a"]]}, str)


def role(**more):
    trust = {"Statement": [{"Action": "sts:AssumeRole", "Principal": {"Service": "events.amazonaws.com"}}]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, **more}}


def document(**statement):
    return {"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "a:B", "Resource": "*", **statement}}}


def test_statements_of_all_kinds_of_policies_are_found():
    policies = [
        ("AWS::IAM::Policy", {**document(Action="a:One"), "Roles": [{"Ref": "Mine"}]}),
        ("AWS::IAM::ManagedPolicy", {**document(Action="a:Two"), "Roles": [{"Ref": "Mine"}]}),
        ("AWS::IAM::RolePolicy", {**document(Action="a:Three"), "RoleName": {"Ref": "Mine"}}),
        ("AWS::IAM::Policy", {**document(Action="a:Another"), "Roles": [{"Ref": "Other"}]}),
    ]
    found = {f"P{number}": {"Type": kind, "Properties": given} for number, (kind, given) in enumerate(policies)}
    (mine,) = roles({"Resources": {"Mine": role(Policies=[document(Action="a:Own")]), **found}}).values()
    assert (mine.name, mine.service) == ("Mine", "events.amazonaws.com")
    assert [statement.actions for statement in mine.statements] == [("a:Own",), ("a:One",), ("a:Two",), ("a:Three",)]


@pytest.mark.parametrize(
    "resources",
    [
        {"Mine": role(ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])},
        {"Mine": role(Policies=[document(NotAction="a:B")])},
        {"Mine": role(Policies=[document(NotResource="*")])},
        {"Mine": role(), "Yours": role()},
    ],
    ids=["managed", "not-action", "not-resource", "two"],
)
def test_what_cannot_be_read_is_an_error(resources):
    with pytest.raises(ValueError, match="must"):
        roles({"Resources": resources})
