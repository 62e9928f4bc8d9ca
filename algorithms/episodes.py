"""Episodes in an allowed environment: how they are seeded, capped, played and counted.

gymnasium and numpy are imported by the functions that use them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from algorithms.base import EnvSpec, Evaluation
from algorithms.environments import environment_spec, require_extra
from algorithms.errors import DatasetError

if TYPE_CHECKING:
    import gymnasium
    import numpy as np

    Array = np.ndarray[Any, Any]
    Policy = Callable[[Array], Array]
    """Observations of shape (n, ...) in, n actions out."""

Purpose = Literal["training", "validation", "evaluation", "random_policy"]
PURPOSES: tuple[Purpose, ...] = ("training", "validation", "evaluation", "random_policy")

EPISODES = 30
"""Episodes of one evaluation: enough for Student's interval of a mean, few enough for slow environments."""

MAX_EPISODE_STEPS = 1000
"""Every episode is cut off here at the latest: CliffWalking, for one, has no limit of its own."""


def make_environment(environment: str) -> gymnasium.Env[Any, Any]:
    """A new environment, truncated after its own step limit or MAX_EPISODE_STEPS, whichever comes first."""
    limit = environment_spec(environment).max_episode_steps or MAX_EPISODE_STEPS
    require_extra()
    import gymnasium

    return gymnasium.make(environment, max_episode_steps=min(limit, MAX_EPISODE_STEPS), disable_env_checker=True)


def observations(space: Any, inputs: Any) -> Array:
    """`inputs` as a batch of observations of `space`. Raises DatasetError where they are none."""
    import numpy as np

    try:
        given = np.asarray(inputs)
    except ValueError:  # rows of different lengths
        given = np.asarray(None)
    if given.shape[1:] == space.shape and given.ndim > 0 and np.can_cast(given.dtype, space.dtype, "same_kind"):
        seen: Array = given.astype(space.dtype)
        if all(space.contains(row) for row in seen):
            return seen
    message = f"observations: must be a list of observations of {space}, got shape {given.shape} of {given.dtype}."
    raise DatasetError.of("observations", None, f"{message} Give one row for each observation.")


def episode_seeds(purpose: Purpose, seed: int, n: int) -> list[int]:
    """`n` reset seeds from `numpy.random.SeedSequence(seed)`, spawned with the purpose's place as key.

    The bits above the 64th name the purpose, so that no seed serves two purposes, whatever the `seed`.
    stable-baselines3 resets training environment i with `seed + i`, below 2**33: the purpose "training".

    https://numpy.org/doc/stable/reference/random/parallel.html#seedsequence-spawning
    """
    import numpy as np

    key = PURPOSES.index(purpose)
    words = np.random.SeedSequence(seed, spawn_key=(key,)).generate_state(n, np.uint64)
    return [(key << 64) + int(word) for word in words]


@dataclass(frozen=True)
class Episodes:
    """What was seen in some episodes, one entry an episode."""

    rewards: list[float]
    """Undiscounted sums of rewards."""
    lengths: list[int]
    """Steps."""
    truncated: list[bool]
    """Whether a step limit ended the episode, and not the environment's own terminal state."""

    @property
    def mean_reward(self) -> float:
        """The mean of the episodes' rewards."""
        return sum(self.rewards) / len(self.rewards)


def play(policy: Policy, environments: Sequence[gymnasium.Env[Any, Any]], seeds: Sequence[int]) -> Episodes:
    """One episode in each environment, side by side, so that the policy is asked once a step for all of them."""
    import numpy as np

    n = len(seeds)
    rewards, lengths, truncated = [0.0] * n, [0] * n, [False] * n
    observations = [env.reset(seed=seed)[0] for env, seed in zip(environments, seeds, strict=True)]
    running = list(range(n))
    while running:
        actions = policy(np.stack([observations[i] for i in running]))
        ended = set()
        for i, action in zip(running, actions, strict=True):
            observations[i], reward, terminated, truncated[i], _ = environments[i].step(action)
            rewards[i] += float(reward)
            lengths[i] += 1
            if terminated or truncated[i]:
                ended.add(i)
        running = [i for i in running if i not in ended]
    return Episodes(rewards, lengths, truncated)


def evaluate_policy(policy: Policy, where: EnvSpec, interval: str | None = None) -> Evaluation:
    """EPISODES fresh episodes on seeds kept for evaluation.

    Metrics: mean_reward, std_reward (sample standard deviation), mean_episode_length (steps).
    Details: the reward of each episode, the episodes that were truncated, the cap in steps.
    """
    import numpy as np

    seeds = episode_seeds("evaluation", where.seed, EPISODES)
    episodes = play(policy, [make_environment(where.environment) for _ in seeds], seeds)
    return Evaluation(
        metrics={
            "mean_reward": episodes.mean_reward,
            "std_reward": float(np.std(episodes.rewards, ddof=1)),
            "mean_episode_length": float(np.mean(episodes.lengths)),
        },
        n=EPISODES,
        ci95=mean_interval(episodes.rewards) if interval == "mean_reward" else None,
        details={
            "episode_rewards": episodes.rewards,
            "truncated_episodes": sum(episodes.truncated),
            "max_episode_steps": MAX_EPISODE_STEPS,
        },
        notes=(
            f"The score is the mean of {EPISODES} fresh episodes, each with a seed of its own that training did not "
            f"use; the lowest reward is {min(episodes.rewards):.4g}.",
        ),
    )


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of the mean by Student's t (Student 1908), for values that are independent."""
    from scipy import stats

    mean = sum(values) / len(values)
    half_width = float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))
    return mean - half_width, mean + half_width


def evaluate_random_policy(where: EnvSpec, interval: str | None = None) -> Evaluation:
    """The baseline: actions drawn from the action space, on the very episodes that `evaluate_policy` plays."""
    import numpy as np

    actions = make_environment(where.environment).action_space
    actions.seed(episode_seeds("random_policy", where.seed, 1)[0])
    return evaluate_policy(lambda seen: np.stack([actions.sample() for _ in seen]), where, interval)
