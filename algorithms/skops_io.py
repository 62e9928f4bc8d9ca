"""skops.io, which imports every module of scikit-learn; the one for torch is left out, as it takes a second."""

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
_modules.setdefault("sklearn.externals.array_api_compat.torch", None)

from skops.io import dump, get_untrusted_types, load  # noqa: E402
from skops.io.exceptions import UntrustedTypesFoundException  # noqa: E402

__all__ = ["UntrustedTypesFoundException", "dump", "get_untrusted_types", "load"]
