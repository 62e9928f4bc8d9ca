"""One attempt of a run: planned, judged, recorded. What the workflow's tasks are made of.

Each function may be called again after a crash: what was done is found in the run record, in the branch or under the
comment's marker, and is not done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from algorithms.errors import PlatformError, Problem, RequestError
from lambda_bridge import comments, datasets, history, search
from lambda_bridge.advise import Advice, advise, tried
from lambda_bridge.judge import BelowThreshold, Failed, Invalid, Outcome, Registered, Stopped, judge
from lambda_bridge.ports import ConflictError, Execution, Ports
from lambda_bridge.runs import Attempt, ProblemRecord, Run, Status
from pipelines.definitions import STEP_NAMES
from pipelines.parameters import RunFacts, model_package_group_name, pipeline_parameters
from pipelines.request import ResolvedRequest, TrainingRequest, resolve

MOST_TRIES = 10
MOST_METRICS = 50
UNDER_WAY = ("Starting", "Executing", "Stopping")
STATUSES: dict[type[Any], Status] = {
    Registered: "registered",
    BelowThreshold: "below_threshold",
    Invalid: "invalid",
    Failed: "failed",
    Stopped: "cancelled",
}


def update(ports: Ports, issue: int, change: Callable[[Run], Run]) -> Run:
    """Changes the record of an issue; made anew on the fresh record if somebody else wrote it meanwhile.

    Raises ConflictError when that goes on, KeyError if there is no record.
    """
    for _ in range(MOST_TRIES):
        run = get(ports, issue)
        changed = change(run)
        if changed == run:
            return run
        try:
            return ports.runs.save(changed)
        except ConflictError:
            continue
    raise ConflictError(f"issue {issue}: its record kept changing.")


def get(ports: Ports, issue: int) -> Run:
    """The record of an issue. Raises KeyError."""
    run = ports.runs.get(issue)
    if run is None:
        raise KeyError(f"issue {issue}: there is no record of it")
    return run


def plan(ports: Ports, run: Run) -> Run:
    """Settles what the current attempt is started with, and stores it first: a retry starts the very same.

    What is wrong with the request or its dataset becomes the attempt's status `invalid`.
    """
    if run.own_attempts and (run.attempt.parameters or run.attempt.status is not None):
        return run
    attempt = _current(run)
    try:
        settled, parameters = _settle(ports, run, attempt)
    except RequestError as error:
        refused = {"status": "invalid", "problems": _problems(error.problems)}
        return _store(ports, run, attempt.model_copy(update=refused))
    return _store(ports, run, attempt.model_copy(update={"parameters": parameters}), settled)


def _current(run: Run) -> Attempt:
    """The attempt that is to be planned: the one that a reply made, else the run's first."""
    if run.own_attempts:
        return run.attempt
    request = _request(run)
    return Attempt(number=run.first_attempt, hyperparameters=request.hyperparameters)


def _settle(ports: Ports, run: Run, attempt: Attempt) -> tuple[ResolvedRequest, dict[str, Any]]:
    written = _request(run)
    request = written.model_copy(update={"hyperparameters": attempt.hyperparameters})
    dataset = request.dataset_id
    digest = "" if dataset is None else datasets.dataset_digest(ports.artifacts, dataset)
    settled = resolve(request, None if dataset is None else datasets.metadata(ports.artifacts, dataset))
    ports.costs.check(settled)
    group = model_package_group_name(settled)
    ports.registry.ensure_group(group)
    previous = ports.registry.approved(group)
    uri, arn = (previous.model_data, previous.arn) if previous else (None, None)
    return settled, pipeline_parameters(settled, RunFacts(run.issue, attempt.number, digest, uri, arn))


def _store(ports: Ports, run: Run, attempt: Attempt, settled: ResolvedRequest | None = None) -> Run:
    def change(fresh: Run) -> Run:
        others = tuple(other for other in fresh.attempts if other.number != attempt.number)
        changes: dict[str, Any] = {"attempts": (*others, attempt)}
        return fresh.model_copy(update=changes if settled is None else {**changes, "settled": settled})

    return update(ports, run.issue, change)


def _request(run: Run) -> TrainingRequest:
    if run.request is None:
        raise ValueError(f"issue {run.issue}: its run has no request")
    return run.request


def show_progress(ports: Ports, run: Run, steps: Sequence[Mapping[str, Any]], queued: int | None = None) -> Run:
    """Edits the run's one progress comment; nothing is written where nothing changed.

    `queued`: the place in the queue, while all workers are busy.
    """
    bound = ports.costs.sentence(run.settled) if run.settled else ""
    text = comments.progress(run, steps, STEP_NAMES, queued, bound)
    comment = ports.issues.write(run.issue, f"progress-{run.number}", text, run.progress_comment)
    shown = {"progress_comment": comment, "progress_edited": ports.clock()}
    return update(ports, run.issue, lambda fresh: fresh.model_copy(update=shown))


def judge_attempt(ports: Ports, run: Run, execution: Execution) -> Run:
    """Stores what became of the current attempt, whose pipeline execution has ended."""
    if run.attempt.status is not None:
        return run
    steps = ports.pipelines.steps(execution.arn)
    _require_settled(execution, steps)
    evaluation = datasets.evaluation(ports.artifacts, run.run_id)
    outcome = judge(execution.status, steps, evaluation)
    train = ((evaluation or {}).get("train") or {}).get("primary") or {}
    changes = {
        **_searched(ports, run, steps, evaluation),
        "status": STATUSES[type(outcome)],
        "metrics": _kept((evaluation or {}).get("metrics", {})),
        "train_score": train.get("score"),
        "model_package_arn": outcome.model_package_arn if isinstance(outcome, Registered) else None,
        "problems": _problems_of(outcome),
        "seconds": (execution.changed - execution.started).total_seconds(),
    }
    return update(ports, run.issue, lambda fresh: fresh.with_attempt(**changes))


def _searched(
    ports: Ports, run: Run, steps: Sequence[Mapping[str, Any]], evaluation: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What a search tried and chose; nothing where there was none."""
    job = search.tuning_job(steps)
    if job is None or run.settled is None or evaluation is None:
        return {}
    return {
        "trials": search.trials(run.settled, evaluation, ports.pipelines.trials(job)),
        "chosen": search.chosen(run.attempt.hyperparameters, evaluation),
    }


def _require_settled(execution: Execution, steps: Sequence[Mapping[str, Any]]) -> None:
    """Raises PlatformError while the service's answers lag behind each other: judging now would be for good."""
    under_way = [step["StepName"] for step in steps if step.get("StepStatus") in UNDER_WAY]
    if not execution.ended or (under_way and execution.status != "Stopped"):
        what = f"is {execution.status}, and under way are: {', '.join(under_way) or 'no steps'}"
        raise PlatformError(f"{execution.arn}: {what}. Waiting for the service to settle.")


def _kept(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics that the run record holds: it is one item of at most 400 KB (DynamoDB, "Service quotas")."""
    numbers = [name for name, value in metrics.items() if isinstance(value, int | float | None)]
    return {name: metrics[name] for name in ("primary", *numbers[:MOST_METRICS]) if name in metrics}


def record_attempt(ports: Ports, run: Run, must_commit: bool = True) -> Run:
    """Commits the current attempt to the history and tells it on the issue: the result comment comes after the commit.

    An attempt whose pipeline was never started leaves no record in the history. Where the commit is refused although it
    need not succeed, the comment says so.
    """
    facts = _facts_of(ports, run)
    branch, plots, problem = None, dict[str, str](), None
    if run.attempt.execution_arn is not None:
        run = show_progress(ports, run, facts.steps)
        try:
            run, branch, plots = _commit(ports, run, facts)
        except PlatformError as error:
            if must_commit:
                raise
            problem = str(error)
    text = comments.result(
        run, facts.evaluation, advice=advice_for(ports, run), plots=plots, branch=branch, problem=problem
    )
    ports.issues.write(run.issue, result_marker(run), text)
    return run


def result_marker(run: Run) -> str:
    """Of the current attempt's result comment."""
    return f"result-{run.attempt.number}"


@dataclass(frozen=True)
class _Facts:
    """What the pipeline left behind."""

    steps: Sequence[Mapping[str, Any]]
    evaluation: Mapping[str, Any] | None


def _facts_of(ports: Ports, run: Run) -> _Facts:
    if run.attempt.execution_arn is None:
        return _Facts((), None)
    return _Facts(ports.pipelines.steps(run.attempt.execution_arn), datasets.evaluation(ports.artifacts, run.run_id))


def _commit(ports: Ports, run: Run, facts: _Facts) -> tuple[Run, str | None, dict[str, str]]:
    """One commit with the attempt's folder.

    Returns the run, the branch where that is not the one people look at, and the addresses of the plots by name.
    """
    plots = history.accepted(datasets.plots(ports.artifacts, run.run_id))
    files = history.files(run, facts.evaluation, facts.steps, ports.code_version, plots)
    commit = ports.history.commit(files, f"Issue {run.issue}, attempt {run.attempt.number}: {run.attempt.status}")
    folder = history.folder(run, run.attempt.number)
    path = f"{folder}/record.json"
    record = {
        "record_path": path,
        "record_digest": history.digest(files[path]),
        "record_url": ports.history.url(commit, folder),
    }
    run = update(ports, run.issue, lambda fresh: fresh.with_attempt(**record))
    addresses = {name: ports.history.url(commit, f"{folder}/{name}") for name in plots}
    return run, commit.branch if commit.protected else None, addresses


def advice_for(ports: Ports, run: Run) -> Advice | None:
    """What to try after an attempt below the threshold, from what earlier attempts on this dataset showed."""
    evaluation = datasets.evaluation(ports.artifacts, run.run_id) if run.attempt.status == "below_threshold" else None
    if run.settled is None or evaluation is None:
        return None
    group, metric = run.group, run.settled.evaluation_metric
    others = [attempt for other in ports.runs.in_group(group) if other.issue != run.issue for attempt in other.attempts]
    earlier = [
        tried(attempt, metric)
        for attempt in (*others, *run.attempts[:-1])
        if attempt.metrics and attempt.parameters.get("ModelPackageGroupName") == group
    ]
    advice = advise(run.settled, tried(run.attempt, metric), earlier, evaluation)
    found = {each.name: run.attempt.values[each.name] for each in run.settled.space().searched}
    return replace(advice, changes={**found, **advice.changes}) if advice.changes else advice


def _problems(problems: Sequence[Problem]) -> tuple[ProblemRecord, ...]:
    return tuple(ProblemRecord(key=item.key, value=item.value, message=item.message) for item in problems)


def _problems_of(outcome: Outcome) -> tuple[ProblemRecord, ...]:
    if isinstance(outcome, Invalid):
        return _problems(outcome.problems)
    return (ProblemRecord(key=outcome.step, message=outcome.reason),) if isinstance(outcome, Failed) else ()
