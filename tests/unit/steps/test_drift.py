"""Drift: against SciPy on whole samples, on samples without a change, and on planted ones."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from steps.baseline import describe_column
from steps.drift import compare, stability


def numbers(values):
    return pd.Series(values, dtype="float64")


def texts(values):
    return pd.Series(values, dtype="str")


def drift(before, now, kind="number"):
    """Test -> change of one column."""
    known = json.loads(json.dumps(describe_column(before, kind)))
    return {change.test: change for change in compare({"a": known}, {"a": now})}


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5, 2.0])
def test_the_distance_is_nearly_that_of_the_whole_samples_and_never_above(shift):
    dice = np.random.default_rng(1)
    before, now = numbers(dice.normal(size=4000)), numbers(dice.normal(shift, size=1500))
    found, whole = drift(before, now)["ks"], stats.ks_2samp(before, now, method="asymp")
    assert whole.statistic * 0.85 < found.statistic <= whole.statistic + 1e-9
    assert (found.p_value < 0.05) == (whole.pvalue < 0.05)


def test_whole_numbers_with_few_values_are_compared_value_by_value():
    before, now = numbers([0, 1, 1, 2] * 500), numbers([0, 1, 1, 2] * 300)
    assert drift(before, now)["ks"].statistic == 0
    changed = drift(before, numbers([0, 0, 1, 2] * 300))["ks"]
    assert changed.statistic == pytest.approx(0.25)
    assert changed.verdict == "major"


def test_categories_by_pearsons_test():
    before, now = texts(list("aaab") * 100 + ["c"] * 7), texts(list("aabb") * 80)
    found = drift(before, now, "category")["chi_squared"]
    plain = stats.chi2_contingency([[300, 100, 7], [160, 160, 0]], correction=False)
    assert found.statistic == pytest.approx(plain.statistic)
    assert (found.verdict, found.told) == ("major", "b 24.6%, now 50.0%")


def test_a_value_that_was_never_seen_is_among_the_others():
    found = drift(texts(list("ab") * 200), texts(list("ab") * 50 + ["z"] * 60), "category")["chi_squared"]
    assert found.told == "other values 0.0%, now 37.5%"
    assert found.verdict == "major"


def test_missing_values_have_a_test_of_their_own():
    dice = np.random.default_rng(2)
    before, now = numbers(dice.normal(size=1000)), numbers(dice.normal(size=1000))
    now[:120] = np.nan
    found = drift(before, now)
    assert (found["missing"].verdict, found["missing"].told) == ("moderate", "missing 0.0%, now 12.0%")
    assert found["ks"].verdict == "stable"
    assert drift(before, numbers([np.nan] * 40))["missing"].verdict == "major"


def test_the_stability_index_is_siddiqis():
    before, now = np.array([500, 300, 200]), np.array([400, 300, 300])
    shares = before / before.sum(), now / now.sum()
    assert stability(before, now) == pytest.approx(
        ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum(), rel=0.01
    )
    assert np.isfinite(stability([10, 0], [0, 10]))
    assert stability(before, before) == 0


@pytest.mark.parametrize("rows", [40, 400])
def test_of_a_hundred_columns_without_a_change_at_most_one_is_told(rows):
    dice = np.random.default_rng(rows)
    before = {f"x{i}": describe_column(numbers(dice.gamma(2, size=2000)), "number") for i in range(50)}
    before |= {f"c{i}": describe_column(texts(dice.choice(list("abcde"), 2000)), "category") for i in range(50)}
    now = {f"x{i}": numbers(dice.gamma(2, size=rows)) for i in range(50)}
    now |= {f"c{i}": texts(dice.choice(list("abcde"), rows)) for i in range(50)}
    changes = compare(before, now)
    assert len(changes) == 200
    assert sum(change.verdict != "stable" for change in changes) <= 1


def test_many_small_changes_are_stable_and_the_greatest_one_comes_first():
    dice = np.random.default_rng(3)
    before = {name: describe_column(numbers(dice.normal(size=50_000)), "number") for name in "abc"}
    now = {"a": dice.normal(0.05, size=50_000), "b": dice.normal(3, size=50_000), "c": dice.normal(1, size=50_000)}
    changes = compare(before, {name: numbers(values) for name, values in now.items()})
    assert [change.column for change in changes][:2] == ["b", "c"]
    small = next(change for change in changes if (change.column, change.test) == ("a", "ks"))
    assert small.p_value < 0.05
    assert small.verdict == "stable"


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (numbers([np.nan] * 5), numbers([1.0] * 40), "number"),
        (numbers([7.0] * 50), numbers([7.0] * 40), "number"),
        (numbers([1e300, -1e300] * 20), numbers([np.nan] * 40), "number"),
        (texts(["x"] * 50), texts(["x"] * 40), "category"),
        (texts(["one two", "three"] * 20), texts(["four"] * 40), "text"),
    ],
)
def test_columns_that_say_nothing_are_no_error(before, now, kind):
    json.dumps([change.to_dict() for change in drift(before, now, kind).values()], allow_nan=False)
