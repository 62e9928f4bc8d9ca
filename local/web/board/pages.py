"""The board's pages: reads, and hands to a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lambda_bridge.ports import MAY_ACT
from local.arns import last_part
from local.datasets import known_datasets
from local.github.problems import GitHubError
from local.registry import Registry
from local.step_runner import RUN_ID
from local.web.board import attempts, issues, models
from local.web.board.form import read_form
from local.web.board.graph import draw
from local.web.board.markdown import to_html
from local.web.board.view import Board, NotFoundError, number_of, page_of, visitor_may
from pipelines.language import say

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

LONGEST_LOG = 200_000
"""Bytes at the end of a log that are shown."""
COMMANDS = ("approve", "reject", "rollback", "cancel", "status")


def list_of_issues(board: Board, request: Request) -> Response:
    """`GET /`."""
    state, page = request.query_params.get("state", ""), page_of(request)
    lines, more = issues.list_issues(board.store, state, page)
    values = {"lines": lines, "state": state, "states": issues.STATES, "page": page, "more": more}
    return board.show(request, "issues.html", values)


def new_training(board: Board, request: Request) -> Response:
    """`GET /new`."""
    visitor_may(board, request, "read")
    form = read_form(dict(request.query_params), checked=False)
    return board.show(request, "new.html", {"form": form, "datasets": known_datasets(board.objects)})


def one_issue(board: Board, request: Request) -> Response:
    """`GET /issues/N`."""
    return show_issue(board, request, number_of(request))


def show_issue(board: Board, request: Request, number: int, problem: str = "", draft: str = "") -> Response:
    """An issue with its comments, the steps of the current attempt, and what may be replied."""
    try:
        issue = board.github.records.issue(number)
    except GitHubError as error:
        raise NotFoundError(say("There is no issue {number}.", number=number)) from error
    said = [dict(row) for row in board.github.records.all_comments(number)]
    run = board.runs.get(number)
    values = {
        "issue": {**dict(issue), "html": to_html(issue["body"] or "", board.files.place)},
        "labels": [row["name"] for row in board.github.records.labels_of(number)],
        "said": [{**comment, "html": to_html(comment["body"], board.files.place)} for comment in said],
        "run": run,
        "graph": _graph(board, run),
        "offer": draft or (issues.suggestion(said) if run and run.state == "waiting" else ""),
        "problem": problem,
        "commands": COMMANDS,
    }
    return board.show(request, "issue.html", values)


def _graph(board: Board, run: Any) -> Any:
    """The picture of the current attempt's pipeline; None before it was started."""
    if run is None or not run.own_attempts or run.attempt.execution_arn is None:
        return None
    execution = board.executions.get(last_part(run.attempt.execution_arn))
    found = board.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution.arn)
    return draw(board.definition(execution.definition), found["PipelineExecutionSteps"])


def log(board: Board, request: Request) -> Response:
    """`GET /issues/N/attempts/K/steps/NAME`: the end of a step's log, for those who may act."""
    visitor_may(board, request, MAY_ACT[-1])
    place = request.path_params
    run_id, step = f"issue-{place['number']}-attempt-{place['attempt']}", place["step"]
    path = board.logs / run_id / f"{step}.log"
    if not RUN_ID.fullmatch(step) or not path.is_file():
        raise NotFoundError(say("The step has written no log."))
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LONGEST_LOG))
        text = file.read().decode(errors="replace")
    return board.show(request, "log.html", {"text": text, "step": step, "run_id": run_id, "number": place["number"]})


def list_of_models(board: Board, request: Request) -> Response:
    """`GET /models`."""
    visitor_may(board, request, "read")
    return board.show(request, "models.html", {"groups": models.list_groups(Registry(board.store))})


def one_group(board: Board, request: Request) -> Response:
    """`GET /models/GROUP`, and with `?one=3&other=2` a comparison."""
    visitor_may(board, request, "read")
    group = request.path_params["group"]
    versions = models.list_versions(Registry(board.store), board.store, group)
    if not versions:
        raise NotFoundError(say("There is no such model package group, or it has no version."))
    by_number = {str(version.number): version for version in versions}
    chosen = [by_number.get(request.query_params.get(name, "")) for name in ("one", "other")]
    one, other = chosen
    rows = models.compare(one, other) if one and other else []
    decided = models.decisions(board.files, group)
    values = {"group": group, "versions": versions, "chosen": chosen, "rows": rows, "decided": decided}
    return board.show(request, "group.html", values)


def list_of_attempts(board: Board, request: Request) -> Response:
    """`GET /runs`."""
    visitor_may(board, request, "read")
    given = {name: request.query_params.get(name, "")[:100] for name in ("algorithm", "source", "status")}
    chosen, page = attempts.Filter(**given), page_of(request)
    lines, more = attempts.list_attempts(board.store, chosen, page)
    values: dict[str, Any] = {"chosen": chosen, "lines": lines, "page": page, "more": more, "names": [], "plot": None}
    if chosen.algorithm:
        many, _ = attempts.list_attempts(board.store, chosen, 1, attempts.MOST_POINTS)
        values["names"] = attempts.names_of(many)
        name = request.query_params.get("against", "") or next(iter(values["names"]), "")
        values |= {"against": name, "plot": attempts.plot(many, name)}
    return board.show(request, "runs.html", values)


def list_of_data(board: Board, request: Request) -> Response:
    """`GET /data`."""
    visitor_may(board, request, "read")
    return board.show(request, "data.html", {"datasets": known_datasets(board.objects), "problems": []})


def sign_in_page(board: Board, request: Request) -> Response:
    """`GET /sign-in`."""
    return board.show(request, "sign_in.html", {"problem": ""})


PAGES: Mapping[str, Callable[[Board, Request], Response]] = {
    "/": list_of_issues,
    "/new": new_training,
    "/issues/{number:int}": one_issue,
    "/issues/{number:int}/attempts/{attempt:int}/steps/{step}": log,
    "/models": list_of_models,
    "/models/{group}": one_group,
    "/runs": list_of_attempts,
    "/data": list_of_data,
    "/sign-in": sign_in_page,
}
