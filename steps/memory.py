"""What a step says when memory is used up: how much there was, and which instance type would hold the data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GIBIBYTE = 2**30
GIB_OF = {"ml.m5.large": 8, "ml.m5.xlarge": 16, "ml.m5.2xlarge": 32, "ml.m5.4xlarge": 64, "ml.r5.4xlarge": 128}
"""What is advised, by memory in GiB (aws.amazon.com/ec2/instance-types)."""
COPIES = 3
"""Times the bytes of its cells that a step holds at most, by measurement: read, split, and a step's own work."""
CELL_BYTES = 8


def used_up(folder: Path, *, training: bool) -> str:
    """For a step that has its inputs below `folder`. Only Train's instance is the request's to decide on."""
    had = memory_limit()
    needed = 2 * had
    with suppress(MemoryError, ImportError, OSError):  # there may be too little left to look
        needed = max(needed, COPIES * sum(map(_bytes_in_memory, _tables(folder))))
    what = f"memory: used up, of {had / GIBIBYTE:.1f} GiB for this step; it needs some {needed / GIBIBYTE:.0f} GiB."
    found = next((name for name, gib in GIB_OF.items() if gib * GIBIBYTE >= needed), None)
    if found is None:
        return f"{what} No instance type that is offered holds it: take a sample of the rows, or fewer columns."
    gib = f"{found} ({GIB_OF[found]} GiB)"
    here = "on this machine free some memory."
    if training:
        return f"{what} On SageMaker choose a larger instance_type in the issue, {gib}; {here}"
    return f"{what} On SageMaker the operator sets a larger processing_instance_type, {gib}; {here}"


def memory_limit() -> int:
    """Bytes that this process may use: its own limit where it has one, else the machine's memory."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return machine if limit == resource.RLIM_INFINITY else min(limit, machine)


def _tables(folder: Path) -> Iterator[Path]:
    inputs = [folder / part for part in ("input/data", "processing/input")]
    return (path for part in inputs for kind in ("*.csv", "*.parquet") for path in part.rglob(kind) if path.is_file())


def _bytes_in_memory(path: Path) -> int:
    """Of a Parquet file eight a cell; of a CSV file its size, which is much the same."""
    if path.suffix == ".csv":
        return path.stat().st_size
    from pyarrow import ArrowException, parquet

    try:
        metadata = parquet.ParquetFile(path).metadata
    except (ArrowException, OSError, ValueError):
        return path.stat().st_size
    return int(metadata.num_rows * metadata.num_columns * CELL_BYTES)
