"""The strict YAML reader: what values mean, and what is refused at which line."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.errors import IssueFormatError
from lambda_bridge.strict_yaml import DEEPEST, LONGEST_TEXT, MOST_LINES, MOST_NODES, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 100000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-7", -7),
        ("+7", 7),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("true", True),
        ("FALSE", False),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2024-13-45", "2024-13-45"),
        ("1_000", "1_000"),
        ("=", "="),
        ("~", None),
        ("", None),
        ("null", None),
        ("'12'", "12"),
        ('"null"', "null"),
        ("[1, two, 3.0]", [1, "two", 3.0]),
        ("{a: {b: c}}", {"a": {"b": "c"}}),
        ("|-\n  two\n  lines", "two\nlines"),
        ('"\\u00e9\\t"', "é\t"),
    ],
    ids=repr,
)
def test_values_follow_the_core_schema_of_yaml_1_2(text, value):
    found = read_yaml(f"key: {text}\n")["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("text", "value"), [(".inf", math.inf), ("-.INF", -math.inf), ("1e999", math.inf)])
def test_infinity_is_read_for_the_finite_rule_to_refuse(text, value):
    assert read_yaml(f"key: {text}")["key"] == value


def test_nan_is_read_for_the_finite_rule_to_refuse():
    assert math.isnan(read_yaml("key: .NaN")["key"])


REFUSED = {
    "empty": ("", "holds no YAML"),
    "only a comment": ("# nothing\n", "holds no YAML"),
    "empty document": ("---\n...\n", "holds no YAML"),
    "text": ("Hello", "line 1 must be lines of `key: value`"),
    "list": ("- a\n- b\n", "line 1 must be lines of `key: value`"),
    "anchor": ("a: 1\nb: &x 2\n", "line 2 holds an anchor"),
    "anchor on a mapping": ("a: &x\n  b: 1\n", "line 1 holds an anchor"),
    "alias": ("a: *x\n", "line 1 holds an alias"),
    "alias as a key": ("*x : 1\n", "line 1 holds an alias"),
    "merge key": ("a: 1\n<<: {b: 2}\n", "line 2 holds a merge key"),
    "tag": ("a: !!int '3'\n", "line 1 holds a tag"),
    "python tag": ("a: !!python/object/apply:os.system [id]\n", "line 1 holds a tag"),
    "non-specific tag": ("a: ! b\n", "line 1 holds a tag"),
    "yaml directive": ("%YAML 1.1\n---\na: 1\n", "holds a directive"),
    "tag directive": ("%TAG ! tag:x,2000:\n---\na: 1\n", "holds a directive"),
    "second document": ("a: 1\n---\nb: 2\n", "line 2 begins a second document"),
    "repeated key": ("a: 1\nb: 2\na: 3\n", "line 3 repeats a key"),
    "repeated inner key": ("a:\n  b: 1\n  b: 1\n", "line 3 repeats a key"),
    "number as a key": ("1: a\n", "line 1 has a key that is no text"),
    "empty key": ("~: a\n", "line 1 has a key that is no text"),
    "list as a key": ("? [a]\n: b\n", "line 1 has a list or mapping as a key"),
    "huge integer": (f"a: {'9' * 5000}\n", "line 1 holds a number of 5000 digits"),
    "tab": ("a:\n\tb: 1\n", "Indent with spaces"),
    "unclosed quote": ('a: 1\nb: "x\n', "is not valid YAML"),
    "unclosed list": ("a: [1, 2\n", "is not valid YAML"),
    "two colons": ("a: b: c\n", "line 1 is not valid YAML"),
    "control character": ("a: 1\nb: \x1b[31m\n", "line 2 holds a control character"),
    "escaped control character": ('a: "\\x00"\n', "line 1 holds a control character"),
    "escaped surrogate": ('a: "\\ud800"\n', "line 1 holds a control character"),
    "lone surrogate": ("a: \ud800\n", "line 1 holds a control character"),
    "escape beyond unicode": ('a: "\\UFFFFFFFF"\n', "is not valid YAML"),
    "deep": ("a: " + "[" * (DEEPEST + 1), f"nested deeper than {DEEPEST} levels"),
    "very deep": ("[" * LONGEST_TEXT, f"nested deeper than {DEEPEST} levels"),
    "too many values": ("a:\n" + "- b\n" * MOST_NODES, f"exceeds {MOST_NODES} keys and values"),
    "too long": ("a" * (LONGEST_TEXT + 1), f"at most {LONGEST_TEXT} characters"),
    "too many lines": ("#\n" * MOST_LINES, f"at most {MOST_LINES} lines"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(text, message):
    with pytest.raises(IssueFormatError) as caught:
        read_yaml(text)
    assert message in str(caught.value)
    assert [problem.key for problem in caught.value.problems] == ["body"]


def test_lines_are_counted_from_the_given_first_line():
    with pytest.raises(IssueFormatError, match="line 12 "):
        read_yaml("a: 1\na: 2\n", first_line=11)


def test_a_byte_order_mark_and_windows_line_ends_are_read():
    assert read_yaml("\ufeffa: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}


TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("Cc", "Cn", "Cs")), max_size=20)
"""Without control characters, and without what JSON escapes as two halves."""

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_json_is_read_as_json(value):
    assert read_yaml(json.dumps(value)) == value
