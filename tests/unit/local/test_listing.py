from __future__ import annotations

import pytest

from algorithms.errors import ParameterError
from algorithms.registry import ALGORITHMS, algorithm
from local.listing import list_algorithms, list_hyperparameters


def test_every_algorithm_has_a_line():
    lines = list_algorithms().splitlines()
    assert [line.split()[0] for line in lines] == list(ALGORITHMS)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_hyperparameter_is_told_with_its_default_and_source(name):
    text = list_hyperparameters(name)
    for field in algorithm(name).params_model.model_fields:
        assert f"\n{field} = " in text
    assert text.count("Source of the default: ") == len(algorithm(name).params_model.model_fields)
    assert "Source of the default: none\n" not in f"{text}\n"


def test_a_misspelt_name_gets_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean `random_forest`"):
        list_hyperparameters("randomforest")


def test_a_name_far_from_all_gets_the_list():
    with pytest.raises(ParameterError, match="Known are: a2c, a3c, dbscan, dqn"):
        list_hyperparameters("zzzz")
