"""steps.csv_format: what is refused, and where the message points."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from algorithms.errors import DatasetError
from steps import csv_format
from steps.csv_format import inspect_csv


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "train.csv"


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        inspect_csv(path)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(path, delimiter):
    path.write_text(f"a{delimiter}b\n1{delimiter}2\n3{delimiter}4\n")
    found = inspect_csv(path)
    assert (found.delimiter, found.header, found.rows) == (delimiter, ["a", "b"], 2)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("name;note\nx;a, b, c\ny;d\n", ["name", "note"]),
        ("only\n1\n2\n", ["only"]),
        ('"a, b",c\n"1\n2",3\n', ["a, b", "c"]),
        ("a,b\r\n1,2\r\n\r\n", ["a", "b"]),
        ("a,b\r1,2\r", ["a", "b"]),
        ('a, b\n1, "2"\n', ["a", "b"]),
        ("\ufeffa,b\n1,2\n", ["a", "b"]),
    ],
    ids=["commas in texts", "one column", "quotes", "crlf and empty lines", "cr", "spaces", "byte order mark"],
)
def test_header(path, text, header):
    path.write_bytes(text.encode())
    assert inspect_csv(path).header == header


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "is UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-be"), "is UTF-16"),
        (b"a,b\n1,\xe9\n", "the byte 0xe9 at position 6 (line 2)"),
        (b"\xef\xbb\xbfa,b\n1,\xe9\n", "position 9 (line 2)"),
        (b"a,b\n1,\0\n", "NUL byte, at byte 6"),
        (b"PK\x03\x04rest", "an Excel or zip file"),
        (b"\x1f\x8brest", "a gzip file"),
        (b"PAR1rest", "a Parquet file"),
        (b"a,a,b\n1,2,3\n", 'got "a" more than once'),
        (b"a,,b\n1,2,3\n", "none for column 2"),
        (b"a,b\n1,2\n1,2,3\n1\n", "got 3 in line 3 (and 1 other line)"),
        (b"a,b\n1," + b"x" * 140_000 + b"\n", "cannot be parsed"),
        (b"x" * 300 + b",b\n1,2\n", "at most 256 characters, got 300"),
        (b",".join(b"c%d" % i for i in range(5001)) + b"\n", "at most 5000 columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_refused(path, content, told):
    assert told in refused(path, content)


def test_header_and_ragged_lines_are_told_together(path):
    message = refused(path, b"a,a\n1\n")
    assert "more than once" in message
    assert "line 2" in message


def test_too_large_a_file_is_not_read(path, monkeypatch):
    monkeypatch.setattr(csv_format, "MAX_BYTES", 5)
    assert "at most 5 bytes" in refused(path, b"a,b\n1,2\n")


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_a_byte_is_found_wherever_the_blocks_end(path, monkeypatch, block):
    monkeypatch.setattr(csv_format, "BLOCK_BYTES", block)
    assert "the byte 0xe9 at position 10 (line 3)" in refused(path, "a,é\n1,é\n".encode() + b"\xe9,2\n")
    assert "NUL byte, at byte 6" in refused(path, b"a,b\n1,\0\n")
    assert "the byte 0xc3 at position 6" in refused(path, b"a,b\n1,\xc3")
    path.write_text("a,é\n日,本\n", encoding="utf-8")
    assert inspect_csv(path).header == ["a", "é"]


@pytest.mark.parametrize("size", [10, 11, 12, 30])
def test_the_delimiter_is_told_from_the_start_of_the_file(path, monkeypatch, size):
    monkeypatch.setattr(csv_format, "SAMPLE_BYTES", size)
    path.write_text("é;b,c;d\n1;2;3\n4;5;6\n", encoding="utf-8")
    assert inspect_csv(path).delimiter == ";"


def test_a_line_without_end(path, monkeypatch):
    monkeypatch.setattr(csv_format, "MAX_LINE", 20)
    assert "a line of 20 characters or more" in refused(path, b"a,b\n1,2" + b",3" * 20 + b"\n")


def test_a_file_is_not_held_in_memory(path, monkeypatch):
    monkeypatch.setattr(csv_format, "BLOCK_BYTES", 2**16)
    path.write_text("a,b,c\n" + "1,2,some text in the row\n" * 50_000)
    tracemalloc.start()
    found = inspect_csv(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.rows == 50_000
    assert peak < path.stat().st_size
