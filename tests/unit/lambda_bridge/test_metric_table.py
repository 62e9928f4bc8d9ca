"""The figures of a model that is evaluated on its training rows."""

from lambda_bridge.metric_table import metrics_table, notes
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
