"""What people do on the board. Each is something that they would do on GitHub, in their own name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from algorithms.errors import RequestError
from lambda_bridge.ports import TRAIN_LABEL
from local.datasets import FILES, add_dataset, known_datasets
from local.github.problems import GitHubError
from local.web.board.form import read_form
from local.web.board.pages import show_issue
from local.web.board.sessions import Session, keep
from local.web.board.view import Board, SignInError, number_of
from pipelines.language import say

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.responses import Response

LARGEST_UPLOAD = 2 * 2**30
"""Bytes of a dataset; more is put in with `mlops data add`."""
MOST_FIELDS, LONGEST_FIELD = 60, 2**18


class ForgedError(Exception):
    """A form that this board did not make for this visitor."""


def open_issue(board: Board, request: Request, visitor: Session, form: FormData) -> Response:
    """`POST /new`: opens an issue with the label, or shows what is wrong."""
    user = _signed_in(visitor)
    given = {key: value for key, value in form.items() if isinstance(value, str)}
    filled = read_form(given, checked=True)
    if filled.problems or any(field.problems for field in filled.fields):
        values = {"form": filled, "datasets": known_datasets(board.objects)}
        return board.show(request, "new.html", values)
    issue = board.github.issues.create(user, filled.title, filled.body, [TRAIN_LABEL])
    return _redirect(f"/issues/{issue['number']}")


def comment(board: Board, request: Request, visitor: Session, form: FormData) -> Response:
    """`POST /issues/N`: a comment, a reply or a command."""
    user, number = _signed_in(visitor), number_of(request)
    text = str(form.get("body", "")).replace("\r\n", "\n")
    try:
        board.github.comments.create(user, number, text)
    except GitHubError as error:
        problem = say("This cannot be posted: {error}", error=error) if text.strip() else say("Write something.")
        return show_issue(board, request, number, problem, text)
    return _redirect(f"/issues/{number}#end")


def upload(board: Board, request: Request, visitor: Session, form: FormData) -> Response:
    """`POST /data`: a dataset from files."""
    if not visitor.may("write"):
        raise SignInError("write")
    identifier = str(form.get("dataset_id", "")).strip()
    files = [each for each in form.getlist("files") if not isinstance(each, str) and each.filename]
    problems = [
        f"{str(each.filename)[:80]}: is none of {', '.join(FILES)}. Rename it or leave it out."
        for each in files
        if each.filename not in FILES
    ]
    if not problems:
        try:
            _store(board, identifier, files)
            return _redirect("/data")
        except RequestError as error:
            problems = [problem.message for problem in error.problems]
    known = known_datasets(board.objects)
    return board.show(request, "data.html", {"datasets": known, "problems": problems})


def _store(board: Board, identifier: str, files: list[Any]) -> None:
    """Raises RequestError for what is no dataset."""
    with TemporaryDirectory(dir=board.logs.parent) as folder:
        for each in files:
            with (Path(folder) / str(each.filename)).open("wb") as target:
                while block := each.file.read(2**20):
                    target.write(block)
        add_dataset(board.objects, identifier, Path(folder))


def sign_in(board: Board, request: Request, _: Session, form: FormData) -> Response:
    """`POST /sign-in`: with the token of an account."""
    found = board.sessions.sign_in(str(form.get("token", "")).strip())
    if found is None:
        problem = say("No account has this token. It is the one given with --user, or told when the service began.")
        return board.show(request, "sign_in.html", {"problem": problem})
    return keep(_redirect("/"), found)


def sign_out(board: Board, _: Request, visitor: Session, __: FormData) -> Response:
    """`POST /sign-out`."""
    board.sessions.sign_out(visitor)
    return _redirect("/")


def _signed_in(visitor: Session) -> Any:
    if visitor.user is None:
        raise SignInError("read")
    return visitor.user


def _redirect(path: str) -> Response:
    from starlette.responses import RedirectResponse

    return RedirectResponse(path, 303)


def check_origin(request: Request) -> None:
    """A browser says where a form stands. Raises ForgedError for another site's."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForgedError
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForgedError


Act = Callable[[Board, "Request", Session, "FormData"], "Response"]
ACTIONS: Mapping[str, Act] = {
    "/new": open_issue,
    "/issues/{number:int}": comment,
    "/data": upload,
    "/sign-in": sign_in,
    "/sign-out": sign_out,
}
