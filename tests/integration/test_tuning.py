"""Searches through the whole loop: every strategy, a retry with values, what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.command import mlops

BODY = """learning_type: supervised
algorithm: {algorithm}
dataset_id: {dataset}
hyperparameters: {hyperparameters}
{more}
"""


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch):
    monkeypatch.setenv("MLOPS_REPORT", "none")


def run(folder: Path, hyperparameters: str, more: str = "", *options: object, **given: str):
    body = BODY.format(
        hyperparameters=hyperparameters, more=more, **{"algorithm": "random_forest", "dataset": "iris", **given}
    )
    (folder / "issue.md").write_text(body)
    done = mlops("run", folder / "issue.md", "--workspace", folder / "ws", "--json", *options)
    return done.exit_code, json.loads(done.output)


FOREST = "{n_estimators: [3, 20], max_depth: {min: 1, max: 5}, min_samples_leaf: 2}"


@pytest.mark.parametrize("strategy", ["random", "bayesian"])
def test_the_best_of_the_trials_is_trained(tmp_path, strategy):
    code, found = run(tmp_path, FOREST, f"tuning: {{max_trials: 5, strategy: {strategy}}}")
    assert code == 0, found
    (attempt,) = found["attempts"]
    record = json.loads((tmp_path / "ws/github" / found["history"][0]).read_text())
    trials = record["trials"]
    assert len(trials) == 5
    best = max(trials, key=lambda trial: trial["score"])
    assert attempt["hyperparameters"] == {**best["hyperparameters"], "min_samples_leaf": 2} == record["chosen"]
    assert all(trial["hyperparameters"]["n_estimators"] in (3, 20) for trial in trials)
    assert all(1 <= trial["hyperparameters"]["max_depth"] <= 5 for trial in trials)
    assert record["hyperparameters"]["max_depth"] == {"min": 1, "max": 5}
    (result,) = (text for text in found["comments"] if "#### Search" in text)
    assert f"5 trials, {strategy}" in result
    readme = (tmp_path / "ws/github" / found["history"][0]).with_name("README.md").read_text()
    assert "## Search" in readme


def test_what_a_search_found_can_be_reproduced(tmp_path):
    code, found = run(tmp_path, FOREST, "tuning: {max_trials: 3, strategy: random}")
    assert code == 0, found
    record = tmp_path / "ws/github" / found["history"][0]
    again = mlops("reproduce", record, "--workspace", tmp_path / "ws", "--json")
    assert (again.exit_code, json.loads(again.output)["status"]) == (0, "same"), again.output


def test_a_grid_tries_every_combination(tmp_path):
    code, found = run(
        tmp_path,
        "{n_estimators: [3, 20], max_depth: {min: 1, max: 3}}",
        "tuning: {strategy: grid, max_trials: 6}",
    )
    assert code == 0, found
    record = json.loads((tmp_path / "ws/github" / found["history"][0]).read_text())
    assert sorted(
        (t["hyperparameters"]["max_depth"], t["hyperparameters"]["n_estimators"]) for t in record["trials"]
    ) == [(depth, trees) for depth in (1, 2, 3) for trees in (3, 20)]


def test_clusters_are_searched_by_their_silhouette(tmp_path):
    (tmp_path / "issue.md").write_text(
        "learning_type: unsupervised\nalgorithm: kmeans\ndataset_id: wine\nhyperparameters: {k: {min: 2, max: 6}}\n"
        "tuning: {strategy: grid}\n"
    )
    done = mlops("run", tmp_path / "issue.md", "--workspace", tmp_path / "ws", "--json")
    found = json.loads(done.output)
    assert done.exit_code == 0, found
    assert found["attempts"][0]["hyperparameters"]["k"] in (2, 3)


def test_the_same_search_again_finds_the_same(tmp_path):
    more = "tuning: {max_trials: 4}"
    first, second = (run(tmp_path, FOREST, f"{more}\nseed: 7") for _ in range(2))
    assert first[1]["attempts"][0]["hyperparameters"] == second[1]["attempts"][0]["hyperparameters"]
    assert first[1]["attempts"][0]["metrics"] == second[1]["attempts"][0]["metrics"]


OUT_OF_REACH = "task_type: regression\nevaluation_threshold: 0.999\nmax_retry: 1"


def test_below_the_threshold_the_values_found_are_where_the_advice_begins(tmp_path):
    reply = tmp_path / "reply.md"
    reply.write_text("adjusted_hyperparameters: {max_depth: 6, n_estimators: 30}")
    more = f"tuning: {{max_trials: 3}}\n{OUT_OF_REACH}"
    code, found = run(tmp_path, FOREST, more, "--reply", reply, dataset="diabetes")
    assert code == 3, found
    searched, plain = found["attempts"]
    assert isinstance(searched["hyperparameters"]["max_depth"], int)
    assert plain["hyperparameters"] == {"max_depth": 6, "n_estimators": 30, "min_samples_leaf": 2}
    (asked,) = (text for text in found["comments"] if "What to try next" in text)
    suggested = asked.partition("/retrain ")[2].partition("`")[0]
    assert "max_depth=" in suggested
    assert "n_estimators=" in suggested
    assert "[" not in suggested
    assert "#### Search" in asked
    assert sum("#### Search" in text for text in found["comments"]) == 1


def test_a_reply_may_search(tmp_path):
    reply = tmp_path / "reply.md"
    reply.write_text("adjusted_hyperparameters: {max_depth: [6, 7]}")
    code, found = run(tmp_path, "{max_depth: 1}", OUT_OF_REACH, "--reply", reply, dataset="diabetes")
    assert code == 3, found
    assert found["attempts"][0]["hyperparameters"] == {"max_depth": 1}
    assert found["attempts"][1]["hyperparameters"]["max_depth"] in (6, 7)


@pytest.mark.parametrize(
    ("hyperparameters", "more", "key"),
    [
        ("{max_depth: [4]}", "", "hyperparameters.max_depth"),
        ("{max_depth: {min: 9, max: 2}}", "", "hyperparameters.max_depth"),
        ("{max_depth: [4, 0]}", "", "hyperparameters.max_depth"),
        ("{max_depth: 4}", "tuning: {max_trials: 5}", "tuning"),
        ("{max_depth: [4, 5]}", "tuning: {max_trials: 0}", "tuning.max_trials"),
        ("{max_depth: [4, 5]}", "tuning: {strategy: genetic}", "tuning.strategy"),
        ("{max_depth: [4, 5]}", "tuning: {trials: 5}", "tuning.trials"),
        ("{max_features: {min: 0.1, max: 1.0}}", "tuning: {strategy: grid}", "tuning.strategy"),
        ("{max_depth: [4, 5]}", "max_trials: 5", "max_trials"),
    ],
)
def test_a_search_that_cannot_be_is_refused_before_the_start(tmp_path, hyperparameters, more, key):
    code, found = run(tmp_path, hyperparameters, more)
    assert (code, found["status"], found["attempts"]) == (2, "invalid", [])
    assert [problem["key"] for problem in found["problems"]] == [key]


def test_agents_are_not_searched(tmp_path):
    (tmp_path / "issue.md").write_text(
        "learning_type: reinforcement\nalgorithm: ppo\nenvironment: CartPole-v1\n"
        "hyperparameters: {learning_rate: {min: 0.0001, max: 0.01}}\n"
    )
    done = mlops("check", tmp_path / "issue.md")
    assert done.exit_code == 2
    assert "a search cross-validates on training rows, and an agent has none" in done.output
