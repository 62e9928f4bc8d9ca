"""Reads weights out of a stable-baselines3 zip or a file of torch, and nothing else.

`stable_baselines3.*.load` unpickles the member `data`, which runs whatever a stranger put there. Here only
`policy.pth` is read, and torch reads it with `weights_only=True`.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from algorithms.errors import DatasetError
from algorithms.manifest import model_error

if TYPE_CHECKING:
    import torch

MEMBERS = {
    "_stable_baselines3_version",
    "data",
    "policy.optimizer.pth",
    "policy.pth",
    "pytorch_variables.pth",
    "system_info.txt",
}
"""What `BaseAlgorithm.save` of stable-baselines3 2.9 writes."""

MAX_BYTES = 64 * 2**20
"""Of the zip, and of everything in it; the widest network that the hyperparameters allow takes about 25 MiB."""

MAX_RECORDS = 1000
"""Members of `policy.pth`, itself a zip: one a tensor, and a few more."""


def read_policy(path: Path) -> dict[str, torch.Tensor]:
    """The policy's state dict. Raises DatasetError ("model: ...") on anything that `save` does not write."""
    archive = _stored_members(path.name, _bytes(path))
    names = set(archive)
    if "policy.pth" not in names or not names <= MEMBERS:
        raise _refused(f"{path.name} holds other members than a saved policy's, got {sorted(names)[:10]}")
    weights = archive["policy.pth"]
    _stored_members("policy.pth", weights)
    return _tensors(weights)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The state dict in a file of `torch.save`. Raises DatasetError ("model: ...") on anything else."""
    weights = _bytes(path)
    _stored_members(path.name, weights)
    return _tensors(weights)


def _refused(what: str) -> DatasetError:
    return model_error(f"{what}. Train again.")


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise _refused(f"{path.name} is missing")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _refused(f"{path.name} is larger than {MAX_BYTES} bytes")
    return content


def _stored_members(name: str, content: bytes) -> dict[str, bytes]:
    """Every member by name. Compressed members are refused: neither library writes any, and a bomb needs one."""
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MAX_RECORDS or len({member.filename for member in members}) < len(members):
                raise _refused(f"{name} has too many or repeated members")
            if any(member.compress_type != ZIP_STORED for member in members):
                raise _refused(f"{name} has compressed members")
            if sum(member.file_size for member in members) > MAX_BYTES:
                raise _refused(f"the members of {name} are larger than {MAX_BYTES} bytes")
            return {member.filename: archive.read(member) for member in members}
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _refused(f"{name} is no readable zip ({type(error).__name__})") from error


def _tensors(weights: bytes) -> dict[str, torch.Tensor]:
    import torch

    try:
        found: Any = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    except Exception as error:  # a crafted file makes torch's restricted unpickler raise nearly anything
        raise _refused(f"policy.pth holds more than weights ({type(error).__name__})") from error
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and isinstance(weight, torch.Tensor) for name, weight in found.items()
    ):
        raise _refused("policy.pth holds something else than a policy's weights")
    return found
