"""`mlops init`: the webhook of a repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from local.init_report import Step

if TYPE_CHECKING:
    from github.Hook import Hook
    from github.Repository import Repository

EVENTS = ("issues", "issue_comment")
VERIFIED = "0"
"""`insecure_ssl`: certificates are verified ("Create a repository webhook")."""


class Webhook:
    """The webhook to one address; others are left alone. What would keep the bridge from hearing is corrected.

    GitHub never shows a secret. So one that differs cannot be seen: with `force` it is set anew.
    """

    name = "webhook"
    things: tuple[str, ...] = ("webhook",)
    needs = (
        "The account must be an admin of the repository, and the token needs Webhooks: read and write "
        "(of a classic token: admin:repo_hook)."
    )

    def __init__(self, repository: Repository, url: str, secret: str, force: bool) -> None:
        self._repository = repository
        self._url = url
        self._secret = secret
        self._force = force
        self._found: Hook | None = None

    def look(self) -> Sequence[Step]:
        """One step."""
        hooks = self._repository.get_hooks()
        self._found = next((hook for hook in hooks if hook.config.get("url") == self._url), None)
        if self._found is None:
            return [Step("webhook", self._url, "create")]
        broken, odd = _broken(self._found), _odd(self._found)
        if self._force:
            return [Step("webhook", self._url, "update", "; ".join([*broken, *odd, "its secret is set anew"]))]
        if broken:
            return [Step("webhook", self._url, "update", "; ".join([*broken, "its secret is set anew"]))]
        if odd:
            return [Step("webhook", self._url, "keep", "; ".join([*odd, "--force changes it"]))]
        return [Step("webhook", self._url, "there")]

    def apply(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Makes or corrects it."""
        for step in steps:
            self._write()
            yield replace(step, done=True)

    def _write(self) -> None:
        config = {"url": self._url, "content_type": "json", "insecure_ssl": VERIFIED, "secret": self._secret}
        if self._found is None:
            self._repository.create_hook("web", config, events=list(EVENTS), active=True)
            return
        if not self._force:
            config["insecure_ssl"] = str(self._found.config.get("insecure_ssl", VERIFIED))
        active = self._force or self._found.active
        self._found.edit("web", config, add_events=_missing(self._found), active=active)


def _missing(hook: Hook) -> list[str]:
    return [] if "*" in hook.events else [event for event in EVENTS if event not in hook.events]


def _broken(hook: Hook) -> list[str]:
    """Why the bridge would not hear or not believe what is sent."""
    missing, kind = _missing(hook), hook.config.get("content_type", "form")
    found = [f"events: {' and '.join(missing)} missing"] if missing else []
    found += [f"content type: wanted 'json', got {kind!r}"] if kind != "json" else []
    return found + ([] if hook.config.get("secret") else ["secret: there is none"])


def _odd(hook: Hook) -> list[str]:
    """What somebody may have chosen."""
    found = [] if hook.active else ["it is switched off"]
    verified = str(hook.config.get("insecure_ssl", VERIFIED)) == VERIFIED
    return found if verified else [*found, "certificates are not verified"]
