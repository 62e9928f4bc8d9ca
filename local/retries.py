"""Retry policies: when a failed attempt is made again.

"Retry Policy for Pipeline Steps" (SageMaker Developer Guide). What happens on one machine is no exact match of the
service's exception types; a failure that is transient counts as each of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from local.definitions import RetryPolicy

DEFAULT_MAX_ATTEMPTS = 5
TRANSIENT_TYPES = {
    "Step.SERVICE_FAULT",
    "Step.THROTTLING",
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.RESOURCE_LIMIT",
}


def delay_before_retry(policies: Sequence[RetryPolicy], retries: int, elapsed_seconds: float) -> float | None:
    """Seconds to wait before a transient failure is tried again; None: it is not.

    Parameters
    ----------
    policies : the step's; the first one that names a transient type counts
    retries : how many retries there were
    elapsed_seconds : since the first attempt began
    """
    policy = next((policy for policy in policies if TRANSIENT_TYPES.intersection(policy.exception_type)), None)
    if policy is None:
        return None
    delay = policy.interval_seconds * policy.backoff_rate**retries
    if policy.expire_after_min is not None:
        return delay if elapsed_seconds + delay <= policy.expire_after_min * 60 else None
    limit = DEFAULT_MAX_ATTEMPTS if policy.max_attempts is None else policy.max_attempts
    return delay if retries < limit else None
