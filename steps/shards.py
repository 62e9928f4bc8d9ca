"""Train on several hosts: this host's files of rows, and the model that all hosts fit together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.base import Algorithm, Table
from algorithms.distributed import DistributedAlgorithm
from algorithms.errors import ParameterError, PlatformError
from algorithms.peers import Peers, gather_values
from algorithms.schema import TableSchema
from steps.prepared import check_complete, joined, row_files
from steps.tables import load_table
from steps.training_rows import row_hashes, write_hashes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def fit_shard(model: Algorithm, rows: Path, schema: TableSchema, peers: Peers, model_dir: Path) -> None:
    """Fits the model with the rows in the folder `rows` and those of the other hosts.

    The first host writes the hashes of all rows into `model_dir`. Raises ParameterError for an algorithm that trains on
    one host, PlatformError for a host without rows, ValueError unless each file of rows is on one host.
    """
    if not isinstance(model, DistributedAlgorithm):
        message = f"instance_count: must be 1 for {model.name}, got {peers.size}. Leave it out."
        raise ParameterError.of("instance_count", peers.size, message)
    data, numbers = _own_rows(rows, schema, peers)
    model.fit_shard(data, numbers, peers)
    hashes = peers.gather(row_hashes(data, schema).tobytes())
    if peers.rank == 0:
        write_hashes(model_dir, b"".join(hashes))


def _own_rows(folder: Path, schema: TableSchema, peers: Peers) -> tuple[Table, Array]:
    """This host's rows, and which ones of the whole table they are."""
    import numpy as np

    files = row_files(folder)
    tables = [load_table(file, schema) for file in files]
    counts = gather_values(peers, {file.name: len(table.X) for file, table in zip(files, tables, strict=True)})
    check_complete([name for own in counts for name in own])
    if not all(counts):
        raise PlatformError("hosts: each must get a file of rows, got none on one of them. Try again.")
    start, starts = 0, {}
    for name, rows in sorted(pair for own in counts for pair in own.items()):
        starts[name], start = start, start + rows
    numbers = [starts[file.name] + np.arange(len(table.X)) for file, table in zip(files, tables, strict=True)]
    return joined(tables), np.concatenate(numbers).astype(np.int64)
