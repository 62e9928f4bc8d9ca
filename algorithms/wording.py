"""How messages show what strangers wrote, and suggest what they may have meant. Light: the standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

LONGEST_SHOWN = 60
"""Characters of a stranger's text that a message repeats."""
MOST_KNOWN = 20
"""Names that a message lists; the rest is counted."""


def shown(value: Any) -> str:
    """A stranger's value for a message: one short printable line as YAML would write it, without backticks."""
    if isinstance(value, Mapping):
        return f"a mapping of {len(value)} keys" if value else "an empty mapping"
    if isinstance(value, list | tuple) and not _is_short(value):
        return f"a list of {len(value)} entries" if value else "an empty list"
    try:
        return bare(json.dumps(value, ensure_ascii=False))
    except (TypeError, ValueError):  # no JSON, or more than 4,300 digits
        return f"a value of type {type(value).__name__}"


def _is_short(values: list[Any] | tuple[Any, ...]) -> bool:
    return 0 < len(values) <= 8 and all(isinstance(value, str | int | float) for value in values)


def bare(text: str) -> str:
    """A stranger's text for a message, without quotes: one short printable line without backticks."""
    line = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text[: LONGEST_SHOWN + 1])
    return (line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…").replace("`", "'")


def plain(value: Any) -> Any:
    """A stranger's value for `Problem.value`: itself where it is a short JSON scalar, else as `shown`."""
    scalar = value is None or isinstance(value, bool)
    finite = isinstance(value, int | float) and abs(value) <= 2**63
    short = isinstance(value, str) and len(value) <= LONGEST_SHOWN and value.isprintable()
    return value if scalar or finite or short else shown(value)


def number(value: float) -> str:
    """A number as people write it: 1e-06, 0.5, 4294967295."""
    short = f"{value:g}"
    return short if isinstance(value, float) and float(short) == value else str(value)


def nearest(value: Any, names: Iterable[str]) -> str | None:
    """The name that `value` is most probably a misspelling of."""
    if not isinstance(value, str) or len(value) > LONGEST_SHOWN:
        return None
    wanted = value.strip().lower().replace("-", "_").replace(" ", "_")
    by_spelling = {name.lower().replace("-", "_"): name for name in names}
    close = get_close_matches(wanted, by_spelling, n=1)
    return by_spelling[close[0]] if close else None


def did_you_mean(value: Any, names: Iterable[str]) -> str:
    """What to write in the place of `value`: the nearest of the names, else which there are."""
    known = list(names)
    close = nearest(value, known)
    if close is not None:
        return f"Did you mean `{bare(close)}`?"
    more = f" and {len(known) - MOST_KNOWN} more" if len(known) > MOST_KNOWN else ""
    return f"Known are: {', '.join(map(bare, known[:MOST_KNOWN])) or 'none'}{more}."
