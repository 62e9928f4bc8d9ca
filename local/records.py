"""A record.json of training_history/, read back: what is needed to run its attempt again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from algorithms.errors import RequestError
from algorithms.metrics import LearningType
from lambda_bridge.history import SCHEMA_VERSION

MAX_BYTES = 2**20
Text = Annotated[str, Field(max_length=1024)]


class RecordError(RequestError):
    """A file that is no record, or one of an attempt that cannot be run again."""


class Request(BaseModel):
    """Of the request: what chooses the pipeline."""

    learning_type: LearningType
    algorithm: Text


class Record(BaseModel):
    """The parts of a record that a second run needs, and those that it is compared with."""

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1]
    run_id: Annotated[str, Field(pattern=r"^issue-\d{1,12}-attempt-\d{1,6}$")]
    code_version: Text
    request: Request
    parameters: dict[Text, Text | int | float]
    chosen: dict[Text, Any] | None = None
    """The hyperparameters that a search ended with; None: none were searched."""
    dataset_digest: Text | None
    metrics: dict[str, Any]
    train_score: float | None
    baseline: dict[str, Any] | None
    n: int | None


assert SCHEMA_VERSION == 1  # noqa: S101 (a newer one is read here first)


def read_record(path: Path) -> Record:
    """The record in a file, or in a folder of the history. Raises RecordError."""
    file = path / "record.json" if path.is_dir() else path
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise _wrong(path, f"has more than {MAX_BYTES} bytes")
        record = Record.model_validate(json.loads(content))
    except OSError as error:
        raise _wrong(path, f"cannot be read, got: {error.strerror}") from error
    except ValidationError as error:
        names = ", ".join(sorted({".".join(map(str, found["loc"])) for found in error.errors()}))
        raise _wrong(path, f"is no record of an attempt that was started; wrong or missing: {names}") from error
    except (ValueError, RecursionError) as error:
        raise _wrong(path, "is no JSON") from error
    if not record.metrics:
        raise _wrong(path, "is of an attempt that was never evaluated")
    return record


def _wrong(path: Path, what: str) -> RecordError:
    message = f"record {path}: {what}. Name a record.json of training_history/."
    return RecordError.of("record", str(path), message)
