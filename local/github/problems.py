"""What GitHub answers when it refuses a request ("Troubleshooting the REST API", "Best practices" of its REST docs)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NOT_ALLOWED = "Resource not accessible by personal access token"


class GitHubError(Exception):
    """A refused request: HTTP status, message, and for 422 the fields that are wrong."""

    def __init__(self, status: int, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = self.errors
        return body | {"documentation_url": "https://docs.github.com/rest", "status": str(self.status)}


def not_found() -> GitHubError:
    """Also for what the account may not see."""
    return GitHubError(404, "Not Found")


def not_allowed() -> GitHubError:
    """The account sees the repository, but its permission is too low."""
    return GitHubError(403, NOT_ALLOWED)


def unauthorized() -> GitHubError:
    """No token, or a wrong one."""
    return GitHubError(401, "Bad credentials")


def unreadable() -> GitHubError:
    """The body is no JSON."""
    return GitHubError(400, "Problems parsing JSON")


def invalid(resource: str, field: str, code: str, message: str | None = None) -> GitHubError:
    """A field that is wrong. `code` is one of GitHub's: missing_field, invalid, already_exists, custom."""
    error = {"resource": resource, "field": field, "code": code}
    return GitHubError(422, "Validation Failed", [error if message is None else error | {"message": message}])


def unprocessable(message: str) -> GitHubError:
    """A request that cannot be done, told in a sentence of its own, as the Git calls do."""
    return GitHubError(422, message)
