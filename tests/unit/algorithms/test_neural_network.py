"""Neural network: epochs, the stopping rule, and targets in their own unit."""

import numpy as np
import pandas as pd
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from algorithms.base import Table
from algorithms.errors import ParameterError
from algorithms.neural_network import NeuralNetwork, NeuralNetworkParams
from algorithms.params import Preprocessing


def test_epochs_are_told_until_the_loss_no_longer_falls(sample_tables):
    train, _ = sample_tables("iris", "classification")
    told = []
    model = NeuralNetwork(NeuralNetworkParams(max_iter=500, tol=0.5, n_iter_no_change=3))
    model.on_progress = lambda *step: told.append(step)
    model.fit(train)
    assert told == [(epoch, 500, "epoch") for epoch in range(1, len(told) + 1)]
    losses = model._estimator.loss_curve_
    assert len(losses) == len(told) < 500
    assert min(losses[-4:]) > min(losses[:-4]) - 0.5


def test_it_stops_about_where_scikit_learns_fit_stops(sample_tables):
    train, test = sample_tables("wine", "classification")
    model = NeuralNetwork(NeuralNetworkParams(max_iter=1_000, tol=0.01, learning_rate_init=0.01)).fit(train)
    X = model.features.transform(train.X)
    plain = MLPClassifier(max_iter=1_000, tol=0.01, learning_rate_init=0.01, random_state=0).fit(X, train.y)
    assert len(model._estimator.loss_curve_) == pytest.approx(plain.n_iter_, abs=3)
    assert model.evaluate(test).metrics["accuracy"] == pytest.approx(
        plain.score(model.features.transform(test.X), test.y), abs=0.03
    )


def test_large_targets_are_learned_in_their_own_unit(sample_tables):
    train, test = sample_tables("diabetes", "regression")

    def scaled(data):
        return Table(data.X, data.y * 1e6 + 1e9, data.schema)

    small = NeuralNetwork().fit(train).predict(test.X)
    large = NeuralNetwork().fit(scaled(train)).predict(test.X)
    np.testing.assert_allclose((large - 1e9) / 1e6, small, rtol=0.01, atol=1)


def test_a_constant_target_is_predicted(sample_tables):
    train, test = sample_tables("diabetes", "regression")
    constant = Table(train.X, pd.Series(7.0, index=train.X.index), train.schema)
    model = NeuralNetwork(NeuralNetworkParams(max_iter=50)).fit(constant)
    assert abs(model.predict(test.X) - 7).mean() < 0.5


def test_a_training_that_diverges_is_told_with_advice(sample_tables):
    train, _ = sample_tables("wine", "classification")
    huge = Table(train.X.map(lambda value: float(value) * 1e60), train.y, train.schema)
    with pytest.raises(ParameterError) as caught:
        NeuralNetwork(preprocessing=Preprocessing(scaling="none")).fit(huge)
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == ("hyperparameters.learning_rate_init", 0.001)
    assert "the training diverged, got 0.001. Choose `scaling: standard`" in problem.message


def test_another_refusal_by_scikit_learn_stays_a_defect():
    model = NeuralNetwork()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model._epoch(MLPRegressor().partial_fit([[1.0]], [1.0]), [[1.0]], np.ones(2))
