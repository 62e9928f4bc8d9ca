"""The Gymnasium environments that an issue may name: the allow-list. Light."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, Literal

from algorithms.errors import MissingExtraError, ParameterError

ActionType = Literal["continuous", "discrete"]


@dataclass(frozen=True)
class EnvironmentSpec:
    """What is known of an environment before it is made; a test compares it with gymnasium's registry."""

    action: ActionType
    observation: ActionType
    max_episode_steps: int | None
    """Steps after which the environment itself truncates an episode; None: never."""
    reward_threshold: float | None
    """Mean reward at which gymnasium counts the task as solved; None: not defined."""
    description: str


ENVIRONMENTS: dict[str, EnvironmentSpec] = {
    "Acrobot-v1": EnvironmentSpec(
        "discrete", "continuous", 500, -100.0, "Swing a two-link robot's free end above a line (Sutton 1996)."
    ),
    "CartPole-v1": EnvironmentSpec(
        "discrete", "continuous", 500, 475.0, "Balance a pole on a moving cart (Barto, Sutton and Anderson 1983)."
    ),
    "CliffWalking-v1": EnvironmentSpec(
        "discrete", "discrete", None, None, "Cross a grid beside a cliff (Sutton and Barto 2018, example 6.6)."
    ),
    "CliffWalkingSlippery-v1": EnvironmentSpec(
        "discrete", "discrete", None, None, "The cliff with slippery ground: a step may go sideways."
    ),
    "FrozenLake-v1": EnvironmentSpec(
        "discrete", "discrete", 100, 0.7, "Cross a slippery 4 x 4 frozen lake without falling into a hole."
    ),
    "FrozenLake8x8-v1": EnvironmentSpec(
        "discrete", "discrete", 200, 0.85, "Cross a slippery 8 x 8 frozen lake without falling into a hole."
    ),
    "MountainCar-v0": EnvironmentSpec(
        "discrete", "continuous", 200, -110.0, "Drive a weak car out of a valley by building up speed (Moore 1990)."
    ),
    "MountainCarContinuous-v0": EnvironmentSpec(
        "continuous", "continuous", 999, 90.0, "The mountain car with a continuous force, which costs reward."
    ),
    "Pendulum-v1": EnvironmentSpec(
        "continuous", "continuous", 200, None, "Swing a pendulum up and hold it there with little torque."
    ),
    "Taxi-v4": EnvironmentSpec(
        "discrete", "discrete", 200, 8.0, "Fetch a passenger and set them down at the right stop (Dietterich 2000)."
    ),
}
"""The ids that gymnasium 1.4.0 runs without anything extra and stable-baselines3 2.9 can learn.

Left out: Blackjack-v1 (stable-baselines3 takes no tuple observations), CartPole-v0 (superseded by v1), and the
environments that need MuJoCo, Box2D or JAX.
"""


def require_extra() -> None:
    """Raises MissingExtraError where gymnasium, stable-baselines3 or torch is not installed."""
    if any(find_spec(package) is None for package in ("gymnasium", "stable_baselines3", "torch")):
        raise MissingExtraError("rl", "Reinforcement learning")


def environment_spec(environment: str) -> EnvironmentSpec:
    """What the allow-list says of `environment`. Raises ParameterError for an id that is not on it."""
    if environment not in ENVIRONMENTS:
        known = ", ".join(ENVIRONMENTS)
        message = f"environment: not on the allow-list, got {environment!r}. Choose one of {known}."
        raise ParameterError.of("environment", environment, message)
    return ENVIRONMENTS[environment]


def environment_facts(environment: str) -> dict[str, Any]:
    """`environment.json` of the Prepare step: the id and what the allow-list says of it."""
    return {"environment": environment, **asdict(environment_spec(environment))}
