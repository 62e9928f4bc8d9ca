"""Deep Q-network (Mnih et al. 2015, https://doi.org/10.1038/nature14236), by stable-baselines3."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from algorithms.params import source
from algorithms.reinforcement import LayerUnits, ReinforcementParams
from algorithms.stable_baselines import StableBaselinesAlgorithm
from algorithms.training import Budget

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.vec_env import VecEnv

RL_ZOO = "RL Zoo, dqn.yml, CartPole-v1"


class DQNParams(ReinforcementParams):
    """Hyperparameters of DQN."""

    default_timesteps: ClassVar[int] = 50_000

    total_timesteps: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Environment steps of the training, rounded up to a multiple of `train_freq`; 50,000 when neither "
        "this nor `num_episodes` is given.",
        json_schema_extra=source(f"50,000: {RL_ZOO}", "effort", null=50_000),
    )
    learning_rate: float = Field(
        0.0023, gt=0, le=1, description="Adam's step size.", json_schema_extra=source(RL_ZOO, "either")
    )
    gamma: float = Field(
        0.99, gt=0, le=1, description="Discount factor of future rewards.", json_schema_extra=source(RL_ZOO)
    )
    batch_size: int = Field(
        64, ge=1, le=65_536, description="Remembered steps in a gradient step.", json_schema_extra=source(RL_ZOO)
    )
    buffer_size: int = Field(
        100_000, ge=1, le=1_000_000, description="Steps that are remembered.", json_schema_extra=source(RL_ZOO)
    )
    learning_starts: int = Field(
        1000, ge=0, le=1_000_000, description="Random steps before the learning.", json_schema_extra=source(RL_ZOO)
    )
    train_freq: int = Field(
        256, ge=1, le=65_536, description="Steps between two updates.", json_schema_extra=source(RL_ZOO)
    )
    gradient_steps: int = Field(
        128, ge=1, le=65_536, description="Gradient steps of an update.", json_schema_extra=source(RL_ZOO)
    )
    target_update_interval: int = Field(
        10,
        ge=1,
        le=1_000_000,
        description="Steps between two copies of the network into its target network.",
        json_schema_extra=source(RL_ZOO),
    )
    exploration_fraction: float = Field(
        0.16,
        gt=0,
        le=1,
        description="Share of the training over which random actions fall from all to `exploration_final_eps`.",
        json_schema_extra=source(RL_ZOO),
    )
    exploration_final_eps: float = Field(
        0.04,
        ge=0,
        le=1,
        description="Share of random actions after that.",
        json_schema_extra=source(RL_ZOO),
    )
    net_arch: list[LayerUnits] = Field(
        [256, 256],
        min_length=1,
        max_length=4,
        description="Units of each hidden layer, 1 to 512.",
        json_schema_extra=source(RL_ZOO),
    )


class DQN(StableBaselinesAlgorithm):
    """A network that estimates the return of every action, learned from remembered steps. Discrete actions only."""

    name = "dqn"
    title = "DQN"
    params_model = DQNParams
    actions = ("discrete",)
    steps_per_validation_step = 10

    params: DQNParams

    def _new_agent(self, environments: VecEnv, budget: Budget) -> BaseAlgorithm:
        import stable_baselines3

        params = self.params
        agent = stable_baselines3.DQN(
            "MlpPolicy",
            environments,
            learning_rate=params.learning_rate,
            buffer_size=params.buffer_size,
            learning_starts=params.learning_starts,
            batch_size=params.batch_size,
            gamma=params.gamma,
            train_freq=params.train_freq,
            gradient_steps=params.gradient_steps,
            target_update_interval=params.target_update_interval,
            exploration_fraction=params.exploration_fraction,
            exploration_final_eps=params.exploration_final_eps,
            policy_kwargs={"net_arch": params.net_arch},
            seed=self.seed,
            device="cpu",
        )
        falling = agent.exploration_schedule
        agent.exploration_schedule = lambda _: falling(budget.remaining)
        return agent
