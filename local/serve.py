"""`mlops serve`: a trained model on this machine, as the container serves it on SageMaker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from algorithms.manifest import MANIFEST_NAME, model_error
from algorithms.wording import bare
from local.objects import ObjectStore, ObjectStoreError
from local.serving import Serving, listen
from local.web.app import LOOPBACK
from steps.model_archive import ARCHIVE_NAME, unpack_model

if TYPE_CHECKING:
    from steps.predictor import Predictor


@dataclass(frozen=True)
class Options:
    """What `mlops serve` is started with. `model_data`: a model.tar.gz, a folder, or its URI in the workspace."""

    model_data: str
    workspace: Path
    host: str = "127.0.0.1"
    port: int = 8080
    capture: Path | None = None


def serve_until(stop: threading.Event, options: Options, tell: Callable[[str], None]) -> None:
    """Serves until `stop` is set.

    Raises PortError, MissingExtraError, and DatasetError for model data that is missing, damaged or tampered with.
    """
    with listen(options.host, options.port) as listener, TemporaryDirectory() as folder:
        from steps.capture import DataCapture
        from steps.limits import Limits
        from steps.predictor import load_predictor
        from steps.serving_app import Service

        predictor = load_predictor(model_folder(options.model_data, options.workspace, Path(folder)))
        capture = DataCapture(options.capture) if options.capture else None
        hosts = [*LOOPBACK, "[::1]"] if options.host in LOOPBACK else ["*"]
        service = Service(predictor, Limits(), capture, hosts)
        try:
            with Serving(service.app, listener, "serve"):
                tell(_told(predictor, f"http://{options.host}:{listener.getsockname()[1]}"))
                stop.wait()
        finally:
            service.close()


def model_folder(model_data: str, workspace: Path, empty: Path) -> Path:
    """The folder with the model's files; an archive is unpacked into `empty`. Raises DatasetError."""
    if model_data.startswith("s3://"):
        return unpack_model(_fetch(model_data, workspace, empty / "archive"), empty / "model")
    path = Path(model_data)
    if path.is_dir() and not (path / ARCHIVE_NAME).is_file():
        if not (path / MANIFEST_NAME).is_file():
            raise model_error(f"{bare(model_data)} holds neither {MANIFEST_NAME} nor {ARCHIVE_NAME}. Name a model.")
        return path
    archive = path / ARCHIVE_NAME if path.is_dir() else path
    if not archive.is_file():
        raise model_error(f"there is no file or folder {bare(model_data)}. Name a {ARCHIVE_NAME}, or its folder.")
    return unpack_model(archive, empty / "model")


def _fetch(uri: str, workspace: Path, folder: Path) -> Path:
    """The object as a file. The workspace is not held: a service may run on it at the same time."""
    try:
        if not (workspace / "s3").is_dir():
            raise ObjectStoreError(f"{workspace}: is no workspace.")
        return ObjectStore(workspace / "s3", workspace / "staging").get(uri, folder)[0]
    except ObjectStoreError as error:
        raise model_error(
            f"{error} Give the model_data that `mlops run --json` told, or another --workspace."
        ) from error


def _told(predictor: Predictor, url: str) -> str:
    what = f"{predictor.manifest.algorithm}, {predictor.manifest.task_type}"
    return f"{url} serves {what}. POST rows to {url}/invocations; {url}/openapi.json describes them."
