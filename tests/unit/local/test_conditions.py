from __future__ import annotations

from typing import Any

import pytest

from local.conditions import ConditionError, all_met, is_met


def compare(kind: str, left: Any, right: Any) -> dict[str, Any]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


YES, NO = compare("Equals", 1, 1), compare("Equals", 1, 2)
CASES = [
    (compare("Equals", "a", "a"), True),
    (compare("Equals", 1, 1.0), True),
    (compare("Equals", True, False), False),
    (compare("GreaterThan", 2, 2), False),
    (compare("GreaterThanOrEqualTo", 2, 2), True),
    (compare("GreaterThanOrEqualTo", -1.7e308, -1e308), False),
    (compare("LessThan", 1, 2), True),
    (compare("LessThanOrEqualTo", "b", "a"), False),
    ({"Type": "In", "QueryValue": "a", "Values": ["b", "a"]}, True),
    ({"Type": "In", "QueryValue": "a", "Values": []}, False),
    ({"Type": "Not", "Condition": YES}, False),
    ({"Type": "Or", "Conditions": [NO, YES]}, True),
    ({"Type": "Or", "Conditions": [NO, {"Type": "Not", "Condition": YES}]}, False),
]


@pytest.mark.parametrize(("condition", "met"), CASES, ids=range(len(CASES)))
def test_is_met(condition: dict[str, Any], met: bool) -> None:
    assert is_met(condition) is met


def test_every_condition_counts() -> None:
    assert all_met([YES, YES])
    assert not all_met([YES, NO])


@pytest.mark.parametrize(("left", "right"), [(None, 0.5), ("0.9", 0.5), (True, 0.5), ([], []), (0.5, None)], ids=str)
def test_what_cannot_be_compared_never_passes(left: Any, right: Any) -> None:
    for kind in ("Equals", "GreaterThanOrEqualTo"):
        with pytest.raises(ConditionError):
            is_met(compare(kind, left, right))
