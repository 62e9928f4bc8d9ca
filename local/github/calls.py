"""One REST call: who asks, for what, with which fields; and what is answered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from local.github.problems import invalid, not_found, unprocessable, unreadable
from local.github.records import Page
from local.github.users import User
from local.store import to_text

if TYPE_CHECKING:
    from local.github.service import LocalGitHub

LARGEST_PAGE = 100
LARGEST_NUMBER = 2**63 - 1
MOST_PAGES = 10**9
NUMBER = re.compile(r"[0-9]{1,19}")
HALF_PAIR = re.compile("[\ud800-\udfff]")

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """Status and JSON; `link`: the pages of a list."""

    content: Any
    status: int = 200
    link: str | None = None


@dataclass(frozen=True)
class Call:
    """A request that was let in."""

    github: LocalGitHub
    user: User
    url: str
    """Without the query."""
    path: Mapping[str, str]
    query: Mapping[str, str]
    fields: Fields

    def number(self, name: str) -> int:
        """A number in the path. Raises GitHubError 404 for anything else."""
        text = self.path[name]
        if not NUMBER.fullmatch(text) or int(text) > LARGEST_NUMBER:
            raise not_found()
        return int(text)

    def page(self) -> Page:
        """The page that is asked for; what is no number counts as left out, as on GitHub."""
        number, size = (self._count(name) for name in ("page", "per_page"))
        return Page(min(number or 1, MOST_PAGES), min(size or Page.size, LARGEST_PAGE))

    def since(self) -> str | None:
        """The moment in `since`, as it is stored. Raises GitHubError 422."""
        text = self.query.get("since")
        return None if text is None else to_text(moment("since", text))

    def choice(self, name: str, known: Sequence[T], standard: T) -> T:
        """A parameter that is one of a few words; another word counts as left out."""
        text: Any = self.query.get(name)
        return text if text in known else standard

    def paged(self, rows: Sequence[T]) -> tuple[Sequence[T], str | None]:
        """The rows of the page, and the Link header. `rows` holds one more where there is a next page."""
        page = self.page()
        pages = {"prev": page.number - 1} if page.number > 1 else {}
        if len(rows) > page.size:
            pages["next"] = page.number + 1
        links = [
            f'<{self.url}?{urlencode({**self.query, "page": number})}>; rel="{name}"' for name, number in pages.items()
        ]
        return rows[: page.size], ", ".join(links) or None

    def part(self, rows: Sequence[T]) -> tuple[Sequence[T], str | None]:
        """The same of a list that is not paged yet."""
        page = self.page()
        start = (page.number - 1) * page.size
        return self.paged(rows[start : start + page.size + 1])

    def _count(self, name: str) -> int:
        text = self.query.get(name, "")
        return int(text) if NUMBER.fullmatch(text) else 0


@dataclass(frozen=True)
class Fields:
    """The JSON object of a request's body. `resource` is named in refusals."""

    values: Mapping[str, Any] = field(default_factory=dict)
    resource: str = "Request"

    def of(self, resource: str) -> Fields:
        """The same fields of a resource with a name."""
        return Fields(self.values, resource)

    def text(self, name: str) -> str:
        """A text that must be there."""
        found = self.optional(name)
        if found is None:
            raise invalid(self.resource, name, "missing_field")
        return found

    def optional(self, name: str) -> str | None:
        """A text, or None where it is left out or null."""
        return self._typed(name, str)

    def flag(self, name: str) -> bool:
        """True or false; left out: false."""
        return bool(self._typed(name, bool))

    def texts(self, name: str) -> list[str] | None:
        """A list of texts, or None. Labels may also be objects with a name."""
        found = self._typed(name, list)
        return None if found is None else [self._item(name, item) for item in found]

    def objects(self, name: str) -> list[Fields]:
        """A list of objects that must be there."""
        found = self._typed(name, list)
        if found is None or not all(isinstance(item, dict) for item in found):
            raise invalid(self.resource, name, "missing_field" if found is None else "invalid")
        return [Fields(item, self.resource) for item in found]

    def object(self, name: str) -> Fields | None:
        """An object, or None."""
        found = self._typed(name, dict)
        return None if found is None else Fields(found, self.resource)

    def choice(self, name: str, known: Sequence[T]) -> T | None:
        """One of a few words, or None. Raises GitHubError 422."""
        found: Any = self.optional(name)
        if found is not None and found not in known:
            raise invalid(self.resource, name, "invalid")
        return found  # type: ignore[no-any-return]

    def _item(self, name: str, item: Any) -> str:
        text = item.get("name") if isinstance(item, dict) else item
        if not isinstance(text, str):
            raise invalid(self.resource, name, "invalid")
        return text

    def _typed(self, name: str, kind: type[T]) -> T | None:
        found = self.values.get(name)
        if found is not None and not isinstance(found, kind):
            raise invalid(self.resource, name, "invalid")
        return found


def read_fields(body: bytes) -> Fields:
    """The body of a request. Raises GitHubError 400 for what is no JSON object, 422 for text that nobody can store."""
    if not body.strip():
        return Fields()
    try:
        found = json.loads(body.decode(), parse_constant=_no_number)
        if HALF_PAIR.search(json.dumps(found, ensure_ascii=False)):
            raise unprocessable("Invalid request.\n\nA text holds half of a surrogate pair.")
    except (ValueError, RecursionError) as error:
        raise unreadable() from error
    if isinstance(found, list):
        return Fields({"labels": found})
    if not isinstance(found, dict):
        raise unprocessable("Invalid request.\n\nThe body is not an object.")
    return Fields(found)


def _no_number(name: str) -> float:
    raise ValueError(name)


def moment(name: str, text: str) -> datetime:
    """A moment with date and time in ISO 8601; without a zone it is UTC. Raises GitHubError 422."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid("Request", name, "invalid") from error
