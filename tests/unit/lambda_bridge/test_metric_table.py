"""The figures of a model that is evaluated on its training rows."""

import pytest

from lambda_bridge.metric_table import comparison_note, metrics_table, notes, too_good
from pipelines.request import parse_request

REQUEST = {"learning_type": "unsupervised", "dataset_id": "iris"}
PRIMARY = {"name": "silhouette", "value": 0.5, "score": 0.5}
EVALUATION = {"metrics": {"primary": PRIMARY, "silhouette": 0.5}, "train": {"primary": None}, "n": 120}


def test_it_says_which_rows_were_evaluated_and_why():
    request = parse_request({**REQUEST, "algorithm": "dbscan"})
    header = metrics_table(request, EVALUATION).splitlines()[0]
    assert header == "| metric | training (120 rows) | dummy baseline | previous version |"
    said = notes(request, {**EVALUATION, "notes": ["2 clusters @ada"]})
    assert said.startswith(
        "Evaluated on its training rows: DBSCAN assigns no cluster to rows that it has not seen. 2 cl"
    )
    assert "@ada" not in said


def test_other_algorithms_say_nothing_of_it():
    request = parse_request({**REQUEST, "algorithm": "kmeans"})
    assert "| test (120 rows) | training |" in metrics_table(request, EVALUATION)
    assert notes(request, EVALUATION) == ""


@pytest.mark.parametrize(
    ("name", "difference", "interval", "told"),
    [
        (
            "accuracy",
            0.03,
            [0.01, 0.05],
            "accuracy is 0.03 better (95 % interval 0.01 better to 0.05 better): more than chance.",
        ),
        (
            "accuracy",
            0.03,
            [-0.01, 0.07],
            "accuracy is 0.03 better (95 % interval 0.01 worse to 0.07 better): that may be chance.",
        ),
        ("rmse", -2.0, [-3.0, -1.0], "rmse is 2 worse (95 % interval 3 worse to 1 worse): more than chance."),
        ("accuracy", 0, [0, 0], "accuracy is equal (95 % interval equal to equal): that may be chance."),
        ("accuracy", 0.03, None, ""),
        ("accuracy", None, None, ""),
    ],
)
def test_the_comparison_says_whether_it_is_more_than_chance(name, difference, interval, told):
    comparison = {"primary": {"name": name, "value": 1}, "difference": difference, "ci95": interval, "n": 30}
    found = comparison_note({"n": 30, "comparison": comparison})
    assert found == (f"Against the previous version, {told}" if told else "")
    assert comparison_note({"n": 40, "comparison": comparison}).endswith(found)


@pytest.mark.parametrize(
    ("metric", "value", "n", "told"),
    [
        ("accuracy", 1.0, 100, "⚠️ A perfect score on 100 test rows is rare. Look for a column that tells the answer"),
        ("rmse", 0.0, 400, "⚠️ A perfect score on 400 test rows is rare."),
        ("accuracy", 1.0, 36, "A perfect score on 36 test rows may be luck"),
        ("accuracy", 0.9999, 400, ""),
        ("rmse", 1.0, 400, ""),
        ("accuracy", None, 400, ""),
    ],
)
def test_a_perfect_score_is_called_out(metric, value, n, told):
    request = parse_request({"learning_type": "supervised", "dataset_id": "iris", "algorithm": "random_forest"})
    evaluation = {"metrics": {"primary": {"name": metric, "value": value}}, "n": n}
    found = too_good(request, evaluation)
    assert found.startswith(told)
    assert bool(found) is bool(told)


def test_clusters_and_agents_may_be_perfect():
    clusters = parse_request({**REQUEST, "algorithm": "kmeans"})
    assert too_good(clusters, {"metrics": {"primary": {"name": "silhouette", "value": 1.0}}, "n": 500}) == ""
