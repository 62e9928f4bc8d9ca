"""The hosts of a training job: which ones there are, which one this is, where the first one is met.

`input/config/resourceconfig.json`: "How Amazon SageMaker AI Provides Training Information", Distributed Training
Configuration. There a host's name resolves to its address. On one machine, where it does not, `MLOPS_FIRST_HOST` says
where the first host listens, such as 127.0.0.1:40123.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

FIRST_HOST_VARIABLE = "MLOPS_FIRST_HOST"
PORT = 9099
"""Where the first host listens on SageMaker; its XGBoost container uses the same."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}", re.ASCII)
ADDRESS = re.compile(r"([0-9A-Za-z.-]{1,253}):(\d{1,5})", re.ASCII)
MOST_HOSTS = 100


@dataclass(frozen=True)
class Hosts:
    """The hosts by name, in the same order on each of them."""

    current: str
    names: tuple[str, ...]

    @property
    def rank(self) -> int:
        """The place of this host among them; the first one is 0 and keeps the model."""
        return self.names.index(self.current)

    @property
    def several(self) -> bool:
        """Whether there are others."""
        return len(self.names) > 1

    def meeting_place(self) -> tuple[str, int]:
        """Host and port where the first one listens. Raises ValueError for a variable that names none."""
        given = os.environ.get(FIRST_HOST_VARIABLE)
        if given is None:
            return self.names[0], PORT
        match = ADDRESS.fullmatch(given)
        if match is None or not 0 < int(match[2]) < 2**16:
            raise ValueError(f"{FIRST_HOST_VARIABLE}: must be an address such as 127.0.0.1:40123, got {given[:100]!r}")
        return match[1], int(match[2])


def read_hosts(path: Path) -> Hosts:
    """What resourceconfig.json says; one host where there is no such file. Raises ValueError for any other content."""
    if not path.is_file():
        return Hosts("algo-1", ("algo-1",))
    content = json.loads(path.read_text(encoding="utf-8"))
    given = content if isinstance(content, dict) else {}
    names, current = given.get("hosts"), given.get("current_host")
    if not _are_names(names) or current not in names:
        got = repr(content)[:200]
        raise ValueError(f"{path.name}: must name the hosts, each once, and this one among them, got {got}")
    return Hosts(current, tuple(sorted(names)))


def _are_names(names: Any) -> TypeGuard[list[str]]:
    return (
        isinstance(names, list)
        and 0 < len(names) <= MOST_HOSTS
        and all(isinstance(name, str) and NAME.fullmatch(name) for name in names)
        and len(set(names)) == len(names)
    )
