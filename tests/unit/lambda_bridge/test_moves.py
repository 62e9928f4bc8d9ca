from __future__ import annotations

from itertools import islice

from lambda_bridge.moves import default_budget, moves, onward, restored, tries
from pipelines.request import parse_request


def request(algorithm):
    agents = {"learning_type": "reinforcement", "environment": "CartPole-v1"}
    tables = {"learning_type": "supervised", "dataset_id": "iris"}
    return parse_request({**(agents if algorithm in ("ppo", "dqn") else tables), "algorithm": algorithm})


MORE = {"capacity": 1, "effort": 1, "regularisation": -1}
LESS = {"regularisation": 1, "capacity": -1}


class TestMoves:
    def test_one_field_of_each_kind_together_then_one_by_one_then_in_larger_steps(self):
        assert list(islice(moves(request("xgboost"), {}, LESS), 5)) == [
            {"min_child_weight": 4.0, "max_depth": 3},
            {"min_child_weight": 4.0},
            {"reg_lambda": 4.0},
            {"max_depth": 3},
            {"min_child_weight": 16.0, "max_depth": 2},
        ]

    def test_no_limit_can_only_be_made_smaller(self):
        assert all("max_depth" not in changes for changes in moves(request("random_forest"), {}, {"capacity": 1}))
        assert {"max_depth": 8} in list(moves(request("random_forest"), {}, {"capacity": -1}))

    def test_values_stay_within_their_bounds(self):
        assert list(moves(request("xgboost"), {"max_depth": 30}, {"capacity": 1})) == []
        assert list(moves(request("xgboost"), {"max_depth": 1}, {"capacity": -1})) == []
        assert list(moves(request("logistic_regression"), {"C": 5e-324}, {"capacity": -1})) == []
        assert next(moves(request("xgboost"), {"max_depth": 20}, {"capacity": 1})) == {"max_depth": 30}

    def test_zero_steps_to_the_default_or_stays(self):
        assert next(moves(request("linear_regression"), {"alpha": 0.0}, {"regularisation": 1})) == {"alpha": 1.0}
        assert list(moves(request("linear_regression"), {"alpha": 0.0}, {"regularisation": -1})) == []

    def test_layers_grow_together(self):
        wider = next(moves(request("neural_network"), {"hidden_layer_sizes": [10, 3_000]}, {"capacity": 1}))
        assert wider == {"hidden_layer_sizes": [20, 4_096]}
        assert list(moves(request("neural_network"), {"hidden_layer_sizes": [4_096]}, {"capacity": 1})) == []

    def test_an_agent_keeps_the_budget_it_was_given(self):
        assert next(moves(request("dqn"), {}, {"effort": 1})) == {"total_timesteps": 100_000}
        assert next(moves(request("dqn"), {"total_timesteps": 10}, {"effort": 1})) == {"total_timesteps": 20}
        assert next(moves(request("dqn"), {"num_episodes": 10}, {"effort": 1})) == {"num_episodes": 20}


class TestRestored:
    def test_only_what_was_given_and_lies_in_that_direction(self):
        base = {"n_estimators": 5, "max_depth": 1, "min_samples_split": 9}
        defaults = {"n_estimators": 100, "max_depth": None, "min_samples_split": 2}
        assert restored(request("random_forest"), base, MORE) == defaults
        assert restored(request("random_forest"), {"n_estimators": 500}, MORE) == {}
        assert restored(request("random_forest"), base, LESS) == {}
        assert restored(request("random_forest"), {"max_depth": None}, MORE) == {}
        assert restored(request("random_forest"), {"min_samples_leaf": 1, "max_depth": 50}, LESS) == {}

    def test_lists_have_no_direction(self):
        assert restored(request("neural_network"), {"hidden_layer_sizes": [5]}, MORE) == {}


class TestTries:
    def test_both_ways_the_nearest_first(self):
        found = list(tries(request("xgboost"), {"learning_rate": 0.1}))
        assert found == [{"learning_rate": rate} for rate in (0.2, 0.05, 0.4, 0.025, 0.8, 0.0125)]
        assert {"learning_rate": 1.0} not in tries(request("xgboost"), {"learning_rate": 1.0})
        clusters = parse_request({"learning_type": "unsupervised", "algorithm": "kmeans", "dataset_id": "iris"})
        assert list(islice(tries(clusters, {"k": 2}), 2)) == [{"k": 3}, {"k": 4}]
        assert next(tries(clusters, {"k": 50})) == {"k": 100}


class TestOnward:
    def test_numbers_go_on_by_the_same_factor_or_the_same_difference(self):
        assert onward(request("xgboost"), {"max_depth": 2}, {"max_depth": 4}, {}) == {"max_depth": 8}
        assert onward(request("xgboost"), {"max_depth": 8}, {"max_depth": 6}, {}) == {"max_depth": 4}
        assert onward(request("xgboost"), {"gamma": 0.0}, {"gamma": 0.5}, {}) == {"gamma": 1.0}
        assert onward(request("xgboost"), {"gamma": 0.5}, {"gamma": 0.0}, {}) == {}

    def test_at_most_twice_or_half_as_much(self):
        assert onward(request("xgboost"), {"n_estimators": 5}, {"n_estimators": 100}, {}) == {"n_estimators": 200}
        assert onward(request("xgboost"), {"n_estimators": 1000}, {"n_estimators": 10}, {}) == {"n_estimators": 5}

    def test_what_is_no_number_or_would_pass_its_bound_stays(self):
        assert onward(request("random_forest"), {"max_depth": 3}, {}, {}) == {}
        assert onward(request("xgboost"), {"max_depth": 10}, {"max_depth": 20}, {}) == {}
        assert onward(request("xgboost"), {"max_depth": 10}, {"max_depth": 10}, {}) == {}
        assert onward(request("neural_network"), {"activation": "relu"}, {"activation": "tanh"}, {}) == {}

    def test_against_the_direction_that_is_wanted_nothing_moves(self):
        before, after = {"max_depth": 8, "learning_rate": 0.4}, {"max_depth": 4, "learning_rate": 0.2}
        assert onward(request("xgboost"), before, after, MORE) == {"learning_rate": 0.1}
        assert onward(request("xgboost"), before, after, LESS) == {"max_depth": 2, "learning_rate": 0.1}


class TestDefaultBudget:
    def test_few_steps_or_episodes_go_back_to_the_default(self):
        assert default_budget(request("ppo"), {"total_timesteps": 2_000}) == {"total_timesteps": 100_000}
        assert default_budget(request("ppo"), {"num_episodes": 50, "n_steps": 64}) == {
            "n_steps": 64,
            "total_timesteps": 100_000,
        }

    def test_what_is_near_it_or_above_stays(self):
        assert default_budget(request("dqn"), {"total_timesteps": 30_000}) is None
        assert default_budget(request("dqn"), {"num_episodes": 500}) is None
        assert default_budget(request("dqn"), {}) is None
