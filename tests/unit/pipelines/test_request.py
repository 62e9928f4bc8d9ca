"""The training request: valid ones, what is settled for them, and anything else as input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.errors import ParameterError
from algorithms.metrics import METRICS, NO_THRESHOLD
from algorithms.registry import ALGORITHMS, algorithm
from pipelines.instances import DEFAULT_INSTANCE_TYPE, INSTANCE_TYPES
from pipelines.request import TrainingRequest, canonical_json, parse_request, resolve

TABLE = {"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "iris"}
AGENT = {"learning_type": "reinforcement", "algorithm": "ppo", "environment": "CartPole-v1"}


def smallest(name: str) -> dict[str, str]:
    """The shortest request for an algorithm."""
    learning_type = algorithm(name).learning_type()
    subject = {"environment": "FrozenLake-v1"} if learning_type == "reinforcement" else {"dataset_id": "iris"}
    return {"learning_type": learning_type, "algorithm": name, **subject}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_shortest_request_of_every_algorithm_is_settled(name):
    request = resolve(parse_request(smallest(name)))
    assert request.task_type in algorithm(name).task_types
    assert request.evaluation_metric == algorithm(name).metrics(request.task_type)[0]
    assert request.instance_type == DEFAULT_INSTANCE_TYPE[request.learning_type]
    assert request.score_threshold() == NO_THRESHOLD
    assert request.params() == algorithm(name).params_model()
    assert (request.max_retry, request.seed, request.hyperparameters) == (3, 0, {})


def test_hyperparameters_hold_what_was_given_and_params_everything():
    request = parse_request({**TABLE, "hyperparameters": {"max_depth": 3, "learning_rate": 1, "gamma": None}})
    assert request.hyperparameters == {"max_depth": 3, "learning_rate": 1}
    assert request.params() == algorithm("xgboost").params_model(max_depth=3, learning_rate=1)


def test_empty_values_mean_the_default():
    empty = {"target": None, "hyperparameters": None, "preprocessing": {"missing": None}, "environment": None}
    assert parse_request({**TABLE, **empty}).model_dump() == parse_request(TABLE).model_dump()


def test_a_request_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        parse_request(TABLE).seed = 1


@pytest.mark.parametrize(
    ("given", "metadata", "task", "note"),
    [
        ({"task_type": "regression"}, {"task_type": "classification"}, "regression", None),
        ({"algorithm": "linear_regression"}, {"task_type": "classification"}, "regression", "the only one that fits"),
        ({}, {"task_type": "regression"}, "regression", "from the dataset's metadata.json"),
        ({}, {"task_type": "clustering"}, "classification", "`task_type: regression` asks for another"),
        ({}, {"task_type": ["damaged"]}, "classification", "the default"),
        ({}, {}, "classification", "the default"),
        ({}, None, "classification", "the default"),
    ],
    ids=["asked for", "only one", "metadata", "metadata of another", "damaged metadata", "empty metadata", "none"],
)
def test_the_task_is_settled_and_told(given, metadata, task, note):
    request = resolve(parse_request({**TABLE, **given}), metadata)
    assert request.task_type == task
    assert any(note in sentence for sentence in request.notes) if note else "task_type" not in "".join(request.notes)


def test_a_metric_that_does_not_fit_the_settled_task_is_refused():
    request = parse_request({**TABLE, "evaluation_metric": "rmse"})
    assert resolve(request, {"task_type": "regression"}).evaluation_metric == "rmse"
    with pytest.raises(ParameterError, match="belongs to regression, but the task is classification"):
        resolve(request)


@pytest.mark.parametrize(
    ("given", "threshold"),
    [
        ({"evaluation_metric": "rmse", "task_type": "regression", "evaluation_threshold": 3000}, -3000.0),
        ({"evaluation_metric": "r2", "task_type": "regression", "evaluation_threshold": 0.5}, 0.5),
        ({"evaluation_threshold": 0}, 0.0),
        ({}, NO_THRESHOLD),
    ],
)
def test_the_threshold_is_turned_so_that_greater_is_better(given, threshold):
    found = resolve(parse_request({**TABLE, **given})).score_threshold()
    assert found == threshold
    assert isinstance(found, float)


@pytest.mark.parametrize(
    ("metric", "threshold", "warned"),
    [("accuracy", 90, True), ("accuracy", 1, False), ("rmse", -1, True), ("rmse", 0, False)],
)
def test_a_threshold_out_of_reach_is_told(metric, threshold, warned):
    keys = {"evaluation_metric": metric, "task_type": METRICS[metric].task_type, "evaluation_threshold": threshold}
    assert ("out of reach" in "".join(resolve(parse_request({**TABLE, **keys})).notes)) is warned


def test_rewards_have_no_best_value():
    assert "out of reach" not in "".join(resolve(parse_request({**AGENT, "evaluation_threshold": 1e6})).notes)


def test_canonical_json_does_not_depend_on_the_order():
    assert canonical_json({"b": 1.5, "a": "é"}) == canonical_json({"a": "é", "b": 1.5}) == '{"a":"é","b":1.5}'


def test_canonical_json_of_a_model_holds_what_was_given():
    request = parse_request({**TABLE, "preprocessing": {"scaling": "standard"}})
    assert canonical_json(request.preprocessing) == '{"scaling":"standard"}'


def test_instance_types_are_those_of_the_service():
    import botocore.session

    service = botocore.session.get_session().get_service_model("sagemaker")
    assert set(INSTANCE_TYPES) <= set(service.shape_for("TrainingInstanceType").enum)
    assert set(DEFAULT_INSTANCE_TYPE.values()) <= set(INSTANCE_TYPES)


@pytest.mark.parametrize("key", ["seed", "max_retry", "evaluation_threshold", "target", "algorithm"])
def test_an_integer_too_long_to_print_is_refused(key):
    with pytest.raises(ParameterError) as caught:
        parse_request({**TABLE, key: 10**5000})
    assert [problem.key for problem in caught.value.problems] == [key]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=5)
    | st.sampled_from(["supervised", "xgboost", "ppo", "iris", "CartPole-v1", "rmse", "target", "regression"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["max_depth", "num_episodes", "total_timesteps", "encoding", "x"]), inner),
    max_leaves=6,
)  # fmt: skip
KEYS = st.sampled_from(list(TrainingRequest.model_fields)) | st.text(max_size=3) | st.integers()


@settings(max_examples=150, deadline=2000)
@given(st.sampled_from([{}, TABLE, AGENT]), st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_mapping_is_a_request_or_a_parameter_error(base, keys):
    try:
        found = parse_request({**base, **keys}).learning_type
    except ParameterError as error:
        found = str(error).encode()
    assert found


def test_the_description_names_the_algorithms_for_several_instances():
    able = [name for name in ALGORITHMS if algorithm(name).distributed]
    description = TrainingRequest.model_fields["instance_count"].description or ""
    assert able == ["xgboost"]
    assert all(f"`{name}`" in description for name in able)
