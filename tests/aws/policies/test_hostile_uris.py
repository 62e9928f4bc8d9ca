"""No role does anything with the S3 URIs of strangers, and no request leads there."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from algorithms.errors import RequestError
from lambda_bridge.issue_body import read_body
from pipelines.parameters import RunFacts, pipeline_parameters
from pipelines.request import resolve
from tests.aws.policies.account import BUCKET, object_arn
from tests.aws.policies.hostile import KEYS, Hostile, uris
from tests.aws.policies.simulator import Request, Rule, allowed

HOSTILE = list(uris())
FUNCTIONS = ("webhook", "task", "pipeline_event", "sweep")
BODY = "learning_type: supervised\nalgorithm: random_forest\ndataset_id: {}\n"


def granted(policy, uri: Hostile):
    """What a role may do there after all."""
    return [(action, arn) for action, arn in uri.forbidden() if allowed(policy, Request(action, arn))]


def test_there_are_enough():
    assert len({uri.uri for uri in HOSTILE}) == len(HOSTILE) >= 200


def test_every_role_is_refused_each_of_them(policies):
    found = {(name, uri.uri): granted(policy, uri) for name, policy in policies.items() for uri in HOSTILE}
    assert {where: what for where, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "loose",
    [
        Rule(False, ("s3:GetObject",), (f"arn:aws:s3:::{BUCKET}*",), {}),
        Rule(False, ("s3:GetObject",), ("arn:aws:s3:::*/datasets/*",), {}),
        Rule(False, ("s3:PutObject",), (object_arn("datasets/*"),), {}),
        Rule(False, ("s3:PutObject",), (object_arn("datasets/*/processed/*"),), {}),
        Rule(False, ("s3:DeleteObject",), (object_arn("models/*"),), {}),
        Rule(False, ("s3:GetObject",), (object_arn("*"),), {}),
    ],
    ids=lambda rule: rule.resources[0],
)
def test_policies_that_are_too_loose_would_be_found(loose):
    assert [found for uri in HOSTILE for found in granted([loose], uri)]


def test_nobody_lists_what_is_outside(policies):
    bucket = f"arn:aws:s3:::{BUCKET}"
    prefixes = ("", "private/", "Datasets/", "datasets", "../datasets/", "/datasets/", "*", "training_history/")
    requests = [Request("s3:ListBucket", bucket, {"s3:prefix": prefix}) for prefix in prefixes]
    others = {uri.place[0] for uri in HOSTILE} - {BUCKET}
    requests += [Request("s3:ListBucket", f"arn:aws:s3:::{name}", {"s3:prefix": "datasets/"}) for name in others]
    assert [(name, ask) for name, policy in policies.items() for ask in requests if allowed(policy, ask)] == []


def test_functions_read_no_dataset_and_no_model(policies):
    """Only its metadata, and what Evaluate wrote; none of them writes."""
    actions = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
    found = Counter(
        (name, action, key)
        for name, action, key in product(FUNCTIONS, actions, KEYS)
        if allowed(policies[name], Request(action, object_arn(key)))
    )
    evaluation = "evaluations/issue-1-attempt-1/evaluation.json"
    assert set(found) == {(name, "s3:GetObject", evaluation) for name in ("task", "sweep")}


def identifiers():
    """Whatever a stranger may write in the place of a dataset's id: the URIs, and their parts."""
    for uri in HOSTILE:
        yield uri.uri
        yield uri.place[1]
        yield uri.place[1].removeprefix("datasets/").partition("/raw")[0]


@pytest.mark.parametrize("written", ["{}", '"{}"', "'{}'"])
def test_a_request_is_refused_or_stays_with_its_dataset(written):
    refused, kept = 0, set()
    for text in dict.fromkeys(identifiers()):
        try:
            request = read_body(BODY.format(written.format(text)))
        except RequestError:
            refused += 1
        else:
            values = pipeline_parameters(resolve(request), RunFacts(issue=1, attempt=1))
            kept.add(str(values["DatasetId"]))
    assert refused >= 200
    assert all(name.isascii() and name.replace("-", "").replace("_", "").isalnum() and len(name) <= 64 for name in kept)
