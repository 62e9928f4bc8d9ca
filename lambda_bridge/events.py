"""A webhook delivery of GitHub -> an event. Pure: bytes and headers in.

The signature comes first: nothing of an unsigned body is looked at.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, get_args

from algorithms.errors import PlatformError
from lambda_bridge.ports import TRAIN_LABEL

IssueAction = Literal["opened", "edited", "labeled", "unlabeled", "reopened", "closed"]
ACTIONS: tuple[str, ...] = get_args(IssueAction)
DEEPEST = 60
"""Nesting of brackets that a payload may have; GitHub's have less than ten."""


class SignatureError(Exception):
    """The delivery is not signed with our secret. Nothing of it is repeated."""


class FormEncodedError(Exception):
    """The webhook sends forms. The message says which setting to change."""


class PayloadError(Exception):
    """The body is not what GitHub sends."""


@dataclass(frozen=True)
class IssueEvent:
    """Something happened to an issue."""

    action: IssueAction
    issue: int
    sender: str
    label: str | None
    """Of `labeled` and `unlabeled`."""
    delivery: str


@dataclass(frozen=True)
class CommentEvent:
    """Somebody wrote a new comment."""

    issue: int
    comment: int
    author: str
    body: str
    delivery: str


@dataclass(frozen=True)
class Ignored:
    """A delivery that is none of our business."""

    reason: str


def check_signature(secret: str, body: bytes, header: str | None) -> None:
    """Compares X-Hub-Signature-256 with the HMAC-SHA256 of the raw body, as bytes.

    Raises SignatureError, and PlatformError for an empty secret: with one, anybody could sign.
    """
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
    raise NotImplementedError
