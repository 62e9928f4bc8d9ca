"""The fields of a request's JSON body, read with all problems at once. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from local.github.refusals import bad_request, invalid

LONGEST_BODY = 65_536
"""Characters of an issue's or a comment's body, as on GitHub."""
LONGEST_TITLE = 256
LONGEST_LABEL = 50


def read_object(raw: bytes) -> Mapping[str, Any]:
    """The JSON object of a request; an empty body is an empty object. Raises Refusal (400)."""
    try:
        value = json.loads(raw.decode(), parse_constant=_refuse_constant) if raw.strip() else {}
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise bad_request() from error
    if not isinstance(value, dict):
        raise bad_request("Body should be a JSON object")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text}: is no JSON.")


class Fields:
    """Reads one body. `resource` names what the problems are about: Issue, IssueComment, Label, ..."""

    def __init__(self, values: Mapping[str, Any], resource: str) -> None:
        self._values = values
        self._resource = resource
        self._problems: list[dict[str, str]] = []

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def check(self) -> None:
        """Raises Refusal (422) with every problem that was met."""
        if self._problems:
            raise invalid(self._problems)

    def refuse(self, name: str, message: str, code: str = "custom") -> None:
        """Notes a problem."""
        self._problems.append({"resource": self._resource, "field": name, "code": code, "message": message})

    def text(self, name: str, longest: int, required: bool = True) -> str:
        """A text of at most that many characters; the empty one where it is not required."""
        value = self._values.get(name)
        if value is None or (required and isinstance(value, str) and not value.strip()):
            if required:
                self.refuse(name, f"{name} can't be blank", "missing_field")
            return ""
        if not isinstance(value, str):
            self.refuse(name, f"{name} is not a string", "invalid")
            return ""
        if len(value) > longest:
            self.refuse(name, f"{name} is too long (maximum is {longest} characters)")
        return value

    def choice(self, name: str, allowed: tuple[str, ...], default: str | None = None) -> str | None:
        """One of the allowed values; `default` where none is given."""
        value = self._values.get(name)
        if value is None:
            return default
        if value not in allowed:
            self.refuse(name, f"{name} is not included in the list: {', '.join(allowed)}", "invalid")
            return default
        return str(value)

    def flag(self, name: str) -> bool:
        """A truth value; False where none is given."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            self.refuse(name, f"{name} is not a boolean", "invalid")
        return value is True

    def labels(self, name: str = "labels") -> list[str]:
        """Names of labels, each once; they may also be given as objects with a `name`."""
        given = self._list(name, "strings")
        names = [item.get("name") if isinstance(item, dict) else item for item in given]
        found: dict[str, str] = {}
        for value in names:
            if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_LABEL:
                self.refuse(name, f"a label's name is a text of 1 to {LONGEST_LABEL} characters", "invalid")
            else:
                found.setdefault(value.strip().lower(), value.strip())
        return list(found.values())

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        given = self._list(name, "strings")
        if not all(isinstance(item, str) for item in given):
            self.refuse(name, f"{name} is not a list of strings", "invalid")
        return [item for item in given if isinstance(item, str)]

    def objects(self, name: str, longest: int) -> list[Mapping[str, Any]]:
        """A list of objects, which must not be empty."""
        given = self._list(name, "objects")
        if not given or len(given) > longest or not all(isinstance(item, dict) for item in given):
            self.refuse(name, f"{name} is not a list of 1 to {longest} objects", "invalid")
        return [item for item in given if isinstance(item, dict)]

    def nested(self, name: str, resource: str, read: Callable[[Fields], Any]) -> Any:
        """What `read` makes of an object; None where none is given. Its problems are noted here."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.refuse(name, f"{name} is not an object", "invalid")
            return None
        inner = Fields(value, resource)
        found = read(inner)
        self._problems += inner._problems
        return found

    def _list(self, name: str, what: str) -> list[Any]:
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(name, f"{name} is not a list of {what}", "invalid")
            return []
        return value
