"""Reads a table of numbers from an .npy file that a stranger may have made: no pickle, and nothing too large."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.manifest import model_error

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

HEADER_BYTES = 128
"""Of an .npy file of version 1.0 with a short header, which is what `numpy.save` writes.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""


def read_table(path: Path, shape: tuple[int, ...]) -> Array:
    """The 64-bit floats of a file. Raises DatasetError ("model: ...") unless they are finite and of this shape."""
    import numpy as np

    wanted: Array = np.zeros(shape)
    if not path.is_file() or path.stat().st_size != HEADER_BYTES + wanted.nbytes:
        raise model_error(f"{path.name} is missing, or is no table of shape {shape}. Train again.")
    content = path.read_bytes()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(wanted))
    if not content.startswith(header.getvalue()):
        raise model_error(f"{path.name} is no table of 64-bit floats of shape {shape}. Train again.")
    found: Array = np.frombuffer(content, dtype=wanted.dtype, offset=HEADER_BYTES).reshape(shape).copy()
    if not np.isfinite(found).all():
        raise model_error(f"{path.name} holds values that are not finite. Train again.")
    return found
