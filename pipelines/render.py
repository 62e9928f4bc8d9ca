"""Writes what is generated from the request model: the issue form and the reference tables. Light: no SDK.

`python -m pipelines.render` writes, `python -m pipelines.render --check` exits 1 and names the files that are stale.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.issue_form import render_form
from pipelines.tables import environments_page, hyperparameters_page, instances_page, metrics_page, request_page

ROOT = Path(__file__).parents[1]

FILES: dict[str, Callable[[], str]] = {
    "seed_code/starter/.github/ISSUE_TEMPLATE/train.yml": render_form,
    "docs/reference/request.md": request_page,
    "docs/reference/hyperparameters.md": hyperparameters_page,
    "docs/reference/metrics.md": metrics_page,
    "docs/reference/environments.md": environments_page,
    "docs/reference/instances.md": instances_page,
}


def stale_files(root: Path) -> list[str]:
    """The generated files under `root` that are missing or differ from what `write` would write."""
    return [name for name, render in FILES.items() if _read(root / name) != render()]


def write(root: Path) -> None:
    """Writes every generated file under `root`."""
    for name, render in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(), encoding="utf-8")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The command: 0, or 1 when `--check` finds stale files, or 2 for an unknown argument."""
    if list(arguments) not in ([], ["--check"]):
        print("usage: python -m pipelines.render [--check]", file=sys.stderr)
        return 2
    if not arguments:
        write(root)
        return 0
    stale = stale_files(root)
    for name in stale:
        print(f"{name}: is stale. Run `python -m pipelines.render`.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
