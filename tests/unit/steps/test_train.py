"""steps.train: the job's hyperparameters become an algorithm, or every problem is told."""

from __future__ import annotations

import shutil

import pytest

from algorithms.errors import ParameterError
from steps.container import Paths, write_json
from steps.prepare import prepare_table
from steps.tables import Options
from steps.train import build_algorithm, train


def test_everything_is_passed_on():
    model = build_algorithm(
        {
            "algorithm": "random_forest",
            "hyperparameters": '{"n_estimators": 7}',
            "preprocessing": '{"scaling": "none"}',
            "seed": "4294967295",
        }
    )
    assert (model.name, model.seed, model.params.n_estimators) == ("random_forest", 2**32 - 1, 7)
    assert model.preprocessing.scaling == "none"


def test_defaults():
    model = build_algorithm({"algorithm": "kmeans"})
    assert (model.seed, model.params) == (0, model.params_model())


def test_reinforcement_has_no_preprocessing():
    assert build_algorithm({"algorithm": "ppo", "seed": "3"}).seed == 3


def test_unknown_algorithm():
    with pytest.raises(ParameterError, match="Did you mean `random_forest`"):
        build_algorithm({"algorithm": "random_forrest"})


def test_every_problem_at_once():
    with pytest.raises(ParameterError) as caught:
        build_algorithm(
            {
                "algorithm": "random_forest",
                "hyperparameters": '{"n_estimators": 0, "max_dept": 3}',
                "preprocessing": '{"scaling": "log"}',
                "seed": "-1",
            }
        )
    assert {problem.key for problem in caught.value.problems} == {
        "hyperparameters.n_estimators",
        "hyperparameters.max_dept",
        "preprocessing.scaling",
        "seed",
    }


@pytest.mark.parametrize("text", ["{", "[]", "null", "[" * 100_000], ids=["cut", "list", "null", "deep"])
@pytest.mark.parametrize("key", ["hyperparameters", "preprocessing"])
def test_no_json_object(key, text):
    with pytest.raises(ParameterError, match=f"{key}: must be a JSON object"):
        build_algorithm({"algorithm": "pca", key: text})


@pytest.mark.parametrize("seed", ["", "x", "-1", "1.0", "4294967296", "9" * 5000, "²"])
def test_seed_out_of_range(seed):
    with pytest.raises(ParameterError, match="seed: must be a whole number"):
        build_algorithm({"algorithm": "pca", "seed": seed})


def test_training_writes_the_model_and_tells_its_progress(dataset, columns, tmp_path, capsys):
    pytest.importorskip("xgboost")
    prepared, paths = Paths(tmp_path / "prepare"), Paths(tmp_path / "train")
    shutil.copytree(dataset(train_csv=columns), prepared.processing_input("raw"))
    prepare_table(prepared, Options("classification"))
    shutil.copytree(prepared.processing_output("train"), paths.channel("train"))
    write_json(paths.hyperparameters, {"algorithm": "xgboost", "hyperparameters": '{"n_estimators": 3}'})
    train(paths)
    assert (paths.model / "manifest.json").is_file()
    assert capsys.readouterr().out.splitlines()[-1].startswith("progress: 3/3 ")
