"""The files of training_history/: a record per attempt, chained by digests, and a page for people. Pure.

The same facts give the same bytes: no clock, no random order.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from lambda_bridge.history_page import page
from lambda_bridge.judge import Step
from lambda_bridge.runs import Attempt, Run
from pipelines.language import speaking

SCHEMA_VERSION = 1
LONGEST_SLUG = 50
PLOT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}\.png", re.ASCII)
PNG = b"\x89PNG\r\n\x1a\n"
MOST_PLOT_BYTES = 2**20
MOST_PLOTS = 20


class HistoryError(ValueError):
    """A chain of records is broken; the message names the first record that does not fit."""


def slug(title: str) -> str:
    """The part of the folder's name that comes from the issue's title: lower-case ASCII letters, digits, hyphens."""
    folded = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", folded).strip("-")[:LONGEST_SLUG].rstrip("-") or "issue"


def folder(run: Run, number: int) -> str:
    """`training_history/<issue>-<slug>/attempt-<k>` of one attempt."""
    return f"training_history/{run.issue}-{run.slug}/attempt-{number}"


def digest(record: bytes) -> str:
    """Hex SHA-256 of a record.json."""
    return sha256(record).hexdigest()


def record(run: Run, evaluation: Mapping[str, Any] | None, steps: Sequence[Step], code_version: str) -> dict[str, Any]:
    """The current attempt's record.

    Parameters
    ----------
    evaluation : evaluation.json, or None where Evaluate wrote none
    steps : ListPipelineExecutionSteps, oldest first
    code_version : of the bridge
    """
    attempt, found, request = run.attempt, evaluation or {}, run.settled or run.request
    return {
        "schema_version": SCHEMA_VERSION,
        "issue": run.issue,
        "run": run.number,
        "attempt": attempt.number,
        "run_id": run.run_id,
        "status": attempt.status,
        "author": run.author,
        "reply": attempt.reply_author and {"author": attempt.reply_author, "comment": attempt.reply_comment},
        "request": request and request.model_dump(mode="json", exclude_unset=True),
        "hyperparameters": attempt.hyperparameters,
        **_search(attempt),
        "parameters": attempt.parameters,
        "dataset_digest": attempt.parameters.get("DatasetDigest"),
        "seed": request and request.seed,
        "code_version": code_version,
        "execution_arn": attempt.execution_arn,
        "steps": [_step(step) for step in steps],
        "seconds": attempt.seconds,
        "metrics": attempt.metrics,
        "train_score": attempt.train_score,
        "baseline": found.get("baseline"),
        "comparison": found.get("comparison"),
        "n": found.get("n"),
        "model_package_arn": attempt.model_package_arn,
        "problems": [problem.model_dump(mode="json") for problem in attempt.problems],
        "previous_record": _previous(run),
    }


def _search(attempt: Attempt) -> dict[str, Any]:
    """What was tried and chosen, where hyperparameters were searched."""
    if attempt.chosen is None:
        return {}
    return {"chosen": attempt.chosen, "trials": [trial.model_dump(mode="json") for trial in attempt.trials]}


def _step(step: Step) -> dict[str, Any]:
    start, end = step.get("StartTime"), step.get("EndTime")
    known = isinstance(start, datetime) and isinstance(end, datetime)
    return {
        "name": step["StepName"],
        "status": step["StepStatus"],
        "seconds": round((end - start).total_seconds(), 3) if known else None,  # type: ignore[operator]
        "reused": bool(step.get("CacheHitResult")),
    }


def _previous(run: Run) -> str | None:
    """Digest of the issue's newest record before the current attempt's."""
    before = [attempt.record_digest for attempt in run.attempts[:-1] if attempt.record_digest is not None]
    return before[-1] if before else None


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one text of a record: sorted keys, strict JSON, ASCII, a line end. NaN and infinity become null."""
    text = json.dumps(_strict(content), indent=2, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return f"{text}\n".encode("ascii")


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _strict(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def accepted(plots: Mapping[str, bytes]) -> dict[str, bytes]:
    """The plots that are committed: PNG files with plain names, of at most MOST_PLOT_BYTES, MOST_PLOTS in all."""
    fitting = {
        name: plots[name]
        for name in sorted(plots)
        if PLOT_NAME.fullmatch(name) and plots[name].startswith(PNG) and len(plots[name]) <= MOST_PLOT_BYTES
    }
    return dict(list(fitting.items())[:MOST_PLOTS])


def files(
    run: Run,
    evaluation: Mapping[str, Any] | None,
    steps: Sequence[Step],
    code_version: str,
    plots: Mapping[str, bytes],
) -> dict[str, bytes]:
    """Path -> bytes of the current attempt's folder: record.json, README.md, and the accepted plots by file name."""
    content, pictures = record(run, evaluation, steps, code_version), accepted(plots)
    where = folder(run, run.attempt.number)
    with speaking("en"):
        readme = page(run, evaluation, content, list(pictures), where)
    found = {"record.json": canonical(content), "README.md": readme, **pictures}
    return {f"{where}/{name}": data for name, data in found.items()}


def verify(records: Sequence[bytes]) -> None:
    """Checks that each record of an issue names the digest of the one before, oldest first. Raises HistoryError."""
    before: str | None = None
    for position, data in enumerate(records, start=1):
        named = _named(data, position)
        if named != before:
            what = f"names {named or 'no record'} as the previous one, got {before or 'none'} before it"
            raise HistoryError(f"record {position}: {what}. It, or the one before it, was changed or removed.")
        before = digest(data)


def _named(data: bytes, position: int) -> str | None:
    try:
        found = json.loads(data.decode())
        return None if found["previous_record"] is None else str(found["previous_record"])
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        message = f"record {position}: is no record.json, got {len(data)} bytes. Restore it from the branch's history."
        raise HistoryError(message) from error
