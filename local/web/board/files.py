"""What the board serves of the repository's working tree: records and pictures of training_history/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

HISTORY = "training_history"
KINDS = {".png": "image/png", ".json": "application/json", ".md": "text/plain; charset=utf-8"}
URL = "/files/"


class Files:
    """The files below `training_history/` of a working tree."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def place(self, address: str) -> str | None:
        """Where the board serves a path of the working tree, as comments name it; None: nowhere."""
        start = f"{self._root}/"
        path = unquote(address)
        if not path.startswith(f"{start}{HISTORY}/"):
            return None
        relative = path.removeprefix(start)
        found = self._root / relative
        return f"{URL}{quote(relative)}" if found.suffix in KINDS else f"{URL}{quote(relative)}/README.md"

    def read(self, relative: str) -> Path | None:
        """A file that may be shown; None where it is another one, or none."""
        path = (self._root / relative).resolve()
        inside = path.is_relative_to(self._root / HISTORY)
        return path if inside and path.suffix in KINDS and path.is_file() else None

    def folder(self, relative: str) -> list[Path]:
        """The JSON files of a folder below `training_history/`, by name."""
        folder = (self._root / HISTORY / relative).resolve()
        return sorted(folder.glob("*.json")) if folder.is_relative_to(self._root / HISTORY) else []

    def endpoint(self, request: Request) -> Response:
        """`GET /files/training_history/...`."""
        from starlette.responses import FileResponse, PlainTextResponse

        path = self.read(request.path_params["path"])
        if path is None:
            return PlainTextResponse("There is no such file.\n", 404)
        return FileResponse(path, media_type=KINDS[path.suffix])
