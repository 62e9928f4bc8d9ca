"""What `Content-Type` and `Accept` ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.media_types import Content, Wanted, read_accept, read_content
from steps.refusals import RefusedError

JSON = Content("json")


@pytest.mark.parametrize(
    ("header", "content"),
    [
        ("text/csv", Content("csv")),
        ("Text/CSV; charset=UTF-8; header=present", Content("csv", True)),
        ('text/csv;header="absent"; invalid=missing', Content("csv", False, True)),
        ("text/csv; unknown=1; ;", Content("csv")),
        ("application/json", JSON),
        ("application/jsonlines", Content("jsonlines")),
        ("application/x-ndjson", Content("jsonlines")),
        ("application/x-parquet", Content("parquet")),
        ("application/vnd.apache.parquet", Content("parquet")),
    ],
)
def test_content_types(header, content):
    assert read_content(header, None) == content


@pytest.mark.parametrize(
    ("header", "encoding", "message"),
    [
        (None, None, "Content-Type: must be text/csv"),
        ("application/x-www-form-urlencoded", None, 'got "application/x-www-form-urlencoded"'),
        ("text/csv; charset=utf-16", None, 'the charset must be utf-8, got "utf-16"'),
        ("text/csv; header=yes", None, 'header: must be present or absent, got "yes"'),
        ("text/csv; invalid=yes", None, "invalid: must be missing or refused"),
        ("text/csv", "gzip", 'Content-Encoding: none is read, got "gzip"'),
    ],
)
def test_content_that_is_not_read_is_a_415(header, encoding, message):
    with pytest.raises(RefusedError, match=message) as caught:
        read_content(header, encoding)
    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, Wanted("json")),
        ("*/*", Wanted("json")),
        ("application/*", Wanted("json")),
        ("text/*", Wanted("csv")),
        ("text/csv; header=present", Wanted("csv", True)),
        ("text/csv;q=0.5, application/jsonlines", Wanted("jsonlines")),
        ("image/png, text/csv;q=0.1", Wanted("csv")),
        ("text/csv;q=0, application/x-parquet", Wanted("parquet")),
        ("text/csv;q=nan, application/x-parquet;q=0.1", Wanted("parquet")),
        ("*/*; probabilities=true", Wanted("json", probabilities=True)),
    ],
)
def test_accept(header, wanted):
    assert read_accept(header, JSON) == wanted


def test_any_text_for_a_parquet_request_is_csv():
    assert read_accept("text/*", Content("parquet")).format == "csv"
    assert read_accept("application/*", Content("csv")).format == "json"


@pytest.mark.parametrize(
    "header", ["image/png", "text/html;q=1", "text/csv;q=0", "", "text/csv; probabilities=1", "*/*; header=2"]
)
def test_an_answer_that_cannot_be_given_is_a_406(header):
    with pytest.raises(RefusedError) as caught:
        read_accept(header or " ", JSON)
    assert caught.value.status == 406


def status(call):
    try:
        call()
    except RefusedError as error:
        return error.status
    return 200


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_header_is_read_or_refused(content_type, accept):
    assert status(lambda: read_content(content_type, None)) in (200, 415)
    assert status(lambda: read_accept(accept, JSON)) in (200, 406)
