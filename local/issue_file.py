"""An issue as a file: ISSUE.md, read with care."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from algorithms.errors import IssueFormatError
from lambda_bridge import issue_body

TRIGGER_LABEL = "mlops:train"
MAX_BYTES = 4 * 65_536 + 4_096
"""A body of 65,536 characters in UTF-8, and its front matter."""


@dataclass(frozen=True)
class Issue:
    """What a file says: title, labels and body, and the SHA-256 of its content."""

    title: str
    labels: tuple[str, ...]
    body: str
    digest: str


def read_issue(path: Path) -> Issue:
    """Reads an issue file. Raises IssueFormatError if there is none, it is no UTF-8, too long, or lacks the label."""
    content = _content(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"must be UTF-8, byte {error.start} is not. Save it as UTF-8.") from error
    found = issue_body.read_file(text)
    if TRIGGER_LABEL not in found.labels:
        raise IssueFormatError.of(
            "labels",
            list(found.labels),
            f"labels: must hold {TRIGGER_LABEL} to start a training, got {list(found.labels)}. Add it.",
        )
    return Issue(found.title or path.stem, found.labels, found.body, sha256(content).hexdigest())


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}. Name an issue file.") from error
    if len(content) > MAX_BYTES:
        raise _unreadable(path, f"must be at most {MAX_BYTES} bytes. Shorten it.")
    return content


def _unreadable(path: Path, what: str) -> IssueFormatError:
    return IssueFormatError.of("ISSUE.md", str(path), f"{path}: {what}")
