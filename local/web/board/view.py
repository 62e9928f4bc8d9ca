"""What every page of the board needs: the workspace, the visitor, the templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.executions import Executions
from local.run_records import RunRecords
from local.web.board.files import Files
from local.web.board.live import Changes
from local.web.board.sessions import Session, Sessions, keep
from pipelines.language import mark, say, spoken

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup
    from starlette.requests import Request
    from starlette.responses import Response

    from local.github import LocalGitHub
    from local.objects import ObjectStore
    from local.sagemaker import LocalSageMaker
    from local.store import Store

HERE = Path(__file__).parent
STATES = {
    "running": mark("running"),
    "waiting": mark("waiting"),
    "registered": mark("registered"),
    "failed": mark("failed"),
    "closed": mark("closed"),
    "below_threshold": mark("below threshold"),
    "invalid": mark("invalid"),
    "cancelled": mark("cancelled"),
    "Approved": mark("approved"),
    "Rejected": mark("rejected"),
    "PendingManualApproval": mark("pending"),
}
ACTIONS = {"approve": mark("approve"), "reject": mark("reject"), "rollback": mark("rollback")}
MOST_PAGES = 10_000
MOST_ISSUES = 2**31


class NotFoundError(Exception):
    """There is no such thing; the message says so."""


class SignInError(Exception):
    """Only for people who have signed in, or for those with more permission."""


@dataclass(frozen=True)
class Board:
    """The board over a local repository."""

    store: Store
    objects: ObjectStore
    logs: Path
    github: LocalGitHub
    sagemaker: LocalSageMaker
    sessions: Sessions
    files: Files
    changes: Changes
    version: str

    @cached_property
    def runs(self) -> RunRecords:
        """The run records."""
        return RunRecords(self.store)

    @cached_property
    def executions(self) -> Executions:
        """The pipelines' executions."""
        return Executions(self.store)

    @cached_property
    def _templates(self) -> Environment:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        loader = FileSystemLoader(HERE / "templates")
        found = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        found.filters["spans"] = _spans
        found.globals |= {"say": say, "STATES": STATES, "ACTIONS": ACTIONS}
        return found

    @staticmethod
    @lru_cache(maxsize=16)
    def definition(text: str) -> dict[str, Any]:
        """A pipeline's definition."""
        found: dict[str, Any] = json.loads(text)
        return found

    def show(self, request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
        """A page for the visitor of a request."""
        from starlette.responses import HTMLResponse

        visitor = self.sessions.of(request)
        common = {"visitor": visitor, "path": request.url.path, "version": self.version, "language": spoken()}
        text = self._templates.get_template(template).render(**common, repository=self.github.repository, **values)
        return keep(HTMLResponse(text, status), visitor)


def _spans(text: str) -> Markup:
    """What stands in backticks as code; nothing else of a message is Markdown."""
    from markupsafe import Markup, escape

    parts = str(text).split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    found = (Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts))
    return Markup("").join(found)


def visitor_may(board: Board, request: Request, role: str) -> Session:
    """The visitor, who has that permission. Raises SignInError."""
    visitor = board.sessions.of(request)
    if not visitor.may(role):
        raise SignInError(role)
    return visitor


def number_of(request: Request) -> int:
    """The issue that an address names. Raises NotFoundError for a number that no issue has."""
    number: int = request.path_params["number"]
    if number > MOST_ISSUES:
        raise NotFoundError(say("There is no issue {number}.", number=number))
    return number


def page_of(request: Request) -> int:
    """The page that is asked for, from 1 on."""
    text = request.query_params.get("page", "1")
    return min(max(int(text), 1), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 9 else 1
