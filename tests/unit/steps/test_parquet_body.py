"""Parquet bodies: read, or refused before a page is."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from steps.limits import Limits
from steps.parquet_body import read_parquet_body
from steps.refusals import RefusedError


def write(**columns):
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


WHOLE = write(a=list(range(100)), b=["x", "y"] * 50)


def status(body, limits=None):
    try:
        read_parquet_body(body, limits or Limits())
    except RefusedError as error:
        return error.status
    return 200


def test_columns():
    frame = read_parquet_body(write(a=[1, 2], b=["x", None], c=[True, False]), Limits())
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"].isna().tolist() == [False, True]
    assert frame["c"].tolist() == ["true", "false"]


@pytest.mark.parametrize("body", [b"", b"PAR1", b"a,b\n1,2\n", WHOLE[:-20], write(a=[[1]]), write(a=[])])
def test_what_cannot_be_read_is_a_400(body):
    assert status(body) == 400


def test_a_small_file_of_very_many_rows_is_refused_by_its_footer():
    body = write(a=pa.DictionaryArray.from_arrays(pa.array([0] * 2_000_000, pa.int8()), ["x"]))
    assert len(body) < 10_000
    assert status(body, Limits(rows=1_999_999)) == 413
    assert status(body, Limits(rows=2_000_000)) == 200


def test_too_many_cells():
    assert status(write(a=[1, 2], b=[1, 2]), Limits(cells=3)) == 413


def test_more_bytes_than_the_request_may_unpack_to():
    file = io.BytesIO()
    table = pa.table({"a": ["x" * 10_000 + str(n) for n in range(1000)]})
    parquet.write_table(table, file, compression="zstd", use_dictionary=False)
    assert status(file.getvalue(), Limits(body_bytes=100_000)) == 413


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused(place, damage):
    assert status(WHOLE[:place] + damage + WHOLE[place + len(damage) :]) in (200, 400, 413)
