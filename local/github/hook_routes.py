"""The REST calls about webhook deliveries ("Repository webhooks"), for admins."""

from __future__ import annotations

from local.github.calls import Answer, Call
from local.github.payloads import delivery
from local.github.problems import not_found
from local.github.webhooks import HOOK_ID


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
    """Raises GitHubError 404, as GitHub does to those who may not see the repository's webhooks."""
    if call.path["hook"] != HOOK_ID or not call.user.has("admin"):
        raise not_found()
