"""Which keys of a request fit each other. Light.

Each check looks at what was given and answers with problems. It stays silent about keys that are wrong in themselves,
so that one mistake is told once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, get_args

from pydantic import BaseModel

from algorithms.base import Algorithm
from algorithms.environments import ENVIRONMENTS
from algorithms.errors import Problem
from algorithms.metrics import LEARNING_TYPE_OF, METRICS, LearningType, TaskType, of_task
from algorithms.params import Preprocessing
from algorithms.registry import ALGORITHMS, algorithm
from algorithms.search import Tuning, space, split, tuning_problems
from algorithms.search import problems as search_problems
from algorithms.validation import check, expectation, fields
from algorithms.wording import plain, shown

if TYPE_CHECKING:
    from algorithms.reinforcement import ReinforcementAlgorithm

TABLES: tuple[LearningType, ...] = ("supervised", "unsupervised")

LEARNING_TYPES_OF: dict[str, tuple[LearningType, ...]] = {
    "dataset_id": TABLES,
    "environment": ("reinforcement",),
    "target": ("supervised",),
    "sensitive_columns": ("supervised",),
    "preprocessing": TABLES,
    "tuning": TABLES,
}
"""Keys that only some learning types take; the others are for all."""

REQUIRED_BY: dict[LearningType, str] = {
    "supervised": "dataset_id",
    "unsupervised": "dataset_id",
    "reinforcement": "environment",
}

MOST_SENSITIVE = 5
LONGEST_ARGUMENT = 256
"""Characters of a container argument (CreateProcessingJob, `ContainerArguments`)."""

MOST_INSTANCES = 16
"""Of one training job."""
LONGEST_JSON = 1000
"""Characters of `hyperparameters` and of `preprocessing` as canonical JSON; a pipeline parameter takes 1,024."""


@dataclass(frozen=True)
class Given:
    """What was written, and the learning type and algorithm it names where these are valid."""

    model: type[BaseModel]
    keys: Mapping[Any, Any]
    learning_type: LearningType | None
    algorithm: type[Algorithm] | None

    def tasks(self) -> list[TaskType]:
        """The task types that the request may still mean."""
        named = self.keys.get("task_type")
        if self.algorithm is not None:
            tasks = list(self.algorithm.task_types)
        else:
            tasks = [task for task, kind in LEARNING_TYPE_OF.items() if self.learning_type in (kind, None)]
        return [named] if named in tasks else tasks


def canonical_json(value: Mapping[str, Any] | BaseModel) -> str:
    """The one JSON text of a mapping: sorted keys, no spaces. Of a model only what was given, not its defaults.

    Raises ValueError for NaN, infinity and integers of more than 4,300 digits.
    """
    content = value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def find_problems(model: type[BaseModel], keys: Mapping[Any, Any]) -> list[Problem]:
    """Every problem of `keys` as input of the request's `model`, alone and together."""
    given = _understood(model, keys)
    return [problem for find in CHECKS for problem in find(given)]


def without_empty(model: type[BaseModel], keys: Mapping[Any, Any]) -> dict[Any, Any]:
    """`keys` without known ones that are None: an empty value means the default. An unknown key stays wrong."""
    return {key: value for key, value in keys.items() if value is not None or key not in model.model_fields}


def _understood(model: type[BaseModel], keys: Mapping[Any, Any]) -> Given:
    name, learning_type = keys.get("algorithm"), keys.get("learning_type")
    found = algorithm(name) if isinstance(name, str) and name in ALGORITHMS else None
    if learning_type not in get_args(LearningType):
        learning_type = found.learning_type() if found else None
    return Given(model, keys, learning_type, found)


def _each_key(given: Given) -> list[Problem]:
    """Types and bounds, key by key. What stands inside a key is checked by itself, to name it in full."""
    inside: dict[str, Any] = {
        key: {} for key in ("hyperparameters", "preprocessing", "tuning") if isinstance(given.keys.get(key), Mapping)
    }
    misplaced = _misplaced(given)
    problems = [problem for problem in check(given.model, {**given.keys, **inside}) if problem.key not in misplaced]
    return [*problems, *(_move(key, given.keys[key], where) for key, where in misplaced.items())]


def _misplaced(given: Given) -> dict[str, str]:
    """Keys of the request that belong under another one, an indentation away."""
    inner: dict[str, type[BaseModel]] = {"preprocessing": Preprocessing, "tuning": Tuning}
    if given.algorithm is not None:
        inner["hyperparameters"] = given.algorithm.params_model
    unknown = [key for key in given.keys if key not in given.model.model_fields]
    return {key: where for where, model in inner.items() for key in unknown if key in model.model_fields}


def _move(key: str, value: Any, where: str) -> Problem:
    return Problem(key, plain(value), f"{key}: belongs under `{where}:`, got it at the top. Indent it there.")


def _move_up(given: Given, problem: Problem) -> Problem:
    """A better message for an unknown hyperparameter that is a key of the request."""
    _, _, key = problem.key.partition("hyperparameters.")
    if (
        given.algorithm is None
        or key in given.algorithm.params_model.model_fields
        or key not in given.model.model_fields
    ):
        return problem
    message = f"{problem.key}: belongs at the top, got it under `hyperparameters:`. Write `{key}:` without indentation."
    return Problem(problem.key, problem.value, message)


def _preprocessing(given: Given) -> list[Problem]:
    keys = given.keys.get("preprocessing", {})
    if not isinstance(keys, Mapping):
        return []
    keys = without_empty(Preprocessing, keys)
    problems = check(Preprocessing, keys, "preprocessing.", "key of preprocessing")
    problems += [] if problems else _length("preprocessing", keys)
    if keys.get("encoding") == "target" and given.learning_type == "unsupervised":
        message = "preprocessing.encoding: needs a target, got `target` with unsupervised. Choose one_hot or ordinal."
        problems.append(Problem("preprocessing.encoding", "target", message))
    who = given.algorithm
    if keys.get("missing") == "drop" and who is not None and who.only_training_rows:
        message = f"preprocessing.missing: drop would leave rows without a result, got `drop` with {who.name}: "
        advice = f"{who.only_training_rows}. Choose median, mean or most_frequent."
        problems.append(Problem("preprocessing.missing", "drop", message + advice))
    dropped, target = keys.get("drop_columns", []), given.keys.get("target")
    if isinstance(dropped, list) and isinstance(target, str) and target in dropped:
        message = f"preprocessing.drop_columns: names the target, got {shown(target)}. Take it out of the list."
        problems.append(Problem("preprocessing.drop_columns", plain(target), message))
    return problems


def _sensitive(given: Given) -> list[Problem]:
    """Sensitive columns that are repeated, the target, or too long together for the step that reads them."""
    names = given.keys.get("sensitive_columns")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return []
    target = given.keys.get("target")
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    length = len(json.dumps(names, ensure_ascii=False, separators=(",", ":")))
    if twice:
        message = f"names a column twice, got {shown(twice[0])}. Take one out."
    elif target is not None and target in names:
        message = f"names the target, got {shown(target)}. Take it out of the list."
    elif length > LONGEST_ARGUMENT:
        message = f"must be at most {LONGEST_ARGUMENT} characters as JSON, got {length}. Give fewer columns."
    else:
        return []
    return [Problem("sensitive_columns", plain(names), f"sensitive_columns: {message}")]


def _hyperparameters(given: Given) -> list[Problem]:
    keys = given.keys.get("hyperparameters", {})
    if not isinstance(keys, Mapping) or given.algorithm is None:
        return []
    what = f"hyperparameter of {given.algorithm.name}"
    keys = without_empty(given.algorithm.params_model, keys)
    model = given.algorithm.params_model
    searched, fixed = split(model, keys)
    if searched and given.algorithm.learning_type() not in TABLES:
        return [_not_searched(name, value) for name, value in searched.items()]
    problems = check(model, fixed, "hyperparameters.", what) + search_problems(model, keys, what)
    problems = [_move_up(given, problem) for problem in problems]
    if {"num_episodes", "total_timesteps"} <= set(keys):  # the model says so too, but only once every value is valid
        message = "hyperparameters.num_episodes: excludes total_timesteps, got both. Keep one of them."
        both = Problem("hyperparameters.num_episodes", plain(keys["num_episodes"]), message)
        problems = [*(problem for problem in problems if problem.key != "hyperparameters"), both]
    return problems or _length("hyperparameters", keys)


def _not_searched(name: str, value: Any) -> Problem:
    key = f"hyperparameters.{name}"
    why = "a search cross-validates on training rows, and an agent has none"
    return Problem(key, plain(value), f"{key}: must be one value, got {shown(value)}: {why}. Give one value.")


def _tuning(given: Given) -> list[Problem]:
    """The keys of `tuning`, and whether they fit what is searched. Other mistakes come first."""
    keys, hyperparameters = given.keys.get("tuning"), given.keys.get("hyperparameters", {})
    if not isinstance(keys, Mapping | None) or given.learning_type not in TABLES:
        return []
    keys = None if keys is None else without_empty(Tuning, keys)
    problems = check(Tuning, keys or {}, "tuning.", "key of tuning")
    if problems or given.algorithm is None or not isinstance(hyperparameters, Mapping) or _hyperparameters(given):
        return problems
    found = space(given.algorithm.params_model, without_empty(given.algorithm.params_model, hyperparameters))
    return [] if keys is None and not found.searched else tuning_problems(Tuning.model_validate(keys or {}), found)


def _length(key: str, value: Mapping[str, Any]) -> list[Problem]:
    """The services' limit on a pipeline parameter's value."""
    length = len(canonical_json(value))
    if length <= LONGEST_JSON:
        return []
    message = f"{key}: must be at most {LONGEST_JSON} characters as JSON, got {length}. Give fewer or shorter values."
    return [Problem(key, f"{length} characters", message)]


def _algorithm(given: Given) -> list[Problem]:
    """The algorithm against the learning type."""
    if given.algorithm is None or given.learning_type in (given.algorithm.learning_type(), None):
        return []
    name, right = given.algorithm.name, given.algorithm.learning_type()
    others = ", ".join(other for other in ALGORITHMS if algorithm(other).learning_type() == given.learning_type)
    message = f"algorithm: is {right}, not {given.learning_type}, got {shown(name)}. "
    advice = f"Write `learning_type: {right}`, or choose one of {others}."
    return [Problem("algorithm", name, message + advice)]


def _learning_type(given: Given) -> list[Problem]:
    """Keys of another learning type, and the key that this one cannot do without."""
    if given.learning_type is None:
        return []
    learning, required = f"{given.learning_type} learning", REQUIRED_BY[given.learning_type]
    problems = []
    for key in LEARNING_TYPES_OF:
        if key in given.keys and given.learning_type not in LEARNING_TYPES_OF[key]:
            message = f"{key}: is not for {learning}, got {shown(given.keys[key])}. Remove it."
            problems.append(Problem(key, plain(given.keys[key]), message))
    if required not in given.keys:
        expected = expectation(fields(given.model)[required])
        message = f"{required}: is missing, required for {learning}. Add it: {expected}."
        problems.append(Problem(required, None, message))
    return problems


def _task_type(given: Given) -> list[Problem]:
    named = given.keys.get("task_type")
    if named not in get_args(TaskType) or named in given.tasks():
        return []
    who = given.algorithm.name if given.algorithm else f"{given.learning_type} learning"
    message = f"task_type: does not fit {who}, got {shown(named)}. Write {' or '.join(given.tasks())}, or leave it out."
    return [Problem("task_type", named, message)]


def metric_problem(metric: str, tasks: list[TaskType], because: str, who: type[Algorithm] | None) -> Problem:
    """The problem of a metric that belongs to none of `tasks`. Offered are those of `who`; of all where it is None."""
    fitting = ", ".join(name for task in tasks for name in (who.metrics(task) if who else of_task(task)))
    message = f"evaluation_metric: belongs to {METRICS[metric].task_type}, but {because}, got {shown(metric)}. "
    advice = f"Choose one of {fitting}, or another task_type or algorithm."
    return Problem("evaluation_metric", metric, message + advice)


def _metric(given: Given) -> list[Problem]:
    metric, tasks = given.keys.get("evaluation_metric"), given.tasks()
    if not isinstance(metric, str) or metric not in METRICS:
        return []
    if given.algorithm is not None and metric in given.algorithm.undefined_metrics:
        fitting = ", ".join(name for task in tasks for name in given.algorithm.metrics(task))
        message = f"has no meaning for {given.algorithm.name}, got {shown(metric)}. Choose one of {fitting}."
        return [Problem("evaluation_metric", metric, f"evaluation_metric: {message}")]
    if METRICS[metric].task_type in tasks:
        return []
    return [metric_problem(metric, tasks, f"the request is for {' or '.join(tasks)}", given.algorithm)]


def _environment(given: Given) -> list[Problem]:
    """The environment's actions and observations against those that the algorithm can deal with."""
    environment, agent = given.keys.get("environment"), given.algorithm
    if not isinstance(environment, str) or environment not in ENVIRONMENTS or not hasattr(agent, "actions"):
        return []
    spec, agent = ENVIRONMENTS[environment], cast("type[ReinforcementAlgorithm]", agent)
    if agent.can_learn(spec):
        return []
    wrong = f"{spec.action} actions" if spec.action not in agent.actions else f"{spec.observation} observations"
    able = ", ".join(name for name, other in ENVIRONMENTS.items() if agent.can_learn(other))
    message = f"environment: has {wrong}, which {agent.name} cannot take, got {shown(environment)}. "
    return [Problem("environment", environment, f"{message}Choose one of {able}.")]


def _instance_count(given: Given) -> list[Problem]:
    """Several instances against what has to see all rows at once."""
    count, who = given.keys.get("instance_count"), given.algorithm
    if type(count) is not int or not 1 < count <= MOST_INSTANCES or who is None:
        return []
    preprocessing = given.keys.get("preprocessing")
    if not who.distributed:
        message = f"must be 1 for {who.name}, which trains on one instance, got {count}. "
        able = [name for name in ALGORITHMS if algorithm(name).distributed]
        advice = f"Leave it out, or choose {' or '.join(able)}."
    elif _searches(given):
        message = f"must be 1 for a search, which cross-validates on one instance, got {count}. "
        advice = "Leave it out, or give one value for each hyperparameter."
    elif isinstance(preprocessing, Mapping) and preprocessing.get("encoding") == "target":
        message = f"must be 1 with `encoding: target`, which looks at all rows at once, got {count}. "
        advice = "Leave it out, or choose one_hot or ordinal."
    else:
        return []
    return [Problem("instance_count", count, f"instance_count: {message}{advice}")]


def _searches(given: Given) -> bool:
    keys = given.keys.get("hyperparameters")
    return (
        isinstance(keys, Mapping) and given.algorithm is not None and bool(split(given.algorithm.params_model, keys)[0])
    )


CHECKS: tuple[Callable[[Given], list[Problem]], ...] = (
    _each_key,
    _algorithm,
    _learning_type,
    _task_type,
    _metric,
    _environment,
    _sensitive,
    _preprocessing,
    _hyperparameters,
    _tuning,
    _instance_count,
)
