"""What a request is refused with, in GitHub's words ("Troubleshooting the REST API"). Pure."""

from __future__ import annotations

from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class Refusal(Exception):
    """An answer with a status of 4xx. `errors` are objects `{resource, field, code, message}`."""

    def __init__(self, status: int, message: str, errors: tuple[dict[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        errors = {"errors": list(self.errors)} if self.errors else {}
        return {"message": self.message, **errors, "documentation_url": DOCUMENTATION, "status": str(self.status)}


def not_found(message: str = "Not Found") -> Refusal:
    """There is no such thing, or the caller may not see it."""
    return Refusal(404, message)


def forbidden(message: str = "Resource not accessible by personal access token") -> Refusal:
    """The caller may see it and may not do this."""
    return Refusal(403, message)


def bad_request(message: str = "Problems parsing JSON") -> Refusal:
    """The request is not what an API call looks like."""
    return Refusal(400, message)


def unprocessable(message: str) -> Refusal:
    """The request is understood and cannot be carried out."""
    return Refusal(422, message)


def invalid(errors: list[dict[str, str]]) -> Refusal:
    """Fields are missing or have values that are not allowed; all of them at once."""
    return Refusal(422, "Validation Failed", tuple(errors))
