"""The manifest of a model folder: what the model is, what made it, and the SHA-256 of every file.

Whoever reads a model reads the manifest first. A folder that does not match it to the byte is refused.
"""

from __future__ import annotations

import hashlib
import logging
import platform
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from algorithms.base import Algorithm
from algorithms.errors import DatasetError, Problem
from algorithms.metrics import LEARNING_TYPE_OF, LearningType, TaskType
from algorithms.params import Preprocessing
from algorithms.registry import ALGORITHMS, algorithm
from algorithms.schema import TableSchema

MANIFEST_NAME = "manifest.json"
MAX_MANIFEST_BYTES = 8 * 2**20
MAX_FILES = 20
MAX_BYTES = 4 * 2**30
"""All files of a model together. A forest of 100 trees on 100,000 rows stays below 1 GiB."""

_logger = logging.getLogger(__name__)


class Manifest(BaseModel):
    """The content of `manifest.json`. Tables have `preprocessing` and `table`, control has `environment`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_version: Literal[1] = 1
    algorithm: str
    learning_type: LearningType
    task_type: TaskType
    seed: int
    parameters: dict[str, JsonValue]
    preprocessing: Preprocessing | None = None
    table: TableSchema | None = None
    environment: str | None = None
    libraries: dict[str, str]
    """Import name -> version, and `python`."""
    files: dict[str, str]
    """File name -> SHA-256 in hex."""


def write_manifest(
    model_dir: Path,
    model: Algorithm,
    *,
    task_type: TaskType,
    libraries: Sequence[str],
    preprocessing: Preprocessing | None = None,
    table: TableSchema | None = None,
    environment: str | None = None,
) -> Manifest:
    """Writes `manifest.json` over all files that lie in `model_dir`, and returns its content.

    `libraries` are import names, for instance ["sklearn", "numpy"]: their versions are recorded.
    """
    names = sorted(path.name for path in model_dir.iterdir() if path.name != MANIFEST_NAME)
    manifest = Manifest(
        algorithm=model.name,
        learning_type=LEARNING_TYPE_OF[task_type],
        task_type=task_type,
        seed=model.seed,
        parameters=model.params.model_dump(mode="json"),
        preprocessing=preprocessing,
        table=table,
        environment=environment,
        libraries={name: _version(name) for name in ("python", *libraries)},
        files={name: _sha256(model_dir / name) for name in names},
    )
    (model_dir / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def read_manifest(model_dir: Path) -> Manifest:
    """The manifest of `model_dir`, after every file was checked against it.

    Raises DatasetError for a manifest that is missing or damaged, for missing, extra, changed or linked files,
    for more than `MAX_BYTES`, and for a model made with another major version of a library.
    """
    sizes = _sizes(model_dir)
    manifest = _parse(model_dir / MANIFEST_NAME, sizes.pop(MANIFEST_NAME, None))
    problems = _file_problems(model_dir, manifest.files, set(sizes))
    problems += _version_problems(manifest.libraries)
    if manifest.algorithm not in ALGORITHMS:
        problems.append(_problem(f"made by an algorithm that is unknown here, got {manifest.algorithm!r}."))
    if problems:
        raise DatasetError(problems)
    return manifest


def load_model(model_dir: Path, manifest: Manifest | None = None) -> Algorithm:
    """The fitted model that lies in `model_dir`. Raises DatasetError, see `read_manifest`.

    `manifest` : what `read_manifest` returned for this folder, if it was read before; files are hashed once only.
    """
    manifest = manifest or read_manifest(model_dir)
    return algorithm(manifest.algorithm).load(model_dir, manifest)


def model_error(message: str, value: Any = None) -> DatasetError:
    """A DatasetError about the model folder; `message` says what is wrong and what to do."""
    return DatasetError([_problem(message, value)])


def _problem(message: str, value: Any = None) -> Problem:
    return Problem("model", value, f"model: {message}")


def _sizes(model_dir: Path) -> dict[str, int]:
    """File name -> bytes, after a look at every entry of the folder."""
    if not model_dir.is_dir():
        raise model_error("there is no model folder. Train again.")
    sizes: dict[str, int] = {}
    for path in model_dir.iterdir():
        if path.is_symlink() or not path.is_file():
            raise model_error(f"holds only plain files, got {path.name[:100]!r}. Train again.", path.name)
        sizes[path.name] = path.stat().st_size
        if len(sizes) > MAX_FILES or sum(sizes.values()) > MAX_BYTES:
            raise model_error(f"at most {MAX_FILES} files and {MAX_BYTES} bytes are read. Train a smaller model.")
    return sizes


def _parse(path: Path, size: int | None) -> Manifest:
    if size is None:
        raise model_error(f"{MANIFEST_NAME} is missing. Train again.")
    if size > MAX_MANIFEST_BYTES:
        raise model_error(f"{MANIFEST_NAME} has at most {MAX_MANIFEST_BYTES} bytes, got {size}. Train again.", size)
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "its JSON"
        raise model_error(f"{MANIFEST_NAME} cannot be read, wrong at {where[:100]}. Train again.") from error


def _file_problems(model_dir: Path, files: dict[str, str], found: set[str]) -> list[Problem]:
    missing = [_problem(f"the file {name[:100]!r} is missing. Train again.", name) for name in files.keys() - found]
    extra = [_problem(f"the file {name[:100]!r} is not in the manifest.", name) for name in found - files.keys()]
    changed = [
        _problem(f"the file {name[:100]!r} is damaged, its SHA-256 is not the manifest's. Train again.", name)
        for name in sorted(found & files.keys())
        if _sha256(model_dir / name) != files[name]
    ]
    return sorted(missing + extra, key=lambda problem: problem.message) + changed


def _version_problems(libraries: dict[str, str]) -> list[Problem]:
    problems = []
    for name, made_with in libraries.items():
        here = _version(name) if name == "python" or name in _LIBRARIES else made_with
        if here.split(".")[0] != made_with.split(".")[0]:
            problems.append(_problem(f"made with {name} {made_with[:40]}, here is {here}. Train again.", made_with))
        elif here != made_with:
            _logger.warning("model: made with %s %s, here is %s", name, made_with[:40], here)
    return problems


_LIBRARIES = frozenset({"gymnasium", "numpy", "sklearn", "skops", "stable_baselines3", "torch", "xgboost"})
"""What a manifest may make this module import."""


def _version(name: str) -> str:
    if name == "python":
        return platform.python_version()
    version: str = import_module(name).__version__
    return version


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
