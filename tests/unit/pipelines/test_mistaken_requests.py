"""Mistaken and hostile requests, as they would stand in an issue: every problem is named, with what to do."""

from __future__ import annotations

import json

import pytest

from algorithms.errors import ParameterError
from algorithms.validation import MOST_UNKNOWN
from lambda_bridge.issue_body import read_body

TABLE = "learning_type: supervised\nalgorithm: xgboost\ndataset_id: iris\n"
FOREST = "learning_type: supervised\nalgorithm: random_forest\ndataset_id: iris\n"
CLUSTERS = "learning_type: unsupervised\nalgorithm: kmeans\ndataset_id: iris\n"
AGENT = "learning_type: reinforcement\nalgorithm: dqn\nenvironment: CartPole-v1\n"

CASES = {
    # which request
    "nothing but a null": ("seed: null", "learning_type algorithm", "learning_type: is missing"),
    "no algorithm": ("learning_type: supervised\ndataset_id: iris", "algorithm", "Add it: one of `a2c`"),
    "no learning type": ("algorithm: xgboost\ndataset_id: iris", "learning_type", "learning_type: is missing"),
    "no dataset": ("learning_type: supervised\nalgorithm: xgboost", "dataset_id", "required for supervised learning"),
    "no environment": ("learning_type: reinforcement\nalgorithm: ppo", "environment", "Add it: one of `Acrobot-v1`"),
    "empty required key": ("learning_type:\nalgorithm: pca\ndataset_id: iris", "learning_type", "is missing"),
    "learning type misspelled": (TABLE.replace("supervised", "superviced"), "learning_type", "mean `supervised`?"),
    "learning type is a list": (TABLE.replace("supervised", "[a, 1]"), "learning_type", 'got ["a", 1]'),
    "algorithm misspelled": (TABLE.replace("xgboost", "XGBost"), "algorithm", "Did you mean `xgboost`?"),
    "algorithm with a hyphen": (FOREST.replace("m_f", "m-f"), "algorithm", "Did you mean `random_forest`?"),
    "algorithm is a mapping": (TABLE.replace("xgboost", "{a: 1}"), "algorithm", "got a mapping of 1 keys"),
    "algorithm is a path": (TABLE.replace("xgboost", "../../etc/passwd"), "algorithm", 'got "../../etc/passwd"'),
    "algorithm of another type": (TABLE.replace("xgboost", "kmeans"), "algorithm", "choose one of linear_regression"),
    "task of another algorithm": (f"{TABLE}task_type: clustering", "task_type", "classification or regression"),
    "task misspelled": (f"{TABLE}task_type: regresion", "task_type", "Did you mean `regression`?"),
    "metric without a meaning": (
        CLUSTERS.replace("kmeans", "tsne") + "evaluation_metric: explained_variance", "evaluation_metric",
        'has no meaning for tsne, got "explained_variance". Choose one of trustworthiness.',
    ),
    "metric of another task, of one without all metrics": (
        CLUSTERS.replace("kmeans", "tsne") + "evaluation_metric: silhouette", "evaluation_metric",
        'got "silhouette". Choose one of trustworthiness, or another task_type or algorithm.',
    ),
    "rows dropped that are evaluated": (
        CLUSTERS.replace("kmeans", "dbscan") + "preprocessing: {missing: drop}", "preprocessing.missing",
        "drop would leave rows without a result, got `drop` with dbscan",
    ),
    # names
    "dataset in capitals": (TABLE.replace("iris", "Iris"), "dataset_id", 'got "Iris"'),
    "dataset is a path": (TABLE.replace("iris", "../secret"), "dataset_id", "1 to 64 lower-case letters"),
    "dataset is a number": (TABLE.replace("iris", "12"), "dataset_id", 'Put it in quotes: "12".'),
    "dataset with a line end": (TABLE.replace("iris", '"iris\\n"'), "dataset_id", r'got "iris\n"'),
    "dataset too long": (TABLE.replace("iris", "i" * 65), "dataset_id", "…"),
    "target is a number": (f"{TABLE}target: 2020", "target", 'Put it in quotes: "2020".'),
    "target is empty": (f"{TABLE}target: ''", "target", "1 to 256 characters"),
    "target too long": (f"{TABLE}target: {'t' * 257}", "target", "1 to 256 characters"),
    "target with a tab": (f'{TABLE}target: "a\\tb"', "target", "without control characters"),
    "sensitive column twice": (f"{TABLE}sensitive_columns: [a, a]", "sensitive_columns", "names a column twice, got"),
    "sensitive target": (f"{TABLE}target: a\nsensitive_columns: [a]", "sensitive_columns", "names the target, got"),
    "six sensitive columns": (f"{TABLE}sensitive_columns: [a, b, c, d, e, f]", "sensitive_columns", "at most 5 column"),
    "sensitive columns of clusters": (
        f"{CLUSTERS}sensitive_columns: [a]", "sensitive_columns", "is not for unsupervised learning",
    ),
    "sensitive columns of an agent": (
        f"{AGENT}sensitive_columns: [a]", "sensitive_columns", "is not for reinforcement learning",
    ),
    "environment misspelled": (AGENT.replace("CartPole", "Cartpole"), "environment", "Did you mean `CartPole-v1`?"),
    "environment not allowed": (AGENT.replace("CartPole-v1", "os:system"), "environment", 'got "os:system"'),
    # keys of another learning type, unknown keys, keys in the wrong place
    "environment on a table": (f"{TABLE}environment: CartPole-v1", "environment", "is not for supervised learning"),
    "target of clusters": (f"{CLUSTERS}target: species", "target", "is not for unsupervised learning"),
    "dataset of an agent": (f"{AGENT}dataset_id: iris", "dataset_id", "is not for reinforcement learning"),
    "preprocessing of an agent": (f"{AGENT}preprocessing: {{}}", "preprocessing", "got an empty mapping. Remove it."),
    "unknown key": (f"{TABLE}colour: red", "colour", "Known are: learning_type"),
    "unknown keys without a value": (
        f"{TABLE}colour:\nhyperparameters: {{depth: }}\npreprocessing: {{fill: ~}}",
        "colour preprocessing.fill hyperparameters.depth", "colour: is not a key, got null.",
    ),
    "misspelled key": (f"{TABLE}max_retries: 2", "max_retries", "Did you mean `max_retry`?"),
    "key with a space": (f"{TABLE}Max Retry: 2", '"Max Retry"', "Did you mean `max_retry`?"),
    "key with an escape": (f'{TABLE}"a\\u200bb": 2', '"a\\u200bb"', "is not a key"),
    "hyperparameter at the top": (f"{TABLE}max_depth: 3", "max_depth", "belongs under `hyperparameters:`"),
    "preprocessing at the top": (f"{TABLE}scaling: none", "scaling", "belongs under `preprocessing:`"),
    "seed under hyperparameters": (f"{TABLE}hyperparameters: {{seed: 1}}", "hyperparameters.seed", "at the top"),
    # metric and threshold
    "metric misspelled": (f"{TABLE}evaluation_metric: acuracy", "evaluation_metric", "Did you mean `accuracy`?"),
    "metric of another task": (f"{TABLE}evaluation_metric: silhouette", "evaluation_metric", "belongs to clustering"),
    "metric against the task": (
        f"{TABLE}task_type: regression\nevaluation_metric: f1", "evaluation_metric", "Choose one of r2, rmse",
    ),
    "metric of the learning type": (
        "learning_type: unsupervised\nalgorithm: kmean\ndataset_id: a\nevaluation_metric: r2",
        "algorithm evaluation_metric", "clustering or dimensionality_reduction",
    ),
    "threshold is a text": (f"{TABLE}evaluation_threshold: high", "evaluation_threshold", 'got "high"'),
    "threshold in quotes": (f"{TABLE}evaluation_threshold: '0.9'", "evaluation_threshold", "without quotes"),
    "threshold with a comma": (f"{TABLE}evaluation_threshold: 0,9", "evaluation_threshold", "a finite number"),
    "threshold in percent": (f"{TABLE}evaluation_threshold: 90%", "evaluation_threshold", 'got "90%"'),
    "threshold nan": (f"{TABLE}evaluation_threshold: .nan", "evaluation_threshold", "must be a finite number, got NaN"),
    "threshold infinite": (f"{TABLE}evaluation_threshold: -.inf", "evaluation_threshold", "a finite number"),
    "threshold overflows": (f"{TABLE}evaluation_threshold: 1e999", "evaluation_threshold", "a finite number"),
    "threshold below undefined": (f"{TABLE}evaluation_threshold: -1.7e308", "evaluation_threshold", "-1e+308"),
    "threshold true": (f"{TABLE}evaluation_threshold: true", "evaluation_threshold", "got true"),
    # numbers of the request
    "retry too often": (f"{TABLE}max_retry: 6", "max_retry", "from 0 to 5, got 6. The nearest valid value is 5."),
    "retry negative": (f"{TABLE}max_retry: -1", "max_retry", "The nearest valid value is 0."),
    "retry in halves": (f"{TABLE}max_retry: 2.0", "max_retry", "a whole number from 0 to 5, got 2.0"),
    "retry true": (f"{TABLE}max_retry: true", "max_retry", "got true"),
    "seed too large": (f"{TABLE}seed: 4294967296", "seed", "The nearest valid value is 4294967295."),
    "seed of forty digits": (f"{TABLE}seed: {'9' * 40}", "seed", "a whole number from 0"),
    "seed is a time": (f"{TABLE}seed: 1:30", "seed", 'got "1:30"'),
    "instance misspelled": (f"{TABLE}instance_type: ml.m5.larg", "instance_type", "Did you mean `ml.m5.large`?"),
    "instance too dear": (f"{TABLE}instance_type: ml.p5.48xlarge", "instance_type", "docs/reference/instances.md"),
    "too many instances": (f"{TABLE}instance_count: 17", "instance_count", "The nearest valid value is 16."),
    "no instance": (f"{TABLE}instance_count: 0", "instance_count", "a whole number from 1 to 16, got 0"),
    "instances in quotes": (f"{TABLE}instance_count: '2'", "instance_count", "without quotes"),
    "instances of an algorithm for one": (
        f"{FOREST}instance_count: 2", "instance_count", "must be 1 for random_forest, which trains on one instance",
    ),
    "instances of an agent": (f"{AGENT}instance_count: 2", "instance_count", "Leave it out, or choose xgboost."),
    "instances for a search": (
        f"{TABLE}instance_count: 2\nhyperparameters: {{max_depth: [3, 4]}}", "instance_count", "must be 1 for a search",
    ),
    "instances with target encoding": (
        f"{TABLE}instance_count: 2\npreprocessing: {{encoding: target}}", "instance_count", "looks at all rows at once",
    ),
    # hyperparameters
    "hyperparameters are a list": (f"{TABLE}hyperparameters: [1]", "hyperparameters", "must be a mapping"),
    "hyperparameters are a text": (f"{TABLE}hyperparameters: deep", "hyperparameters", "must be a mapping"),
    "hyperparameter misspelled": (
        f"{TABLE}hyperparameters: {{max_dept: 3}}", "hyperparameters.max_dept", "Did you mean `max_depth`?",
    ),
    "hyperparameter of another": (
        f"{TABLE}hyperparameters: {{k: 3}}", "hyperparameters.k", "is not a hyperparameter of xgboost, got 3.",
    ),
    "zero depth": (
        f"{TABLE}hyperparameters: {{max_depth: 0}}", "hyperparameters.max_depth", "The nearest valid value is 1.",
    ),
    "depth in quotes": (f"{TABLE}hyperparameters: {{max_depth: '3'}}", "hyperparameters.max_depth", "without quotes"),
    "rate of nothing": (
        f"{TABLE}hyperparameters: {{learning_rate: 0}}", "hyperparameters.learning_rate", "greater than 0, at most 1",
    ),
    "number or name": (
        f"{FOREST}hyperparameters: {{max_features: sqr}}", "hyperparameters.max_features", "Did you mean `sqrt`?",
    ),
    "hyperparameters although the rest is wrong": (
        "algorithm: pca\ndataset_id: A\nhyperparameters: {num_components: 0}",
        "learning_type dataset_id hyperparameters.num_components", "The nearest valid value is 1.",
    ),
    "episodes and steps": (
        f"{AGENT}hyperparameters: {{num_episodes: 5, total_timesteps: 5}}", "hyperparameters.num_episodes", "Keep one",
    ),
    "episodes and steps, one wrong": (
        f"{AGENT}hyperparameters: {{num_episodes: 0, total_timesteps: 5}}",
        "hyperparameters.num_episodes hyperparameters.num_episodes", "Keep one of them.",
    ),
    "hyperparameters that do not fit each other": (
        f"{AGENT.replace('dqn', 'ppo')}hyperparameters: {{n_steps: 2, n_envs: 1}}", "hyperparameters", "batch_size",
    ),
    "actions that dqn cannot take": (
        AGENT.replace("CartPole-v1", "Pendulum-v1"), "environment", "has continuous actions, which dqn cannot take",
    ),
    "observations that q_learning cannot take": (
        AGENT.replace("dqn", "q_learning"), "environment",
        "has continuous observations, which q_learning cannot take, got \"CartPole-v1\". Choose one of CliffWalking-v1",
    ),
    # preprocessing
    "preprocessing is a text": (f"{TABLE}preprocessing: all", "preprocessing", "must be a mapping"),
    "preprocessing misspelled": (
        f"{TABLE}preprocessing: {{mising: mean, missing: avg}}",
        "preprocessing.mising preprocessing.missing", "Did you mean `missing`?",
    ),
    "encoding with a hyphen": (
        f"{TABLE}preprocessing: {{encoding: one-hot}}", "preprocessing.encoding", "Did you mean `one_hot`?",
    ),
    "target encoding of clusters": (
        f"{CLUSTERS}preprocessing: {{encoding: target}}", "preprocessing.encoding", "Choose one_hot or ordinal.",
    ),
    "columns as a text": (
        f"{TABLE}preprocessing: {{drop_columns: id}}", "preprocessing.drop_columns", "a list of at most 200 entries",
    ),
    "columns that are numbers": (
        f"{TABLE}preprocessing: {{drop_columns: [1, 2]}}", "preprocessing.drop_columns", "each a text, got [1, 2]",
    ),
    "dropped target": (
        f"{TABLE}target: y\npreprocessing: {{drop_columns: [y]}}", "preprocessing.drop_columns", "names the target",
    ),
    "too many columns": (
        f"{TABLE}preprocessing: {{drop_columns: [{'a, ' * 201}]}}", "preprocessing.drop_columns", "at most 200",
    ),
    "preprocessing too long": (
        f"{TABLE}preprocessing: {{drop_columns: [{'a' * 1001}]}}", "preprocessing", "at most 1000 characters as JSON",
    ),
    # text that would do harm where it is shown
    "mention and markup": (f"{TABLE}task_type: '@all <b>`x`'", "task_type", "got \"@all <b>'x'\""),
    "terminal escape": (f'{TABLE}task_type: "a\\tb"', "task_type", r'got "a\tb"'),
    "long value": (f"{TABLE}task_type: {'x' * 5000}", "task_type", "…"),
    "right to left": (f"{TABLE}task_type: 'a\u202eb'", "task_type", r'got "a\u202eb"'),
}  # fmt: skip


@pytest.mark.parametrize(("body", "keys", "message"), CASES.values(), ids=CASES)
def test_names_every_problem(body, keys, message):
    with pytest.raises(ParameterError) as caught:
        read_body(body)
    problems = caught.value.problems
    assert [problem.key for problem in problems] == (keys.split() if keys[0] != '"' else [keys])
    assert message in str(caught.value)
    assert all(len(problem.message) < 500 and problem.message.isprintable() for problem in problems)
    json.dumps([problem.to_dict() for problem in problems], allow_nan=False).encode()


def test_many_mistakes_are_told_together():
    body = """
        learning_type: supervised
        algorithm: xgboost
        datset_id: iris
        seed: -1
        max_retry: lots
        evaluation_metric: silhouette
        evaluation_threshold: .inf
        preprocessing: {missing: avg, scale: none}
        hyperparameters: {max_depth: 0, n_estimator: 5, learning_rate: fast}
        """
    with pytest.raises(ParameterError) as caught:
        read_body(body)
    assert {problem.key for problem in caught.value.problems} == {
        *("datset_id", "dataset_id", "seed", "max_retry", "evaluation_metric", "evaluation_threshold"),
        *("preprocessing.missing", "preprocessing.scale"),
        *("hyperparameters.max_depth", "hyperparameters.n_estimator", "hyperparameters.learning_rate"),
    }


def test_hundreds_of_unknown_keys_are_counted():
    with pytest.raises(ParameterError) as caught:
        read_body(TABLE + "".join(f"key{i}: {i}\n" for i in range(900)))
    assert len(caught.value.problems) == MOST_UNKNOWN + 1
    assert "850 more keys are unknown too" in str(caught.value)
