"""Tabular Q-learning (Watkins and Dayan 1992, https://doi.org/10.1007/BF00992698; Sutton and Barto 2018, 6.5)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from algorithms.episodes import episode_seeds, make_environment
from algorithms.params import source
from algorithms.reinforcement import ReinforcementAlgorithm, ReinforcementParams
from algorithms.table_file import read_table
from algorithms.training import LAST_SHARE, Watch

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TABLE_FILE = "q_table.npy"
OUR_RUNS = "our runs on Taxi-v4 and CliffWalking-v1"
EXAMPLE = "Sutton and Barto 2018, example 6.6"


class QLearningParams(ReinforcementParams):
    """Hyperparameters of Q-learning. The learning rate falls linearly to 0 over the training."""

    default_timesteps: ClassVar[int] = 300_000

    total_timesteps: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Environment steps of the training; 300,000 when neither this nor `num_episodes` is given.",
        json_schema_extra=source(f"300,000: {OUR_RUNS}", "effort", null=300_000),
    )
    learning_rate: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of a new estimate in the table at the start; it falls linearly to 0, as chance in the "
        "environment requires (Watkins and Dayan 1992).",
        json_schema_extra=source(EXAMPLE, "either"),
    )
    gamma: float = Field(
        0.99, gt=0, le=1, description="Discount factor of future rewards.", json_schema_extra=source("as dqn")
    )
    exploration_initial_eps: float = Field(
        1.0, ge=0, le=1, description="Share of random actions at the start.", json_schema_extra=source("as dqn")
    )
    exploration_final_eps: float = Field(
        0.05, ge=0, le=1, description="Share of random actions at the end.", json_schema_extra=source("as dqn")
    )
    exploration_fraction: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Share of the training over which random actions fall from the first share to the last.",
        json_schema_extra=source(OUR_RUNS),
    )

    def epsilon(self, remaining: float) -> float:
        """The share of random actions when this share of the training remains."""
        fallen = min(1.0, (1 - remaining) / self.exploration_fraction)
        return self.exploration_initial_eps + fallen * (self.exploration_final_eps - self.exploration_initial_eps)


class QTable:
    """The expected return of each action in each state, shape (states, actions); it starts at 0."""

    def __init__(self, states: int, actions: int) -> None:
        import numpy as np

        self.values: Array = np.zeros((states, actions))

    def state_dict(self) -> dict[str, Array]:
        """What the best policy is kept as, as torch's modules have it."""
        return {"values": self.values}

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Puts kept values back."""
        self.values = state["values"]

    def update(self, state: int, action: int, wanted: float, rate: float) -> None:
        """Moves a value by `rate` of its distance from `wanted`."""
        self.values[state, action] += rate * (wanted - self.values[state, action])


class QLearning(ReinforcementAlgorithm):
    """A table with the return of every action in every state. Discrete observations and actions only."""

    name = "q_learning"
    title = "Q-learning"
    params_model = QLearningParams
    actions = ("discrete",)
    observations = ("discrete",)
    libraries = ("gymnasium", "numpy")
    validation_episodes = 100
    steps_per_validation_step = 1000

    params: QLearningParams
    _table: QTable

    def _prepare(self, environment: str) -> None:
        actions: Any = make_environment(environment).action_space
        self._table = QTable(int(self._space.n), int(actions.n))

    def _learn(self, environment: str) -> None:
        import numpy as np

        table, params, random = self._table, self.params, np.random.default_rng(self.seed)
        watch = Watch(params.budget(), self.on_progress)
        budget, best, arena = watch.budget, self._best_policy(environment), make_environment(environment)
        state, total, length = arena.reset(seed=episode_seeds("training", self.seed, 1)[0])[0], 0.0, 0
        while budget.remaining > 0:
            action = self._explore(state, params.epsilon(budget.remaining), random)
            following, reward, terminated, truncated, _ = arena.step(action)
            future = 0.0 if terminated else params.gamma * table.values[following].max()
            table.update(state, action, float(reward) + future, params.learning_rate * budget.remaining)
            ended = terminated or truncated
            state = arena.reset()[0] if ended else following
            watch.count(watch.steps + 1, int(ended))
            total, length = total + float(reward), length + 1
            if ended:
                self.log.add(watch.steps, total, length)
                total, length = 0.0, 0
            if budget.remaining > LAST_SHARE:
                best.consider(table, watch.steps)
        best.restore(table)

    def _explore(self, state: int, epsilon: float, random: np.random.Generator) -> int:
        """Any action with probability epsilon, else one of the best."""
        values = self._table.values[state]
        if random.random() < epsilon:
            return int(random.integers(len(values)))
        best = (values == values.max()).nonzero()[0]
        return int(best[0] if len(best) == 1 else random.choice(best))

    def _act(self, seen: Array) -> Array:
        actions: Array = self._table.values[seen].argmax(axis=1)
        return actions

    def _write(self, model_dir: Path) -> None:
        import numpy as np

        np.save(model_dir / TABLE_FILE, self._table.values, allow_pickle=False)

    def _read(self, model_dir: Path) -> None:
        self._table.values = read_table(model_dir / TABLE_FILE, self._table.values.shape)
