"""A large CSV file as columns: numbers as float64, texts by their different values. The file is read once or twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from algorithms.columns import MISSING_TEXTS
from steps.csv_blocks import Marks, blocks, null_where
from steps.csv_format import CsvFormat
from steps.side_by_side import LARGE_ROWS, each

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]
    Series = pd.Series[Any]


@dataclass(frozen=True)
class LargeCsv:
    """A file that was looked through.

    `own_missing` : column -> the texts that mean "missing" there, where they are not the default ones
    `as_texts` : columns that hold no numbers, whatever they look like
    """

    path: Path
    format: CsvFormat
    marks: Marks
    own_missing: dict[str, list[str]]
    as_texts: Collection[str]

    def read(self) -> pd.DataFrame:
        """Every column. A second time those that looked like numbers at first and are none."""
        columns = {name: Collected(name in self.as_texts) for name in self.format.header}
        self._collect(columns)
        again = {name: Collected(texts=True) for name, column in columns.items() if column.refused}
        if again:
            self._collect(again)
        found = {}
        for name in self.format.header:
            found[name] = (again.get(name) or columns[name]).values()
            del columns[name]
        return pd.DataFrame(found, copy=False)

    def texts_of(self, rows: Array) -> pd.DataFrame:
        """The rows of a mask of shape (n,), as texts."""
        parts, start = [], 0
        for batch in self._blocks(self.format.header):
            mask = rows[start : start + len(batch)]
            start += len(batch)
            if mask.any():
                parts.append(batch.filter(pa.array(mask)))
        texts: pd.DataFrame = pa.Table.from_batches(parts).to_pandas()
        return texts

    def _collect(self, columns: dict[str, Collected]) -> None:
        for batch in self._blocks(columns):
            each(partial(_add, batch), columns.items(), LARGE_ROWS)

    def _blocks(self, names: Collection[str]) -> Iterator[Any]:
        """As `blocks`, with every column's own missing texts."""
        if not self.own_missing:
            yield from blocks(self.path, self.format, self.marks, names, sorted(MISSING_TEXTS))
            return
        for batch in blocks(self.path, self.format, self.marks, names, []):
            found = {name: null_where(batch.column(name), self._missing(name)) for name in names}
            yield pa.record_batch(found)

    def _missing(self, name: str) -> Collection[str]:
        return self.own_missing.get(name, MISSING_TEXTS)


def _add(batch: Any, item: tuple[str, Collected]) -> None:
    name, column = item
    column.add(batch.column(name))


@dataclass
class Collected:
    """The blocks of one column: numbers as long as every text is one, from the first block on."""

    texts: bool = False
    refused: bool = False
    """Whether a later block held a text: the numbers before it are to be read again, as texts."""
    blocks: list[Any] = field(default_factory=list)

    def add(self, cells: Any) -> None:
        """One more block, an array of texts."""
        numbers = None if self.texts or self.refused else parse_numbers(cells)
        if numbers is not None:
            self.blocks.append(numbers)
        elif self.blocks and not self.texts:
            self.refused, self.blocks = True, []
        elif not self.refused:
            self.texts = True
            self.blocks.append(cells.dictionary_encode())

    def values(self) -> Series:
        """The whole column. The blocks are given away."""
        given, self.blocks = self.blocks, []
        if not given:
            return pd.Series(dtype="str")
        return _joined_texts(given) if self.texts else pd.Series(np.concatenate(given), copy=False)


def _joined_texts(given: list[Any]) -> Series:
    chunks = pa.chunked_array(given).unify_dictionaries().chunks
    codes = np.concatenate([chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in chunks])
    values = pd.Index(chunks[0].dictionary.to_pandas(), dtype="str")
    return pd.Series(pd.Categorical.from_codes(codes, values), copy=False)


def parse_numbers(texts: Any) -> Array | None:
    """The numbers in texts, NaN where one is null; None where one is no finite decimal number."""
    try:
        numbers = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        return None
    if pc.all(pc.is_finite(numbers)).as_py() is False:  # None: every text is null
        return None
    found: Array = numbers.to_numpy(zero_copy_only=False)
    return found
