"""The algorithms that an issue may name. To add one: write its file, then one line here."""

from __future__ import annotations

from importlib import import_module

from algorithms.base import Algorithm

ALGORITHMS: dict[str, str] = {
    "a2c": "algorithms.a2c:A2C",
    "a3c": "algorithms.a3c:A3C",
    "dbscan": "algorithms.dbscan:DBSCAN",
    "dqn": "algorithms.dqn:DQN",
    "kmeans": "algorithms.kmeans:KMeans",
    "linear_regression": "algorithms.linear_regression:LinearRegression",
    "logistic_regression": "algorithms.logistic_regression:LogisticRegression",
    "neural_network": "algorithms.neural_network:NeuralNetwork",
    "pca": "algorithms.pca:PCA",
    "ppo": "algorithms.ppo:PPO",
    "q_learning": "algorithms.q_learning:QLearning",
    "random_forest": "algorithms.random_forest:RandomForest",
    "tsne": "algorithms.tsne:TSNE",
    "xgboost": "algorithms.xgboost:XGBoost",
}


def algorithm(name: str) -> type[Algorithm]:
    """The class registered under `name`. Light: an algorithm's module imports its library when it trains.

    Raises KeyError for a name that is not registered.
    """
    module, _, attribute = ALGORITHMS[name].partition(":")
    found: type[Algorithm] = getattr(import_module(module), attribute)
    return found
