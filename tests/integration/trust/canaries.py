"""Secrets that are easy to recognise, and the search for them in everything that a program left behind."""

from __future__ import annotations

import base64
import gzip
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from dulwich.errors import NotGitRepository
from dulwich.repo import Repo

STEM = b"canaryBird"
"""Each of the secrets begins with it."""
NOBODY = "http://127.0.0.1:9"
"""Port 9 is `discard`, where nothing listens."""
SEEN = 40
"""So many bytes around a find are told."""


def canary(name: str) -> str:
    """The secret of a name."""
    return f"{STEM.decode()}{sha256(name.encode()).hexdigest()[:24]}"


KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{canary('key 1')}\n{canary('key 2')}\n-----END RSA PRIVATE KEY-----\n"
PLANTED = {
    "GITHUB_TOKEN": canary("token"),
    "GITHUB_WEBHOOK_SECRET": canary("webhook"),
    "GITHUB_APP_PRIVATE_KEY": KEY,
    "SLACK_WEBHOOK_URL": f"{NOBODY}/services/T0/B0/{canary('slack')}",
    "AWS_SECRET_ACCESS_KEY": canary("aws key"),
    "AWS_SESSION_TOKEN": canary("aws session"),
}
"""Every variable of the environment that holds a secret."""


def _forms() -> Iterator[bytes]:
    """The stem as it is, in hexadecimal digits, and within a text in Base64, wherever it begins there."""
    yield STEM
    yield STEM.hex().encode()
    for start in range(3):
        cut = 4 if start else 0
        yield base64.b64encode(b"\0" * start + STEM)[cut:-4]


LOOK = re.compile(b"|".join(map(re.escape, _forms())), re.IGNORECASE)


def finds(places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Where a secret is, each with what stands around it."""
    return [
        f"{name}: {content[max(0, found.start() - SEEN) : found.end() + SEEN]!r}"
        for name, content in places
        for found in LOOK.finditer(content)
    ]


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All files, with what is inside of databases, repositories and archives."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            yield from _objects(path)
        elif path.is_file():
            content = path.read_bytes()
            yield str(path), content
            yield from _inside(path, content)


def _inside(path: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(b"SQLite format 3\0"):
        with closing(sqlite3.connect(path)) as database:
            for number, line in enumerate(_rows(database)):
                yield f"{path}, row {number}", line
    if content.startswith(b"\x1f\x8b"):
        yield f"{path}, inside", gzip.decompress(content)


def _rows(database: sqlite3.Connection) -> Iterator[bytes]:
    """Row by row, since a long value is not in one piece in the file."""
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 (the database's own names)
            yield b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)


def _objects(path: Path) -> Iterator[tuple[str, bytes]]:
    """Of a repository: commits, trees and files, which are compressed on the disk."""
    if path.name != ".git" and path.suffix != ".git":
        return
    try:
        store = Repo(str(path.parent if path.name == ".git" else path)).object_store
    except NotGitRepository:
        return
    for sha in store:
        yield f"{path}, {sha.decode()}", store[sha].as_raw_string()
