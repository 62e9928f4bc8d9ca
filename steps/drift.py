"""New rows against the baseline of a model: which columns changed more than chance explains.

Each number column is compared in the bins between the quantiles of the training rows, each category column by its most
frequent values. Three measures: the population stability index (Siddiqi 2006), Kolmogorov-Smirnov's distance at the
edges of the bins, which is never above the whole one, and Pearson's chi-squared test of homogeneity; missing values
have a chi-squared test of their own. The p-values of all tests are corrected together (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from algorithms.schema import ColumnType
from steps.baseline import count_in_bins, shortened

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]
    Series = pd.Series[Any]

Verdict = Literal["stable", "moderate", "major"]
Test = Literal["ks", "chi_squared", "missing"]
SIGNIFICANT = 0.05
MODERATE, MAJOR = 0.1, 0.25
"""Population stability index from which on a change counts (Siddiqi 2006, "Credit Risk Scorecards", chapter 9)."""
MISSING_CHANGE = 0.05
"""Difference of the shares of missing values that counts as moderate; three times as much as major."""
OTHERS = "other values"


@dataclass(frozen=True)
class Change:
    """One test of one column.

    `statistic` : Kolmogorov-Smirnov's D, or chi-squared; `p_value` is the corrected one once `compare` returns it
    """

    column: str
    test: Test
    statistic: float
    p_value: float
    size: float
    """The population stability index; of missing values the difference of their shares."""
    told: str
    """The change, for people."""

    @property
    def verdict(self) -> Verdict:
        """How much it is; what may be chance is stable."""
        moderate, major = (MISSING_CHANGE, 3 * MISSING_CHANGE) if self.test == "missing" else (MODERATE, MAJOR)
        if self.p_value >= SIGNIFICANT or self.size < moderate:
            return "stable"
        return "major" if self.size >= major else "moderate"

    def to_dict(self) -> dict[str, Any]:
        """With the verdict, for JSON."""
        return {**asdict(self), "verdict": self.verdict}


def compare(baseline: Mapping[str, Mapping[str, Any]], rows: Mapping[str, Series]) -> list[Change]:
    """Every test of every column, the greatest changes first.

    Parameters
    ----------
    baseline : column -> what `steps.baseline.describe_column` said of the training rows
    rows : column -> the new values, in the column's type
    """
    found = [change for name, values in rows.items() for change in _column(name, baseline[name], values)]
    corrected = zip(found, _corrected([change.p_value for change in found]), strict=True)
    changes = [replace(change, p_value=p_value) for change, p_value in corrected]
    return sorted(changes, key=lambda change: (change.verdict == "stable", -change.size))


def _corrected(p_values: Sequence[float]) -> Sequence[float]:
    from scipy.stats import false_discovery_control

    corrected: list[float] = false_discovery_control(p_values).tolist() if p_values else []
    return corrected


def _column(name: str, known: Mapping[str, Any], values: Series) -> Iterator[Change]:
    present, kind = values.dropna(), known["type"]
    yield _missing(name, known, values)
    if known["count"] and len(present) and kind in _COMPARE:
        yield from _COMPARE[kind](name, known, present)


def _missing(name: str, known: Mapping[str, Any], values: Series) -> Change:
    counts = [[known["count"], known["missing"]], [int(values.notna().sum()), int(values.isna().sum())]]
    before, now = (missing / max(1, present + missing) for present, missing in counts)
    statistic, p_value = _homogeneity(counts)
    return Change(name, "missing", statistic, p_value, abs(now - before), f"missing {before:.1%}, now {now:.1%}")


def _numbers(name: str, known: Mapping[str, Any], present: Series) -> Iterator[Change]:
    import numpy as np
    from scipy.stats import kstwobign

    before = np.array(known["bins"]["counts"])
    now = np.array(count_in_bins(present, known["bins"]["edges"]))
    distance = float(np.abs(np.cumsum(before) / before.sum() - np.cumsum(now) / now.sum()).max())
    size = before.sum() * now.sum() / (before.sum() + now.sum())
    median = float(present.median())
    told = f"median {known['quantiles']['0.5']:g}, now {median:g}"
    yield Change(name, "ks", distance, float(kstwobign.sf(distance * size**0.5)), stability(before, now), told)


def _categories(name: str, known: Mapping[str, Any], present: Series) -> Iterator[Change]:
    before = {entry["value"]: entry["count"] for entry in known["top"]}
    before[OTHERS] = known["count"] - sum(before.values())
    seen = present.map(shortened).value_counts()
    now = {value: int(seen.get(value, 0)) for value in before if value != OTHERS}
    now[OTHERS] = len(present) - sum(now.values())
    counts = [[before[value] for value in before], [now[value] for value in before]]
    statistic, p_value = _homogeneity(counts)
    shares = {value: (before[value] / known["count"], now[value] / len(present)) for value in before}
    most = max(shares, key=lambda value: abs(shares[value][1] - shares[value][0]))
    told = f"{most} {shares[most][0]:.1%}, now {shares[most][1]:.1%}"
    yield Change(name, "chi_squared", statistic, p_value, stability(*counts), told)


_COMPARE: Mapping[ColumnType, Any] = {"number": _numbers, "category": _categories}
"""Of texts the baseline knows means only, which no test can compare."""


def _homogeneity(counts: Any) -> tuple[float, float]:
    """Pearson's chi-squared and its p-value; what neither side has is left out, and one kind alone is no change."""
    import numpy as np
    from scipy.stats import chi2_contingency

    table = np.array(counts)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 0.0, 1.0
    found = chi2_contingency(table, correction=False)
    return float(found.statistic), float(found.pvalue)


def stability(before: Any, now: Any) -> float:
    """The population stability index of two lists of counts.

    Half a row is added to each count, so that an empty one leaves it finite (Jeffreys 1946).
    """
    import numpy as np

    first, second = np.asarray(before, dtype=float) + 0.5, np.asarray(now, dtype=float) + 0.5
    first, second = first / first.sum(), second / second.sum()
    return float(((second - first) * np.log(second / first)).sum())
