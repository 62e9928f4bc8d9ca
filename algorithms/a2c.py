"""Advantage actor-critic: A3C (Mnih et al. 2016, https://arxiv.org/abs/1602.01783) in step, by stable-baselines3."""

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

RL_ZOO = "RL Zoo, a2c.yml, CartPole-v1"
STABLE_BASELINES3 = "stable-baselines3"


class A2CParams(ReinforcementParams):
    """Hyperparameters of A2C."""

    default_timesteps: ClassVar[int] = 500_000

    total_timesteps: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Environment steps of the training, rounded up to whole rollouts; 500,000 when neither this nor "
        "`num_episodes` is given.",
        json_schema_extra=source(f"500,000: {RL_ZOO}", "effort", null=500_000),
    )
    learning_rate: float = Field(
        0.0007, gt=0, le=1, description="RMSProp's step size.", json_schema_extra=source(STABLE_BASELINES3, "either")
    )
    gamma: float = Field(
        0.99, gt=0, le=1, description="Discount factor of future rewards.", json_schema_extra=source(STABLE_BASELINES3)
    )
    n_envs: int = Field(
        8, ge=1, le=64, description="Environments played side by side.", json_schema_extra=source(RL_ZOO)
    )
    n_steps: int = Field(
        5,
        ge=1,
        le=65_536,
        description="Steps in each environment between two updates.",
        json_schema_extra=source(STABLE_BASELINES3),
    )
    gae_lambda: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Bias against variance of the advantage estimate (Schulman et al. 2016); 1: n-step returns.",
        json_schema_extra=source(STABLE_BASELINES3),
    )
    ent_coef: float = Field(
        0.0, ge=0, le=1, description="Weight of the entropy bonus in the loss.", json_schema_extra=source(RL_ZOO)
    )
    vf_coef: float = Field(
        0.5, gt=0, le=10, description="Weight of the value loss.", json_schema_extra=source(STABLE_BASELINES3)
    )
    max_grad_norm: float = Field(
        0.5,
        gt=0,
        le=1000,
        description="Longer gradients are shortened to this length.",
        json_schema_extra=source(STABLE_BASELINES3),
    )
    net_arch: list[LayerUnits] = Field(
        [64, 64],
        min_length=1,
        max_length=4,
        description="Units of each hidden layer, 1 to 512, in the policy and in the value network.",
        json_schema_extra=source(STABLE_BASELINES3),
    )


class A2C(StableBaselinesAlgorithm):
    """An actor and a critic, updated after every few steps of all environments together.

    `num_episodes` counts episodes as they end in any of the environments; those still running then are dropped.
    """

    name = "a2c"
    title = "A2C"
    params_model = A2CParams
    actions = ("discrete", "continuous")
    steps_per_validation_step = 100

    params: A2CParams

    @property
    def n_envs(self) -> int:
        """Environments that are played side by side in training."""
        return self.params.n_envs

    def _new_agent(self, environments: VecEnv, budget: Budget) -> BaseAlgorithm:  # noqa: ARG002 (nothing falls)
        import stable_baselines3

        params = self.params
        return stable_baselines3.A2C(
            "MlpPolicy",
            environments,
            learning_rate=params.learning_rate,
            n_steps=params.n_steps,
            gamma=params.gamma,
            gae_lambda=params.gae_lambda,
            ent_coef=params.ent_coef,
            vf_coef=params.vf_coef,
            max_grad_norm=params.max_grad_norm,
            policy_kwargs={"net_arch": params.net_arch},
            seed=self.seed,
            device="cpu",
        )
