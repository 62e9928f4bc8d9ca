"""The files of the default branch as a person sees them. Git's index says what is there.

Files come first and the index last. So after a kill the index still names the old tree, and the same work is done
again.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from local.github.trees import FOLDER, is_plain

if TYPE_CHECKING:
    from dulwich.index import Index
    from dulwich.objects import Blob, ObjectID, Tree
    from dulwich.repo import Repo

EXECUTABLE = 0o100755
FILES = (0o100644, EXECUTABLE)


class WorkingTree:
    """Plain files in `folder`. What a person put there, and the branch does not know, stays."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self._repo = repo
        self._folder = folder

    def show(self, tree: bytes) -> None:
        """Makes the files those of a tree. Only what differs from the index is written."""
        from dulwich.index import IndexEntry

        wanted = self._files(tree)
        index = self._repo.open_index()
        there = {path: (entry.mode, entry.sha) for path, entry in index.items() if isinstance(entry, IndexEntry)}
        removed = [path for path in index if path not in wanted]
        for path in removed:
            self._remove(path)
            del index[path]
        written = [path for path, entry in wanted.items() if there.get(path) != entry]
        for path in written:
            self._write(index, path, *wanted[path])
        if removed or written:
            index.write()

    def _files(self, sha: bytes, before: bytes = b"") -> dict[bytes, tuple[int, bytes]]:
        """Path -> mode and SHA. Names that could leave the folder, links and submodules are left out."""
        found: dict[bytes, tuple[int, bytes]] = {}
        for entry in cast("Tree", self._repo.object_store[cast("ObjectID", sha)]).items():
            name, mode, inner = entry.path or b"", entry.mode or 0, entry.sha or b""
            if not is_plain(name.decode("utf-8", "replace")):
                continue
            if mode == FOLDER:
                found |= self._files(inner, before + name + b"/")
            elif mode in FILES:
                found[before + name] = (mode, inner)
        return found

    def _write(self, index: Index, path: bytes, mode: int, sha: bytes) -> None:
        from dulwich.index import index_entry_from_stat

        target = self._place(path)
        if target is None:
            return
        content = cast("Blob", self._repo.object_store[cast("ObjectID", sha)]).data
        fresh = self._folder / ".git" / "mlops-checkout"
        fresh.write_bytes(content)
        fresh.chmod(0o755 if mode == EXECUTABLE else 0o644)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh.replace(target)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            return
        index[path] = index_entry_from_stat(target.stat(), cast("ObjectID", sha), mode=mode)

    def _remove(self, path: bytes) -> None:
        target = self._place(path)
        if target is None:
            return
        with suppress(OSError):
            target.unlink()
        for parent in target.parents:
            if parent == self._folder:
                return
            with suppress(OSError):
                parent.rmdir()

    def _place(self, path: bytes) -> Path | None:
        """Where a file goes; None where a link that a person made leads out of the folder."""
        target = self._folder / os.fsdecode(path)
        return target if target.parent.resolve().is_relative_to(self._folder.resolve()) else None
