"""The step CheckModel: loads a model that was registered earlier and predicts a row, before it becomes the live one.

processing/input/model holds its model.tar.gz; processing/output/check gets check.json. A model that knows its training
rows only, and so cannot be served, is loaded and no more.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from steps.container import Paths, run_step, write_json
from steps.model_archive import ARCHIVE_NAME, unpack_model


def check_model(paths: Paths) -> None:
    """Runs the step. Raises DatasetError for an archive that is damaged or no model."""
    with TemporaryDirectory() as folder:
        found = _loaded(unpack_model(paths.processing_input("model") / ARCHIVE_NAME, Path(folder)))
    write_json(paths.processing_output("check") / "check.json", found)


def _loaded(model_dir: Path) -> dict[str, Any]:
    from algorithms.manifest import load_model, read_manifest
    from steps.predictor import load_predictor

    manifest = read_manifest(model_dir)
    about = {"algorithm": manifest.algorithm, "task_type": manifest.task_type}
    if load_model(model_dir, manifest).only_training_rows:
        return {**about, "predicted": None}
    return {**about, "predicted": load_predictor(model_dir).example}


def main(argv: Sequence[str] | None = None) -> int:  # noqa: ARG001 (as the other steps; there are no arguments)
    """The entry point; returns the exit code."""
    return run_step(check_model, lambda paths: paths.message)


if __name__ == "__main__":
    sys.exit(main())
