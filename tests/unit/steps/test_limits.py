"""Limits of a request."""

from __future__ import annotations

import pytest

from steps.limits import MEBIBYTE, Deadline, Limits
from steps.refusals import RefusedError


def test_an_endpoint_takes_what_invoke_endpoint_passes_on():
    limits = Limits.from_environment({})
    assert (limits.body_bytes, limits.batch) == (6_291_456, False)
    assert limits.seconds is not None
    assert limits.seconds < 60


@pytest.mark.parametrize(("given", "megabytes"), [(None, 6), ("", 6), ("20", 20), ("0", 100), ("500", 100), ("x", 6)])
def test_batch_transform_tells_its_payload(given, megabytes):
    environment = {"SAGEMAKER_BATCH": "true"} | ({} if given is None else {"SAGEMAKER_MAX_PAYLOAD_IN_MB": given})
    limits = Limits.from_environment(environment)
    assert (limits.body_bytes, limits.batch, limits.seconds) == (megabytes * MEBIBYTE, True, None)


@pytest.mark.parametrize(("rows", "columns", "status"), [(0, 1, 400), (5, 1, 413), (4, 3, 413)])
def test_tables_that_are_not_read(rows, columns, status):
    with pytest.raises(RefusedError) as caught:
        Limits(rows=4, cells=10).check_table(rows, columns)
    assert caught.value.status == status


def test_tables_that_are_read():
    Limits(rows=4, cells=10).check_table(4, 2)
    Limits(batch=True).check_table(0, 2)


def test_a_deadline_that_is_over():
    times = iter([100.0, 109.9, 110.0])
    deadline = Deadline(10.0, lambda: False, lambda: next(times))
    deadline.check()
    with pytest.raises(RefusedError, match="can be answered in time") as caught:
        deadline.check()
    assert caught.value.status == 413


def test_no_deadline():
    Deadline(None, lambda: False, lambda: 1e300).check()


def test_a_service_that_ends():
    with pytest.raises(RefusedError, match="is ending") as caught:
        Deadline(None, lambda: True).check()
    assert caught.value.status == 503
