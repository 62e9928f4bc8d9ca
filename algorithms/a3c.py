"""Asynchronous advantage actor-critic (Mnih et al. 2016, https://arxiv.org/abs/1602.01783)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from algorithms.base import NotFittedError
from algorithms.episodes import episode_seeds, make_environment
from algorithms.params import Params, source
from algorithms.policy_file import read_weights
from algorithms.reinforcement import LayerUnits, ReinforcementAlgorithm, ReinforcementParams, finite, load_weights
from algorithms.training import BestPolicy, Watch

if TYPE_CHECKING:
    import numpy as np

    from algorithms.actor_learner import ActorCritic, Shared, Task

    Array = np.ndarray[Any, Any]

WEIGHTS_FILE = "policy.pth"
PAPER = "Mnih et al. 2016"
OUR_RUNS = "our runs on CartPole-v1"


class A3CParams(ReinforcementParams):
    """Hyperparameters of A3C. The learning rate falls linearly to 0 over the training."""

    default_timesteps: ClassVar[int] = 200_000

    total_timesteps: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Environment steps of all workers together, rounded up to whole rollouts; 200,000 when neither "
        "this nor `num_episodes` is given.",
        json_schema_extra=source(f"200,000: {OUR_RUNS}", "effort", null=200_000),
    )
    learning_rate: float = Field(
        0.003,
        gt=0,
        le=1,
        description="RMSProp's step size at the start; it falls linearly to 0.",
        json_schema_extra=source(f"{OUR_RUNS}; {PAPER} drew it from 0.0001 to 0.01", "either"),
    )
    gamma: float = Field(
        0.99, gt=0, le=1, description="Discount factor of future rewards.", json_schema_extra=source(PAPER)
    )
    n_workers: int = Field(
        2,
        ge=1,
        le=16,
        description="Processes that play and learn at the same time. With 1 the same seed gives the same result; with "
        "more the machine decides in which order they change the weights.",
        json_schema_extra=source("the cores of the default instance type"),
    )
    n_steps: int = Field(
        20,
        ge=1,
        le=1000,
        description="Steps of a worker between two updates, at most up to the episode's end.",
        json_schema_extra=source(f"{OUR_RUNS}; 5 in {PAPER}"),
    )
    ent_coef: float = Field(
        0.01, ge=0, le=1, description="Weight of the entropy bonus in the loss.", json_schema_extra=source(PAPER)
    )
    vf_coef: float = Field(
        0.5, gt=0, le=10, description="Weight of the value loss.", json_schema_extra=source("stable-baselines3's A2C")
    )
    max_grad_norm: float = Field(
        40.0,
        gt=0,
        le=1000,
        description="Longer gradients are shortened to this length.",
        json_schema_extra=source(OUR_RUNS),
    )
    rms_decay: float = Field(
        0.99, ge=0, lt=1, description="Decay of RMSProp's mean of squared gradients.", json_schema_extra=source(PAPER)
    )
    rms_epsilon: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Added to RMSProp's mean under the root: the greater, the shorter the first steps.",
        json_schema_extra=source(OUR_RUNS),
    )
    net_arch: list[LayerUnits] = Field(
        [64, 64],
        min_length=1,
        max_length=4,
        description="Units of each hidden layer, 1 to 512, which policy and value share.",
        json_schema_extra=source("stable-baselines3's A2C"),
    )


class A3C(ReinforcementAlgorithm):
    """Several processes, each with its own environment, learn one network in shared memory at the same time, unlocked.

    Seeds decide the first weights, and each worker's environment and its draws. They do not decide when a worker reads
    and writes the weights that all share: so with several workers the same seed gives other weights, and another
    score, each time. With `n_workers` 1 all figures are the same, bit for bit. Discrete actions only.
    """

    name = "a3c"
    title = "A3C"
    params_model = A3CParams
    actions = ("discrete",)
    libraries = ("gymnasium", "numpy", "torch")
    repeatable_with: ClassVar[dict[str, Any]] = {"n_workers": 1}
    steps_per_validation_step = 50

    params: A3CParams

    def __init__(self, params: Params | None = None, *, seed: int = 0) -> None:
        super().__init__(params, seed=seed)
        self._policy: ActorCritic | None = None

    def _prepare(self, environment: str) -> None:
        import torch

        from algorithms.actor_learner import ActorCritic

        actions: Any = make_environment(environment).action_space
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self._policy = ActorCritic(self._space, int(actions.n), self.params.net_arch)

    def _learn(self, environment: str) -> None:
        from algorithms.actor_learner import DivergedError, Shared

        policy, best = self._network(), self._best_policy(environment)
        shared = Shared.of(policy, self.params.n_workers)
        try:
            self._follow(self._tasks(environment), shared, best)
        except DivergedError as error:
            raise self._diverged() from error
        shared.put_into(policy)
        if not finite(policy):
            raise self._diverged()
        best.restore(policy)

    def _tasks(self, environment: str) -> list[Task]:
        from algorithms.actor_learner import Task

        seeds = episode_seeds("training", self.seed, self.params.n_workers)
        return [Task(number, environment, seed, self.params) for number, seed in enumerate(seeds)]

    def _follow(self, tasks: list[Task], shared: Shared, best: BestPolicy) -> None:
        """Runs the workers, tells their progress, and validates the snapshots while they go on."""
        import torch
        from torch.nn.utils import vector_to_parameters

        from algorithms.workers import Played, Snapshot, news, started

        policy, watch = self._network(), Watch(self.params.budget(), self.on_progress)
        played: list[tuple[int, float, int]] = []
        with started(tasks, shared) as workers:
            for told in news(workers):
                if isinstance(told, Snapshot):
                    vector_to_parameters(torch.from_numpy(told.weights), policy.parameters())
                    best.consider(policy, told.steps)
                elif isinstance(told, Played):
                    played += told.episodes
                shared.count(watch.budget)
                watch.report()
        for episode in sorted(played):
            self.log.add(*episode)

    def _act(self, seen: Array) -> Array:
        import torch

        policy = self._network()
        with torch.inference_mode():
            actions: Array = policy(policy.features(seen))[:, :-1].argmax(dim=1).numpy()
            return actions

    def _write(self, model_dir: Path) -> None:
        """The weights, in torch's own format."""
        import torch

        torch.save(dict(self._network().state_dict()), model_dir / WEIGHTS_FILE)

    def _read(self, model_dir: Path) -> None:
        load_weights(self._network(), read_weights(model_dir / WEIGHTS_FILE))

    def _network(self) -> ActorCritic:
        if self._policy is None:
            raise NotFittedError(f"{self.name}: not fitted yet. Call fit or load first.")
        return self._policy
