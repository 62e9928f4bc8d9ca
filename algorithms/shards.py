"""Rows of all peers for what is fitted to a table as a whole: medians, scales, categories, words.

Up to `SAMPLE_CELLS` these are all rows in their order, so that the same is fitted as in one process, bit for bit. Of
more rows every second, third... is taken, and what is fitted is an estimate; every peer fits the same.
"""

from __future__ import annotations

import io
from math import ceil
from typing import TYPE_CHECKING, Any

from algorithms.base import Table
from algorithms.peers import Peers

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SAMPLE_CELLS = 20_000_000
"""Rows times columns that each peer holds besides its own rows: 160 MB of numbers."""


def gather_sample(data: Table, numbers: Array, total: int, peers: Peers) -> Table:
    """Rows of all peers, in the order of the table.

    Parameters
    ----------
    data : the peer's own rows
    numbers : which rows of the whole table they are, int64 of shape (n_rows,), counted from 0
    total : rows of the whole table

    Returns
    -------
    A table without a target.
    """
    import numpy as np
    import pandas as pd

    step = max(1, ceil(total * len(data.X.columns) / SAMPLE_CELLS))
    taken = numbers % step == 0
    places = [np.frombuffer(content, dtype=np.int64) for content in peers.gather(numbers[taken].tobytes())]
    own = data.X[taken].to_parquet(index=False)
    rows = pd.concat([pd.read_parquet(io.BytesIO(content)) for content in peers.gather(own)], ignore_index=True)
    return Table(rows.iloc[np.argsort(np.concatenate(places))].reset_index(drop=True), None, data.schema)
