"""Predictions as the bytes of an answer: CSV, JSON, JSON Lines or Parquet; always one line, or entry, a row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from steps.media_types import ANSWER_TYPES, Wanted
from steps.predictor import Predictions


def write_answer(predictions: Predictions, wanted: Wanted, header: bool) -> tuple[bytes, str]:
    """The body and its media type. A CSV has a header line if asked for, else if the request had one (`header`)."""
    header = header if wanted.header is None else wanted.header
    if wanted.format == "csv":
        parameters = f"; charset=utf-8; header={'present' if header else 'absent'}"
        return _csv(predictions, header), ANSWER_TYPES["csv"] + parameters
    return _WRITERS[wanted.format](predictions), ANSWER_TYPES[wanted.format]


def names(predictions: Predictions) -> list[str]:
    """The columns of a CSV or Parquet answer."""
    return [*predictions.names, *(f"probability_{label}" for label in predictions.classes or ())]


def _rows(predictions: Predictions) -> Iterator[list[Any]]:
    for place, value in enumerate(predictions.values):
        more = predictions.probabilities[place] if predictions.probabilities else []
        yield [*(value if isinstance(value, list) else [value]), *more]


def _csv(predictions: Predictions, header: bool) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    if header:
        writer.writerow(names(predictions))
    writer.writerows(_rows(predictions))
    return file.getvalue().encode()


def _entries(predictions: Predictions) -> Iterator[dict[str, Any]]:
    for place, value in enumerate(predictions.values):
        entry = {"prediction": value}
        if predictions.probabilities is not None:
            pairs = zip(map(str, predictions.classes or ()), predictions.probabilities[place], strict=True)
            entry["probabilities"] = dict(pairs)
        yield entry


def _dump(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _json(predictions: Predictions) -> bytes:
    return _dump({"predictions": list(_entries(predictions))}).encode()


def _json_lines(predictions: Predictions) -> bytes:
    return "".join(_dump(entry) + "\n" for entry in _entries(predictions)).encode()


def _parquet(predictions: Predictions) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(zip(*_rows(predictions), strict=True)) or [()] * len(names(predictions))
    table = pa.table([pa.array(list(column)) for column in columns], names=names(predictions))
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()


_WRITERS: dict[str, Callable[[Predictions], bytes]] = {"json": _json, "jsonlines": _json_lines, "parquet": _parquet}
