"""A webhook delivery of GitHub -> an event. Pure: bytes and headers in.

The signature comes first: nothing of an unsigned body is looked at.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, cast, get_args

from algorithms.errors import PlatformError
from lambda_bridge.ports import TRAIN_LABEL

IssueAction = Literal["opened", "edited", "labeled", "unlabeled", "reopened", "closed"]
ACTIONS: tuple[str, ...] = get_args(IssueAction)
FORM = "application/x-www-form-urlencoded"
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(?:\[bot\])?")
MOST_BYTES = 2 * 2**20
"""Of a delivery: an issue's body, before and after an edit, is 65,536 characters each, with up to 6 bytes in JSON."""
HALF_PAIR = re.compile("[\ud800-\udfff]")
"""JSON can write halves of surrogate pairs; no text that holds one can be stored or sent."""

Payload = dict[str, Any]


class SignatureError(Exception):
    """The delivery is not signed with our secret. Nothing of it is repeated."""


class FormEncodedError(Exception):
    """The webhook sends forms. The message says which setting to change."""


class PayloadError(Exception):
    """The body is not what GitHub sends."""


class TooManyBytesError(Exception):
    """The body has more bytes than a delivery about an issue can have."""

    def __init__(self) -> None:
        super().__init__(f"body: must have at most {MOST_BYTES} bytes. Deliver events of issues and comments only.")


@dataclass(frozen=True)
class IssueEvent:
    """Something happened to an issue."""

    action: IssueAction
    issue: int
    sender: str
    label: str | None
    """Of `labeled` and `unlabeled`."""
    delivery: str
    body_hash: str | None = None
    """Of the issue's body as it was then; None: not told."""
    at: str = ""
    """When the issue had changed last, as GitHub writes it; empty: not told."""
    labelled: bool | None = None
    """Whether the issue had the label mlops:train then; None: not told."""
    listed: bool = False
    """The sweep found it in GitHub's lists, so nothing lags behind."""


@dataclass(frozen=True)
class CommentEvent:
    """Somebody wrote a new comment."""

    issue: int
    comment: int
    author: str
    body: str
    delivery: str
    created: str = ""
    """When, as GitHub writes it; empty: not told."""
    edited: bool = False
    """It was edited before the sweep found it; no webhook told of it when it was new."""


@dataclass(frozen=True)
class Ignored:
    """A delivery that is none of our business."""

    reason: str


def check_signature(secret: str, body: bytes, header: str | None) -> None:
    """Compares X-Hub-Signature-256 with the HMAC-SHA256 of the raw body, as bytes.

    Raises SignatureError, PlatformError for an empty secret (with one, anybody could sign) and TooManyBytesError.
    """
    if len(body) > MOST_BYTES:
        raise TooManyBytesError
    if not secret:
        raise PlatformError("GITHUB_WEBHOOK_SECRET: must not be empty, got an empty text. Set the webhook's secret.")
    expected = f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"
    if header is None or not hmac.compare_digest(expected.encode(), header.encode("utf-8", "surrogatepass")):
        raise SignatureError("X-Hub-Signature-256: does not fit the body.")


def parse(
    headers: Mapping[str, str], body: bytes, secret: str, repository: str, me: str
) -> IssueEvent | CommentEvent | Ignored:
    """The event of a delivery.

    Parameters
    ----------
    headers : names in any case
    body : as it came, not decoded
    repository : `owner/name` of the one repository
    me : login of the bridge's own account

    Raises SignatureError, FormEncodedError, PayloadError, PlatformError (see `check_signature`).
    """
    names = {name.lower(): value for name, value in headers.items()}
    check_signature(secret, body, names.get("x-hub-signature-256"))
    if names.get("content-type", "").split(";")[0].strip().lower() == FORM:
        raise FormEncodedError(
            f"Content-Type: must be application/json, got {FORM}. Change it in the webhook's settings."
        )
    kind = names.get("x-github-event", "")
    if kind not in ("issues", "issue_comment"):
        return Ignored("not an event of issues or comments")
    payload = _payload(body)
    return _stranger(payload, repository, me) or _READERS[kind](payload, delivery_key(names, body))


def delivery_key(names: Mapping[str, str], body: bytes) -> str:
    """What a delivery is known by: its id, which is not signed, with its body. `names`: the headers in lower case."""
    return sha256(names.get("x-github-delivery", "").encode("utf-8", "surrogatepass") + b"\n" + body).hexdigest()


def _payload(body: bytes) -> Payload:
    try:
        payload = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise PayloadError("body: must be JSON in UTF-8, got something else. Send what GitHub sends.") from error
    if not isinstance(payload, dict):
        raise _wrong("body", "an object")
    return payload


def _stranger(payload: Payload, repository: str, me: str) -> Ignored | None:
    """Why the delivery is ignored, whatever it says."""
    if _text(payload, "repository", "full_name").lower() != repository.lower():
        return Ignored("another repository")
    if _of_bot(payload, me, "sender"):
        return Ignored("caused by a bot")
    return None


def _of_bot(payload: Payload, me: str, *path: str) -> bool:
    login = _login(payload, *path).lower()
    return _text(payload, *path, "type") == "Bot" or login.endswith("[bot]") or login == me.lower()


def _issue_event(payload: Payload, delivery: str) -> IssueEvent | Ignored:
    action = _text(payload, "action")
    if action not in ACTIONS:
        return Ignored("an action that changes nothing here")
    label = _text(payload, "label", "name") if action in ("labeled", "unlabeled") else None
    number, sender = _number(payload, "issue", "number"), _login(payload, "sender")
    seen = _body_hash(payload), _changed(payload), _labelled(payload)
    return IssueEvent(cast(IssueAction, action), number, sender, label, delivery, *seen)


def _changed(payload: Payload) -> str:
    at = _object(payload, "issue").get("updated_at")
    return at if isinstance(at, str) else ""


def _labelled(payload: Payload) -> bool | None:
    labels = _object(payload, "issue").get("labels")
    if not isinstance(labels, list):
        return None
    return any(isinstance(label, dict) and label.get("name") == TRAIN_LABEL for label in labels)


def _body_hash(payload: Payload) -> str | None:
    issue = _object(payload, "issue")
    return text_hash(_text(payload, "issue", "body") if issue["body"] is not None else "") if "body" in issue else None


def text_hash(text: str) -> str:
    """What a text is known by: hex SHA-256."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _comment_event(payload: Payload, delivery: str) -> CommentEvent | Ignored:
    if _text(payload, "action") != "created":
        return Ignored("a comment that was edited or deleted")
    if _object(payload, "issue").get("pull_request") is not None:
        return Ignored("a comment on a pull request")
    number, comment = _number(payload, "issue", "number"), _number(payload, "comment", "id")
    body = _text(payload, "comment", "body")
    if _object(payload, "comment").get("user") is None:
        return Ignored("a comment without an author")
    created = _object(payload, "comment").get("created_at")
    author = _login(payload, "comment", "user")
    return CommentEvent(number, comment, author, body, delivery, created if isinstance(created, str) else "")


_READERS: dict[str, Callable[[Payload, str], IssueEvent | CommentEvent | Ignored]] = {
    "issues": _issue_event,
    "issue_comment": _comment_event,
}


def _object(payload: Payload, *path: str) -> Payload:
    found: Any = payload
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise _wrong(".".join(path), "an object")
    return found


def _text(payload: Payload, *path: str) -> str:
    found = _object(payload, *path[:-1]).get(path[-1])
    if not isinstance(found, str) or HALF_PAIR.search(found):
        raise _wrong(".".join(path), "a text")
    return found


def _login(payload: Payload, *path: str) -> str:
    """A login ends up in the address of a call, so it is looked at closely."""
    login = _text(payload, *path, "login")
    if not LOGIN.fullmatch(login):
        raise _wrong(".".join((*path, "login")), "a login")
    return login


def _number(payload: Payload, *path: str) -> int:
    found = _object(payload, *path[:-1]).get(path[-1])
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 2**63:
        raise _wrong(".".join(path), "a positive whole number")
    return found


def _wrong(field: str, expected: str) -> PayloadError:
    return PayloadError(f"{field}: must be {expected}, got something else. Send what GitHub sends.")
