"""Trees made of changes to other trees, as `POST git/trees` takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from local.github.problems import unprocessable

if TYPE_CHECKING:
    from dulwich.objects import ObjectID, Tree
    from dulwich.repo import Repo

MODES = {"100644": b"blob", "100755": b"blob", "040000": b"tree"}
"""Of files and folders. Links and submodules are not taken: the working tree would follow them."""
FOLDER = 0o040000
MOST_LEVELS = 64
RESERVED = re.compile(r"\.git|git~\d+", re.IGNORECASE)
MALFORMED = "tree.path contains a malformed path component"
CONFLICT = "tree.path is both a file and a folder"


@dataclass(frozen=True)
class Change:
    """One entry: what stands at a path. `sha` None removes it."""

    path: str
    mode: str
    sha: str | None


Nested = dict[bytes, "Change | Nested"]


class Trees:
    """Builds trees in a repository. The caller holds the lock."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo

    def changed(self, base: bytes | None, changes: Sequence[Change]) -> str:
        """The SHA of the tree that comes of changing `base`. Raises GitHubError 422."""
        for change in changes:
            self._check(change)
        made = self._build(base, _nested(changes))
        return self._store_empty() if made is None else made.decode()

    def entries(self, sha: bytes, recursive: bool, before: str = "") -> Iterator[tuple[str, int, bytes]]:
        """Path, mode and SHA of what a tree holds."""
        for entry in self._tree(sha).items():
            path = before + (entry.path or b"").decode("utf-8", "replace")
            yield path, entry.mode or 0, entry.sha or b""
            if recursive and entry.mode == FOLDER:
                yield from self.entries(entry.sha or b"", recursive, f"{path}/")

    def _tree(self, sha: bytes) -> Tree:
        return cast("Tree", self._repo.object_store[cast("ObjectID", sha)])

    def _store_empty(self) -> str:
        from dulwich.objects import Tree

        empty = Tree()
        self._repo.object_store.add_object(empty)
        return empty.id.decode()

    def _check(self, change: Change) -> None:
        check_path(change.path)
        if change.mode not in MODES:
            raise unprocessable("tree.mode must be one of 100644, 100755, 040000")
        if change.sha is None:
            return
        if self._kind(change.sha) != MODES[change.mode]:
            raise unprocessable(f"tree.sha {change.sha[:40]} is not a valid {MODES[change.mode].decode()}")

    def _kind(self, sha: str) -> bytes | None:
        if len(sha) != 40 or set(sha) - set("0123456789abcdef"):
            return None
        try:
            return self._repo.object_store[cast("ObjectID", sha.encode())].type_name
        except KeyError:
            return None

    def _build(self, base: bytes | None, changes: Nested) -> bytes | None:
        """The SHA of a changed folder; None: nothing is left in it."""
        from dulwich.objects import Tree

        tree = cast("Tree", self._tree(base).copy()) if base else Tree()
        for name, change in changes.items():
            mode, sha = self._entry(tree, name, change)
            if sha is not None:
                tree[name] = (mode, cast("ObjectID", sha))
            elif name in tree:
                del tree[name]
        if not len(tree):
            return None
        self._repo.object_store.add_object(tree)
        return bytes(tree.id)

    def _entry(self, tree: Tree, name: bytes, change: Change | Nested) -> tuple[int, bytes | None]:
        if isinstance(change, Change):
            return int(change.mode, 8), None if change.sha is None else change.sha.encode()
        mode, sha = tree[name] if name in tree else (None, None)  # noqa: SIM401 (a tree has no get)
        return FOLDER, self._build(sha if mode == FOLDER else None, change)


def check_path(path: str) -> None:
    """Refuses what could leave the working tree or reach `.git`. Raises GitHubError 422."""
    parts = path.split("/")
    if len(parts) > MOST_LEVELS or not all(is_plain(part) for part in parts):
        raise unprocessable(MALFORMED)


def is_plain(part: str) -> bool:
    """Whether a part of a path is a name on every file system, and not one that Git keeps for itself."""
    folded = "".join(letter for letter in part if letter.isprintable()).rstrip(" .")
    named = part not in ("", ".", "..") and len(part.encode("utf-8", "replace")) <= 255
    return named and part.isprintable() and "\\" not in part and ":" not in part and not RESERVED.fullmatch(folded)


def _nested(changes: Sequence[Change]) -> Nested:
    root: Nested = {}
    for change in changes:
        *folders, name = change.path.encode().split(b"/")
        place = root
        for folder in folders:
            inner = place.setdefault(folder, {})
            if isinstance(inner, Change):
                raise unprocessable(CONFLICT)
            place = inner
        if isinstance(place.get(name), dict):
            raise unprocessable(CONFLICT)
        place[name] = change
    return root
