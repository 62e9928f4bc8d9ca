"""Random forest: threads change nothing, and parameters reach the trees."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from algorithms.errors import ParameterError
from algorithms.random_forest import RandomForest, RandomForestParams


def test_it_is_the_forest_that_one_thread_grows(sample_tables):
    train, test = sample_tables("breast_cancer", "classification")
    model = RandomForest(RandomForestParams(n_estimators=20), seed=5).fit(train)
    X = model.features.transform(train.X)
    alone = RandomForestClassifier(20, random_state=5, n_jobs=1).fit(X, train.y)
    rows = model.features.transform(test.X)
    np.testing.assert_array_equal(model.probabilities(rows), alone.predict_proba(rows))


@pytest.mark.parametrize(
    ("max_features", "task_type", "expected"),
    [
        (None, "classification", "sqrt"),
        (None, "regression", 1.0),
        (0.5, "regression", 0.5),
        ("log2", "classification", "log2"),
    ],
)
def test_max_features_depends_on_the_task(max_features, task_type, expected):
    params = RandomForestParams(n_estimators=1, max_features=max_features)
    forest = RandomForest(params).train(np.eye(4), np.array([0, 1, 0, 1]), task_type)
    assert forest.max_features == expected


def test_class_weights_need_classes(sample_tables):
    train, _ = sample_tables("diabetes", "regression")
    with pytest.raises(ParameterError, match=r"class_weight: is for classification only") as caught:
        RandomForest(RandomForestParams(class_weight="balanced")).fit(train)
    assert caught.value.problems[0].key == "hyperparameters.class_weight"
