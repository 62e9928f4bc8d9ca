from __future__ import annotations

from typing import Any

import pytest

from local.definitions import RetryPolicy
from local.retries import delay_before_retry


def policy(**more: Any) -> RetryPolicy:
    values = {"ExceptionType": ["Step.THROTTLING"], "IntervalSeconds": 10, "BackoffRate": 2.0, **more}
    return RetryPolicy.model_validate(values)


@pytest.mark.parametrize(
    ("given", "retries", "elapsed", "delay"),
    [
        (policy(MaxAttempts=2), 0, 0, 10),
        (policy(MaxAttempts=2), 1, 0, 20),
        (policy(MaxAttempts=2), 2, 0, None),
        (policy(MaxAttempts=0), 0, 0, None),
        (policy(), 4, 0, 160),
        (policy(), 5, 0, None),
        (policy(ExpireAfterMin=1), 0, 50, 10),
        (policy(ExpireAfterMin=1), 0, 51, None),
        (policy(ExceptionType=["SageMaker.CAPACITY_ERROR"]), 0, 0, 10),
        (policy(ExceptionType=["Something.ELSE"]), 0, 0, None),
    ],
    ids=range(10),
)
def test_delay(given: RetryPolicy, retries: int, elapsed: float, delay: float | None) -> None:
    assert delay_before_retry([given], retries, elapsed) == delay


def test_the_first_policy_that_fits_counts() -> None:
    other = policy(ExceptionType=["Something.ELSE"], IntervalSeconds=1)
    assert delay_before_retry([other, policy(IntervalSeconds=3), policy(IntervalSeconds=5)], 0, 0) == 3
    assert delay_before_retry([], 0, 0) is None
