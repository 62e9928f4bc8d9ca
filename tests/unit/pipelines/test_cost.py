"""Prices here are made up."""

import json

import pytest

from algorithms.errors import ParameterError, PlatformError
from pipelines.cost import Costs
from pipelines.prices import Prices
from pipelines.request import parse_request, resolve

PRICES = Prices("xx-nowhere-1", "2001-02-03", {"processing": {"ml.m5.large": 1.0}, "training": {"ml.m5.large": 2.0}})
BODY = {"learning_type": "supervised", "algorithm": "random_forest", "dataset_id": "iris"}


def request(**given):
    return resolve(parse_request({**BODY, **given}))


def refusal(costs, **given):
    with pytest.raises(ParameterError) as raised:
        costs.check(request(**given))
    (problem,) = raised.value.problems
    assert problem.key == "max_cost_usd"
    return problem.message


def test_the_bound_is_limits_times_jobs_times_attempts():
    costs = Costs(processing_seconds=1800, training_seconds=7200, prices=PRICES)
    assert [part.hours for part in costs.parts(request(max_retry=3))] == [4.0, 8.0]
    assert costs.dollars(request(max_retry=3)) == 4 * 1.0 + 8 * 2.0
    assert costs.dollars(request(max_retry=0)) == 5.0


def test_the_defaults_are_those_of_the_pipelines():
    assert Costs().sentence(request(max_retry=0)) == (
        "On SageMaker at most 26 instance-hours in 1 attempt: 2 h of `ml.m5.large` (Prepare and Evaluate), "
        "24 h of `ml.m5.large` (Train)."
    )


def test_dollars_name_region_and_date():
    told = Costs(prices=PRICES).sentence(request(max_retry=0))
    assert told.endswith("; at most $50.00 for them, by the prices of xx-nowhere-1 on 2001-02-03.")


def test_no_dollars_where_a_price_is_missing():
    assert "$" not in Costs(prices=PRICES).sentence(request(instance_type="ml.c5.xlarge"))


def test_a_budget_that_is_enough():
    Costs(prices=PRICES).check(request(max_retry=0, max_cost_usd=50))
    Costs(prices=PRICES, max_cost_usd=50.0).check(request(max_retry=0))
    Costs(prices=PRICES, max_cost_usd=1.0).check(request(max_retry=0, max_cost_usd=50))  # the issue's own counts


@pytest.mark.parametrize("given", [{"max_cost_usd": 49.99}, {}], ids=["the issue's", "the operator's"])
def test_a_budget_that_is_not_enough_names_all_figures(given):
    told = refusal(Costs(prices=PRICES, max_cost_usd=49.99), max_retry=0, **given)
    assert ("the operator's limit" in told) is not bool(given)
    for figure in (
        "$49.99",
        "$50.00",
        "26 instance-hours",
        "ml.m5.large",
        "2001-02-03",
        "a max_cost_usd of at least 50.00",
    ):
        assert figure in told
    assert "max_retry" not in told
    assert "max_retry" in refusal(Costs(prices=PRICES), max_retry=1, max_cost_usd=1)


def test_the_bound_is_rounded_up():
    costs = Costs(processing_seconds=3600, training_seconds=1, prices=PRICES)  # 2 + 2 / 3600
    assert costs.dollars(request(max_retry=0)) == 2.01
    assert "$2.01" in refusal(costs, max_retry=0, max_cost_usd=2)
    costs.check(request(max_retry=0, max_cost_usd=2.01))


def test_binary_fractions_add_no_cent():
    tenths = Prices(
        "xx-nowhere-1", "2001-02-03", {"processing": {"ml.m5.large": 0.1}, "training": {"ml.m5.large": 0.1}}
    )
    assert Costs(training_seconds=3600, prices=tenths).dollars(request(max_retry=0)) == 0.3


def test_the_wait_for_spot_instances_counts():
    costs = Costs(training_seconds=3600, spot_wait_seconds=7200)
    assert [part.hours for part in costs.parts(request(max_retry=0))] == [2.0, 3.0]
    assert "3 h of `ml.m5.large` (Train, with the wait for spot instances)" in costs.sentence(request(max_retry=0))


def test_each_instance_counts():
    costs = Costs(training_seconds=3600, prices=PRICES)
    assert [part.hours for part in costs.parts(request(max_retry=1, algorithm="xgboost", instance_count=3))] == [
        4.0,
        6.0,
    ]
    assert "a smaller instance_count" in refusal(
        costs, max_retry=0, max_cost_usd=1, algorithm="xgboost", instance_count=3
    )
    assert "instance_count" not in refusal(costs, max_retry=0, max_cost_usd=1)


def test_a_budget_that_cannot_be_checked_is_refused():
    assert "there is no price file" in refusal(Costs(), max_cost_usd=1000)
    assert "or leave max_cost_usd out" in refusal(Costs(), max_cost_usd=1000)
    assert "leave max_cost_usd out" not in refusal(Costs(max_cost_usd=5.0), max_cost_usd=1000)
    assert "leave max_cost_usd out" not in refusal(Costs(max_cost_usd=5.0))
    told = refusal(Costs(prices=PRICES), max_cost_usd=1000, instance_type="ml.c5.xlarge")
    assert "no price, and needed are those of `ml.c5.xlarge` (training)." in told
    assert "python -m pipelines.prices" in told


def test_where_nobody_is_billed_every_budget_is_met():
    free = Costs(prices=PRICES, billed=False)
    free.check(request(max_cost_usd=0.01))
    assert free.sentence(request()).startswith("This run costs nothing on this machine; on SageMaker at most 104 ")


@pytest.mark.parametrize("value", [0, -1, 1_000_001, "ten", True, float("nan"), float("inf")])
def test_a_budget_is_a_number_of_dollars(value):
    with pytest.raises(ParameterError) as raised:
        request(max_cost_usd=value)
    assert [problem.key for problem in raised.value.problems] == ["max_cost_usd"]


class TestEnvironment:
    def test_nothing_set(self):
        assert Costs.from_environment({}) == Costs()

    def test_everything_set(self, tmp_path):
        file = tmp_path / "p.json"
        file.write_text(json.dumps({"region": PRICES.region, "date": PRICES.date, "hourly": PRICES.hourly}))
        spot = {"spot_training": True, "max_spot_wait_seconds": 90}
        limits = {"max_training_seconds": 60, "max_processing_seconds": 30, "kms_key_id": "key", **spot}
        given = {
            "MLOPS_MAX_COST_USD": "12.50",
            "MLOPS_PRICES": str(file),
            "MLOPS_PIPELINE_SETTINGS": json.dumps({**limits, "processing_instance_type": "ml.c5.xlarge"}),
        }
        found = Costs.from_environment(given)
        assert (found.max_cost_usd, found.training_seconds, found.processing_seconds) == (12.5, 60, 30)
        assert (found.processing_instance_type, found.spot_wait_seconds) == ("ml.c5.xlarge", 90)
        assert found.prices is not None
        assert found.prices.of("training", "ml.m5.large") == 2.0

    def test_prices_may_lie_in_the_functions_package(self, tmp_path):
        assert Costs.from_environment({"LAMBDA_TASK_ROOT": str(tmp_path)}).prices is None
        (tmp_path / "prices.json").write_text('{"region": "a", "date": "2001-02-03", "hourly": {"training": {"x": 1}}}')
        assert Costs.from_environment({"LAMBDA_TASK_ROOT": str(tmp_path)}).prices is not None

    def test_nobody_waits_for_spot_instances_that_are_not_asked_for(self):
        assert (
            Costs.from_environment({"MLOPS_PIPELINE_SETTINGS": '{"max_spot_wait_seconds": 90}'}).spot_wait_seconds == 0
        )

    def test_prices_are_of_the_region_where_jobs_run(self, tmp_path):
        file = tmp_path / "p.json"
        file.write_text('{"region": "xx-nowhere-1", "date": "2001-02-03", "hourly": {"training": {"x": 1}}}')
        given = {"MLOPS_PRICES": str(file), "AWS_REGION": "eu-west-1"}
        with pytest.raises(PlatformError, match="must be of eu-west-1, where the jobs run, got prices of xx-nowhere-1"):
            Costs.from_environment(given)
        assert Costs.from_environment(given, billed=False).prices is not None
        assert Costs.from_environment({**given, "AWS_REGION": "xx-nowhere-1"}).prices is not None

    @pytest.mark.parametrize(
        "given",
        [
            {"MLOPS_MAX_COST_USD": "-1"},
            {"MLOPS_MAX_COST_USD": "1e3"},
            {"MLOPS_PRICES": "/no/such/file"},
            {"MLOPS_PIPELINE_SETTINGS": "["},
            {"MLOPS_PIPELINE_SETTINGS": '{"max_training_seconds": -5}'},
            {"MLOPS_PIPELINE_SETTINGS": "[1]"},
        ],
    )
    def test_what_is_wrong_is_told(self, given):
        with pytest.raises(PlatformError):
            Costs.from_environment(given)
