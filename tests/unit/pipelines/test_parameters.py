"""Pipeline parameters, and the names that a run goes by."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.errors import ParameterError
from algorithms.metrics import NO_THRESHOLD
from pipelines.definitions import load_definition
from pipelines.parameters import (
    RunFacts,
    as_list,
    client_request_token,
    legal_group_name,
    model_package_group_name,
    pipeline_parameters,
    run_id,
)
from pipelines.request import parse_request, resolve

REQUESTS = {
    "supervised": {
        "learning_type": "supervised",
        "algorithm": "xgboost",
        "task_type": "regression",
        "dataset_id": "house-prices",
        "target": "price",
        "preprocessing": {"duplicates": "drop", "missing": "mean"},
        "hyperparameters": {"max_depth": 3, "learning_rate": 1e-3},
        "evaluation_metric": "rmse",
        "evaluation_threshold": 3000,
        "seed": 7,
    },
    "unsupervised": {"learning_type": "unsupervised", "algorithm": "kmeans", "dataset_id": "wine"},
    "reinforcement": {"learning_type": "reinforcement", "algorithm": "ppo", "environment": "CartPole-v1"},
}
FACTS = RunFacts(issue=4, attempt=2, dataset_digest="abc")


def parameters(learning_type, facts=FACTS):
    return pipeline_parameters(resolve(parse_request(REQUESTS[learning_type])), facts)


def test_several_instances_have_a_pipeline_of_their_own():
    given = {"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "wine"}
    several, one = (resolve(parse_request({**given, "instance_count": count})) for count in (3, 1))
    assert (several.pipeline, one.pipeline) == ("supervised_distributed", "supervised")
    assert pipeline_parameters(several, FACTS) == {**pipeline_parameters(one, FACTS), "InstanceCount": 3}


def test_every_value_of_a_request_arrives():
    assert parameters("supervised") == {
        "RunId": "issue-4-attempt-2",
        "Issue": "4",
        "Attempt": "2",
        "Algorithm": "xgboost",
        "Hyperparameters": '{"learning_rate":0.001,"max_depth":3}',
        "EvaluationMetric": "rmse",
        "ScoreThreshold": -3000.0,
        "Seed": 7,
        "InstanceType": "ml.m5.large",
        "ModelPackageGroupName": "supervised-xgboost-house-prices",
        "DatasetId": "house-prices",
        "DatasetDigest": "abc",
        "TaskType": "regression",
        "Duplicates": "drop",
        "Preprocessing": '{"duplicates":"drop","missing":"mean"}',
        "Target": "price",
    }


def test_sensitive_columns_travel_as_a_list():
    request = {**REQUESTS["supervised"], "sensitive_columns": ["größe", "sex, or gender"]}
    assert (
        pipeline_parameters(resolve(parse_request(request)), FACTS)["SensitiveColumns"] == '["größe","sex, or gender"]'
    )


@pytest.mark.parametrize(("length", "fits"), [(252, True), (253, False)])
def test_sensitive_columns_fit_a_container_argument(length, fits):
    request = {**REQUESTS["supervised"], "sensitive_columns": ["ä" * length]}
    if fits:
        assert len(pipeline_parameters(resolve(parse_request(request)), FACTS)["SensitiveColumns"]) == 256
    else:
        with pytest.raises(ParameterError, match="must be at most 256 characters as JSON, got 257"):
            parse_request(request)


def test_what_was_left_out_takes_its_default():
    assert parameters("unsupervised") == {
        "RunId": "issue-4-attempt-2",
        "Issue": "4",
        "Attempt": "2",
        "Algorithm": "kmeans",
        "Hyperparameters": "{}",
        "EvaluationMetric": "silhouette",
        "ScoreThreshold": NO_THRESHOLD,
        "Seed": 0,
        "InstanceType": "ml.m5.large",
        "ModelPackageGroupName": "unsupervised-kmeans-wine",
        "DatasetId": "wine",
        "DatasetDigest": "abc",
        "TaskType": "clustering",
        "Duplicates": "keep",
        "Preprocessing": "{}",
    }


def test_an_environment_has_no_dataset():
    found = parameters("reinforcement")
    assert found["Environment"] == "CartPole-v1"
    assert found["ModelPackageGroupName"] == "reinforcement-ppo-CartPole-v1"
    assert not {"DatasetId", "DatasetDigest", "TaskType", "Duplicates", "Preprocessing", "Target"} & found.keys()


def test_the_previous_version_is_named_where_there_is_one():
    facts = RunFacts(1, 1, previous_model_uri="s3://b/m/model.tar.gz", previous_model_arn="arn:aws:x")
    found = parameters("unsupervised", facts)
    assert found["PreviousModelUri"] == "s3://b/m/model.tar.gz"
    assert found["PreviousModelPackageArn"] == "arn:aws:x"


@pytest.mark.parametrize("learning_type", REQUESTS)
def test_the_names_and_types_are_those_of_the_compiled_definition(learning_type):
    declared = {parameter["Name"]: parameter for parameter in load_definition(learning_type)["Parameters"]}
    found = parameters(learning_type, RunFacts(1, 1, "d", "s3://b/k", "arn:aws:x"))
    types = {"String": str, "Integer": int, "Float": float}
    assert found.keys() <= declared.keys()
    assert {name for name, one in declared.items() if "DefaultValue" not in one} <= found.keys()
    assert all(isinstance(value, types[declared[name]["Type"]]) for name, value in found.items())
    assert all(value in declared[name].get("EnumValues", [value]) for name, value in found.items())


def test_a_value_longer_than_the_service_takes_is_refused():
    with pytest.raises(ParameterError, match="PreviousModelUri: must be at most 1024 characters, got 1025"):
        parameters("unsupervised", RunFacts(1, 1, previous_model_uri="s" * 1025))


def test_the_list_for_the_service_holds_texts():
    found = as_list(parameters("supervised"))
    assert {"Name": "Seed", "Value": "7"} in found
    assert {"Name": "ScoreThreshold", "Value": "-3000.0"} in found
    assert all(one.keys() == {"Name", "Value"} and isinstance(one["Value"], str) for one in found)


def test_no_threshold_survives_as_text():
    values = {one["Name"]: one["Value"] for one in as_list(parameters("unsupervised"))}
    assert float(values["ScoreThreshold"]) == NO_THRESHOLD


def test_names_of_a_run():
    assert run_id(12, 3) == "issue-12-attempt-3"
    assert re.fullmatch("[0-9a-f]{64}", client_request_token("issue-12-attempt-3"))
    assert client_request_token(run_id(1, 11)) != client_request_token(run_id(11, 1))


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("supervised-xgboost-iris", "supervised-xgboost-iris"),
        ("supervised-xgboost-a_b", "supervised-xgboost-a-b-cff465"),
        ("supervised-xgboost-a-", "supervised-xgboost-a-169356"),
        ("s" * 63, "s" * 63),
    ],
    ids=["kept", "underscore", "trailing hyphen", "longest"],
)
def test_group_names(name, legal):
    assert legal_group_name(name) == legal


def test_a_long_group_name_is_cut_to_63_characters():
    assert legal_group_name("s" * 64).startswith("s" * 56 + "-")
    assert len(legal_group_name("s" * 64)) == 63


NAMES = st.from_regex("[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True).map("supervised-random_forest-{}".format)


@given(st.sets(NAMES, min_size=2, max_size=10))
def test_group_names_are_legal_and_stay_different(names):
    legal = {legal_group_name(name) for name in names}
    assert len(legal) == len(names)
    assert all(re.fullmatch("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) and len(name) <= 63 for name in legal)


def test_the_group_of_a_request():
    request = parse_request({**REQUESTS["unsupervised"], "dataset_id": "my_wine"})
    assert model_package_group_name(request) == legal_group_name("unsupervised-kmeans-my_wine")


def test_long_json_fits_a_parameter():
    columns = ["c" * 48] * 19
    request = parse_request({**REQUESTS["supervised"], "preprocessing": {"drop_columns": columns}})
    value = pipeline_parameters(resolve(request), FACTS)["Preprocessing"]
    assert json.loads(value) == {"drop_columns": columns}
    assert 900 < len(value) <= 1000
