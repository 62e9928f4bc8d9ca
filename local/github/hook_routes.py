"""The REST calls about the webhook and its deliveries ("Repository webhooks"), for admins."""

from __future__ import annotations

from local.github.calls import Answer, Call
from local.github.payloads import delivery, hook
from local.github.problems import not_found, unprocessable
from local.github.users import OWNER
from local.github.webhooks import HOOK_ID

ONLY_OURS = "The local GitHub delivers to the service that it is part of, and nowhere else."
NOT_FROM_HERE = "The local GitHub's webhook is not changed here: the service knows its address and its secret."


def hooks(call: Call) -> Answer:
    """List repository webhooks: the one to the service that this GitHub is part of."""
    _must_be_admin(call)
    return Answer([hook(call.github.shapes.at, int(HOOK_ID), call.github.records.user(OWNER)["created"])])


def create_hook(call: Call) -> Answer:
    """Create a repository webhook: there is one already, and it takes no other."""
    _must_be_admin(call)
    raise unprocessable(ONLY_OURS)


def edit_hook(call: Call) -> Answer:
    """Update a repository webhook: the service itself knows address and secret."""
    _check(call)
    raise unprocessable(NOT_FROM_HERE)


def deliveries(call: Call) -> Answer:
    """List deliveries for a repository webhook: those that were sent, the newest first."""
    _check(call)
    rows, link = call.paged(call.github.sent(call.page()))
    return Answer([delivery(row) for row in rows], link=link)


def redeliver(call: Call) -> Answer:
    """Redeliver a delivery for a repository webhook: with the same guid."""
    _check(call)
    if not call.github.redeliver(call.number("delivery")):
        raise not_found()
    return Answer({}, 202)


def _check(call: Call) -> None:
    """Raises GitHubError 404 for another webhook too."""
    _must_be_admin(call)
    if call.path["hook"] != HOOK_ID:
        raise not_found()


def _must_be_admin(call: Call) -> None:
    """Raises GitHubError 404, as GitHub does to those who may not see the repository's webhooks."""
    if not call.user.has("admin"):
        raise not_found()
