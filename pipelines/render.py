"""Writes what is generated from the request model: the issue form and the reference tables. Light: no SDK.

`python -m pipelines.render` writes, `python -m pipelines.render --check` exits 1 and names the files that are stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.algorithm_pages import algorithm_pages
from pipelines.generated import write_or_report
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


def generated_files(root: Path = ROOT) -> dict[Path, str]:
    """What the files under `root` should hold."""
    return {**{root / name: render() for name, render in FILES.items()}, **algorithm_pages(root)}


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Writes the generated files. With `--check`: 1 if one is stale, and nothing is written."""
    parser = argparse.ArgumentParser("python -m pipelines.render", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    check = parser.parse_args(arguments).check
    return write_or_report(generated_files(root), check, "python -m pipelines.render")


if __name__ == "__main__":
    sys.exit(main())
