"""Bodies into rows."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.body_formats import Records, read_csv, read_json, read_json_lines, read_text
from steps.refusals import RefusedError

NAMES = ["a", "b"]


def refusal(read, *arguments):
    with pytest.raises(RefusedError) as caught:
        read(*arguments)
    assert caught.value.status == 400
    return str(caught.value)


def status(call):
    try:
        call()
    except RefusedError as error:
        return error.status
    return 200


class TestText:
    def test_a_byte_order_mark_is_no_content(self):
        assert read_text(b"\xef\xbb\xbfa") == "a"

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"", "is empty"),
            (b" \r\n\t", "is empty"),
            (b"a\xff", "must be UTF-8, got the byte 0xff at position 1"),
            (b"a\0b", "NUL byte, at character 1"),
        ],
    )
    def test_what_is_no_text(self, body, message):
        assert message in refusal(read_text, body)


class TestCsv:
    @pytest.mark.parametrize(
        "text", ["a,b\n1,2\n", "a,b\r\n1,2\r\n", "\na, b\n1, 2\n\n\n", "a;b\n1;2", "a\tb\n1\t2", "a|b\n1|2"]
    )
    def test_a_header_is_seen_by_its_names(self, text):
        assert read_csv(text, NAMES, 2, None) == Records(["a", "b"], [["1", "2"]])

    @pytest.mark.parametrize("text", ["1,2", "1;2\n", "1\t2"])
    def test_no_header(self, text):
        assert read_csv(text, NAMES, 2, None) == Records(None, [["1", "2"]])

    def test_one_known_name_makes_a_header_so_that_what_is_missing_can_be_told(self):
        assert read_csv("a,typo\n1,2", NAMES, 2, None).header == ["a", "typo"]

    def test_what_is_said_of_the_header_holds(self):
        assert read_csv("a,b\n1,2", NAMES, 2, False) == Records(None, [["a", "b"], ["1", "2"]])
        assert read_csv("x,y\n1,2", NAMES, 2, True) == Records(["x", "y"], [["1", "2"]])

    def test_a_header_may_hold_more_columns_than_the_model(self):
        assert read_csv("id;a;b;c\n7;1;2;3", NAMES, 2, None).rows == [["7", "1", "2", "3"]]

    def test_quotes(self):
        assert read_csv('"x, ""y""\nz",2', NAMES, 2, None).rows == [['x, "y"\nz', "2"]]

    def test_an_empty_line_in_between_is_a_row_without_fields(self):
        assert read_csv("1,2\n\n3,4\n", NAMES, 2, None).rows == [["1", "2"], [], ["3", "4"]]

    def test_a_field_without_end(self):
        assert "cannot be read as CSV" in refusal(read_csv, '1,"' + "x" * 200_000, NAMES, 2, None)


class TestJson:
    @pytest.mark.parametrize(
        ("value", "rows"),
        [
            ([[1, 2]], [[1, 2]]),
            ([{"a": 1}], [{"a": 1}]),
            ({"instances": [[1, 2]]}, [[1, 2]]),
            ({"a": 1, "b": None}, [{"a": 1, "b": None}]),
            ({"instances": 1}, [{"instances": 1}]),
            ([], []),
        ],
    )
    def test_rows(self, value, rows):
        assert read_json(json.dumps(value)) == rows

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("1", "must be a list of rows"),
            ("[1", "is no JSON (Expecting ',' delimiter at line 1, column 3)"),
            ("[NaN]", "NaN is no number"),
            ("[-Infinity]", "-Infinity is no number"),
            ('{"a": 1, "a": 2}', "a key twice"),
            ("[" * 200_000, "nested too deeply"),
            ("[" + "9" * 5000 + "]", "a number is too long"),
            ('["\\ud800"]', "half a surrogate pair"),
        ],
    )
    def test_what_is_refused(self, text, message):
        assert message in refusal(read_json, text)

    def test_whole_surrogate_pairs_are_characters(self):
        assert read_json('["\\ud83d\\ude00"]') == ["😀"]


class TestJsonLines:
    def test_lines(self):
        assert read_json_lines('{"a": 1}\r\n[2]\n\n') == [{"a": 1}, [2]]

    def test_the_row_is_named(self):
        with pytest.raises(RefusedError, match="row 2: is no JSON") as caught:
            read_json_lines("[1]\n[2\n[3]")
        assert caught.value.problems[0].row == 2


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body):
    for read in (lambda text: read_csv(text, NAMES, 2, None), read_json, read_json_lines):
        assert status(lambda read=read: read(read_text(body))) in (200, 400)
