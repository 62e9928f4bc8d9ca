"""A3C as a whole: what its processes learn together, what a seed decides, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile

import numpy as np
import psutil
import pytest
import torch

from algorithms.a3c import A3C, A3CParams
from algorithms.actor_learner import Shared, Task
from algorithms.base import EnvSpec
from algorithms.errors import DatasetError, ParameterError
from algorithms.manifest import load_model, write_manifest
from algorithms.workers import LONGEST_FOLDER, WorkerError, news, start_method, started

CARTPOLE = EnvSpec("CartPole-v1")
TRAINS = """
from algorithms.a3c import A3C, A3CParams
from algorithms.base import EnvSpec

def told(done, total, unit):
    print(done, flush=True)

if __name__ == "__main__":
    model = A3C(A3CParams(total_timesteps=400_000))
    model.on_progress = told
    model.fit(EnvSpec("CartPole-v1"))
"""


def quick(seed=0, **changes):
    return A3C(A3CParams(**{"total_timesteps": 400, "n_workers": 1, "net_arch": [16]} | changes), seed=seed)


def weights(model):
    return {name: weight.tolist() for name, weight in model._policy.state_dict().items()}


def test_one_worker_gives_the_same_weights_bit_for_bit():
    first, again, other = (quick(seed, total_timesteps=3000).fit(CARTPOLE) for seed in (3, 3, 4))
    assert weights(first) == weights(again)
    assert weights(first) != weights(other)


def test_seeds_decide_where_every_worker_starts():
    tasks = quick(n_workers=3)._tasks("CartPole-v1")
    assert tasks == quick(n_workers=3)._tasks("CartPole-v1")
    assert len({task.seed for task in tasks}) == 3
    state = torch.get_rng_state()
    models = [quick(seed) for seed in (1, 1, 2)]
    for model in models:
        model._take_up("CartPole-v1")
    assert weights(models[0]) == weights(models[1]) != weights(models[2])
    assert torch.equal(state, torch.get_rng_state())


def test_every_worker_changes_the_shared_weights():
    model = quick(n_workers=3, total_timesteps=2000)
    model._take_up("CartPole-v1")
    shared = Shared.of(model._policy, 3)
    before = shared.weights.clone()
    with started(model._tasks("CartPole-v1"), shared) as workers:
        list(news(workers))
    assert (shared.steps > 0).all()
    assert 2000 <= shared.steps.sum() < 2000 + 3 * model.params.n_steps
    assert not torch.equal(before, shared.weights)


@pytest.mark.parametrize(
    ("changes", "unit"), [({"num_episodes": 7, "total_timesteps": None}, "episode"), ({}, "step")], ids=["eps", "steps"]
)
def test_progress_is_told_up_to_the_end(changes, unit):
    reports = []
    model = quick(**changes)
    model.on_progress = lambda *seen: reports.append(seen)
    model.fit(CARTPOLE)
    total = changes.get("num_episodes", 400)
    assert reports[-1] == (total, total, unit)


def test_an_error_in_a_worker_ends_the_training_with_its_message():
    model = quick(n_workers=2, total_timesteps=10_000_000)
    model._take_up("CartPole-v1")
    tasks = model._tasks("CartPole-v1")
    wrong = Task(1, "Acrobot-v1", tasks[1].seed, model.params)  # other observations than the shared weights are for
    with (
        pytest.raises(WorkerError, match=r"(?s)a worker failed.*Traceback.*Error"),
        started([tasks[0], wrong], Shared.of(model._policy, 2)) as workers,
    ):
        list(news(workers))
    assert not any(worker.is_alive() for worker in workers.values())


def test_a_worker_that_was_killed_ends_the_training():
    model = quick(n_workers=2, total_timesteps=10_000_000)
    model._take_up("CartPole-v1")
    with started(model._tasks("CartPole-v1"), Shared.of(model._policy, 2)) as workers:
        next(iter(workers.values())).kill()
        with pytest.raises(WorkerError, match="exit code -9"):
            list(news(workers))
    assert not any(worker.is_alive() for worker in workers.values())


def test_weights_that_are_no_numbers_name_the_learning_rate():
    model = quick(learning_rate=1.0)
    model._prepare_as_usual = model._prepare

    def broken(environment):
        model._prepare_as_usual(environment)
        next(model._policy.parameters()).data.fill_(float("nan"))

    model._prepare = broken
    with pytest.raises(ParameterError, match=r"learning_rate: the training diverged, got 1\.0"):
        model.fit(CARTPOLE)


def test_workers_start_where_the_folder_of_temporary_files_has_a_long_name(monkeypatch, tmp_path):
    longest = "x" * LONGEST_FOLDER
    assert (start_method(longest), start_method(f"{longest}x")) == ("forkserver", "spawn")
    folder = tmp_path / ("x" * LONGEST_FOLDER)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert quick(n_workers=2).fit(CARTPOLE).predict([[0.0] * 4]).shape == (1,)


def test_a_kill_leaves_no_process_behind(tmp_path):
    (tmp_path / "trains.py").write_text(TRAINS)
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "TMPDIR": str(tmp_path)}  # noqa: PTH109
    trains = subprocess.Popen(
        [sys.executable, tmp_path / "trains.py"], env=environment, stdout=subprocess.PIPE, start_new_session=True
    )
    assert trains.stdout.readline()
    children = psutil.Process(trains.pid).children(recursive=True)
    assert len(children) >= 3  # the server of the forks, and two workers
    trains.send_signal(signal.SIGKILL)
    trains.wait()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


@pytest.mark.parametrize("environment", ["Pendulum-v1", "MountainCarContinuous-v0"])
def test_continuous_actions_are_refused(environment):
    with pytest.raises(ParameterError, match=f"continuous actions, which a3c cannot take, got '{environment}'"):
        quick().fit(EnvSpec(environment))


def test_learns_where_observations_are_states():
    model = quick().fit(EnvSpec("FrozenLake-v1"))
    assert set(model.predict([0, 15]).tolist()) <= {0, 1, 2, 3}


class TestSaveAndLoad:
    @pytest.fixture
    def saved(self, tmp_path):
        model = quick(5)
        model._take_up("CartPole-v1")
        model._environment = "CartPole-v1"
        model.save(tmp_path / "model")
        return tmp_path / "model"

    def test_round_trip(self, saved):
        model, seen = load_model(saved), np.random.default_rng(0).normal(size=(50, 4)).astype("float32") / 10
        same = quick(5)
        same._take_up("CartPole-v1")
        assert weights(model) == weights(same)
        assert model.predict(seen).tolist() == same._act(seen).tolist()

    @pytest.mark.parametrize(
        ("key", "wrong", "message"),
        [
            ("environment", "Acrobot-v1", "weights do not fit"),
            ("environment", "Pendulum-v1", "parameters or environment are not valid"),
            ("parameters", {"net_arch": [17]}, "weights do not fit"),
            ("parameters", {"n_workers": 17}, "parameters or environment are not valid"),
        ],
    )
    def test_manifest_that_was_tampered_with(self, saved, key, wrong, message):
        path = saved / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {key: wrong}))
        with pytest.raises(DatasetError, match=f"^model: .*{message}"):
            A3C.load(saved)

    @pytest.mark.parametrize("content", [b"", b"no zip", b"PK"])
    def test_damaged_weights(self, saved, tmp_path, content):
        model = A3C.load(saved)
        (tmp_path / "policy.pth").write_bytes(content)
        write_manifest(tmp_path / "model", model, task_type="control", libraries=model.libraries, environment="")
        with pytest.raises(DatasetError, match=r"^model: policy\.pth"):
            model._read(tmp_path)


@pytest.mark.slow
def test_cartpole_in_half_of_the_default_steps():
    model = A3C(A3CParams(total_timesteps=100_000), seed=1).fit(CARTPOLE)
    assert model.evaluate(EnvSpec("CartPole-v1", 1)).metrics["mean_reward"] >= 195
