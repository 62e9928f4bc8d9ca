"""Proximal policy optimisation (Schulman et al. 2017, https://arxiv.org/abs/1707.06347), by stable-baselines3."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, model_validator

from algorithms.params import source
from algorithms.reinforcement import LayerUnits, ReinforcementParams
from algorithms.stable_baselines import StableBaselinesAlgorithm
from algorithms.training import Budget

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.vec_env import VecEnv

RL_ZOO = "RL Zoo, ppo.yml, CartPole-v1"
STABLE_BASELINES3 = "stable-baselines3"


class PPOParams(ReinforcementParams):
    """Hyperparameters of PPO. The learning rate and the clip range fall linearly to 0 over the training."""

    default_timesteps: ClassVar[int] = 100_000

    total_timesteps: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Environment steps of the training, rounded up to whole rollouts; 100,000 when neither this nor "
        "`num_episodes` is given.",
        json_schema_extra=source(f"100,000: {RL_ZOO}", "effort", null=100_000),
    )
    learning_rate: float = Field(
        0.001,
        gt=0,
        le=1,
        description="Adam's step size at the start; it falls linearly to 0.",
        json_schema_extra=source(RL_ZOO, "either"),
    )
    gamma: float = Field(
        0.98, gt=0, le=1, description="Discount factor of future rewards.", json_schema_extra=source(RL_ZOO)
    )
    n_envs: int = Field(
        8, ge=1, le=64, description="Environments played side by side.", json_schema_extra=source(RL_ZOO)
    )
    n_steps: int = Field(
        32,
        ge=2,
        le=65_536,
        description="Steps in each environment between two updates.",
        json_schema_extra=source(RL_ZOO),
    )
    batch_size: int = Field(
        256,
        ge=2,
        le=65_536,
        description="Steps in a minibatch, at most `n_steps` x `n_envs`.",
        json_schema_extra=source(RL_ZOO),
    )
    n_epochs: int = Field(
        20, ge=1, le=100, description="Passes over the steps of an update.", json_schema_extra=source(RL_ZOO)
    )
    gae_lambda: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Bias against variance of the advantage estimate (Schulman et al. 2016).",
        json_schema_extra=source(RL_ZOO),
    )
    clip_range: float = Field(
        0.2,
        gt=0,
        le=1,
        description="How far an update may move an action's probability ratio from 1; it falls linearly to 0.",
        json_schema_extra=source(RL_ZOO),
    )
    ent_coef: float = Field(
        0.0, ge=0, le=1, description="Weight of the entropy bonus in the loss.", json_schema_extra=source(RL_ZOO)
    )
    net_arch: list[LayerUnits] = Field(
        [64, 64],
        min_length=1,
        max_length=4,
        description="Units of each hidden layer, 1 to 512, in the policy and in the value network.",
        json_schema_extra=source(STABLE_BASELINES3),
    )

    @model_validator(mode="after")
    def _whole_minibatches(self) -> Self:
        steps = self.n_steps * self.n_envs
        if self.batch_size > steps:
            limit = f"n_steps x n_envs = {steps}"
            raise ValueError(f"batch_size must be at most {limit}, got {self.batch_size}. Give a smaller batch_size.")
        return self


class PPO(StableBaselinesAlgorithm):
    """An actor and a critic, updated on small batches of fresh steps, never far from the policy that took them.

    `num_episodes` counts episodes as they end in any of the environments; those still running then are dropped.
    """

    name = "ppo"
    title = "PPO"
    params_model = PPOParams
    actions = ("discrete", "continuous")
    steps_per_validation_step = 50

    params: PPOParams

    @property
    def n_envs(self) -> int:
        """Environments that are played side by side in training."""
        return self.params.n_envs

    def _new_agent(self, environments: VecEnv, budget: Budget) -> BaseAlgorithm:
        import stable_baselines3

        params = self.params
        return stable_baselines3.PPO(
            "MlpPolicy",
            environments,
            learning_rate=lambda _: params.learning_rate * budget.remaining,
            n_steps=params.n_steps,
            batch_size=params.batch_size,
            n_epochs=params.n_epochs,
            gamma=params.gamma,
            gae_lambda=params.gae_lambda,
            clip_range=lambda _: params.clip_range * budget.remaining,
            ent_coef=params.ent_coef,
            policy_kwargs={"net_arch": params.net_arch},
            seed=self.seed,
            device="cpu",
        )
