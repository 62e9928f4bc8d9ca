"""What is captured, and where."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest

from steps.capture import DataCapture

TIME = datetime(2026, 3, 4, 5, 6, 7, 8000, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.time = TIME

    def __call__(self):
        return self.time


def lines(folder):
    return [json.loads(line) for path in sorted(folder.rglob("*.jsonl")) for line in path.read_text().splitlines()]


def test_an_event_is_as_sagemaker_writes_it(tmp_path):
    DataCapture(tmp_path, Clock()).add(("text/csv", b"1,2\n"), ("application/json", b"{}"), "mine")
    (found,) = lines(tmp_path)
    assert found.pop("eventMetadata").keys() == {"eventId", "inferenceId", "inferenceTime"}
    assert found == {
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": "1,2\n", "encoding": "CSV"},
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": "{}",
                "encoding": "JSON",
            },
        },
        "eventVersion": "0",
    }


def test_metadata(tmp_path):
    capture = DataCapture(tmp_path, Clock())
    capture.add(("text/csv", b""), ("text/csv; charset=utf-8", b""), "mine")
    capture.add(("text/csv", b""), ("text/csv", b""))
    first, second = (event["eventMetadata"] for event in lines(tmp_path))
    assert (first["inferenceId"], first["inferenceTime"]) == ("mine", "2026-03-04T05:06:07Z")
    assert "inferenceId" not in second
    assert first["eventId"] != second["eventId"]


def test_what_is_no_text_is_base64(tmp_path):
    DataCapture(tmp_path).add(("application/x-parquet", b"\xff\0"), ("text/csv; header=absent", b"a\n"))
    data = lines(tmp_path)[0]["captureData"]
    assert (data["endpointInput"]["encoding"], b64decode(data["endpointInput"]["data"])) == ("BASE64", b"\xff\0")
    assert data["endpointOutput"]["encoding"] == "CSV"


def test_a_folder_for_each_hour_and_a_file_for_each_process(tmp_path):
    clock = Clock()
    first, second = DataCapture(tmp_path, clock), DataCapture(tmp_path, clock)
    for capture in (first, second, first):
        capture.add(("text/csv", b""), ("text/csv", b""))
    clock.time += timedelta(hours=1)
    first.add(("text/csv", b""), ("text/csv", b""))
    files = sorted(tmp_path.rglob("*.jsonl"))
    assert [path.parent.relative_to(tmp_path).as_posix() for path in files] == ["2026/03/04/05"] * 2 + ["2026/03/04/06"]
    assert all(path.name.startswith("06-07-008-") for path in files)
    assert sorted(len(path.read_text().splitlines()) for path in files) == [1, 1, 2]


def test_files_are_for_this_account_only(tmp_path):
    DataCapture(tmp_path).add(("text/csv", b""), ("text/csv", b""))
    (file,) = tmp_path.rglob("*.jsonl")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_refuses_is_told_once(tmp_path, caplog):
    (tmp_path / "file").touch()
    capture = DataCapture(tmp_path / "file")
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            capture.add(("text/csv", b""), ("text/csv", b""))
    assert [record.message.startswith("capture: stopped") for record in caplog.records] == [True]


@pytest.mark.parametrize("media_type", ["application/jsonlines", "APPLICATION/JSON; charset=utf-8"])
def test_json_is_kept_as_it_is(tmp_path, media_type):
    DataCapture(tmp_path).add((media_type, b'{"a": "\xc3\xa4"}'), ("text/csv", b""))
    assert lines(tmp_path)[0]["captureData"]["endpointInput"]["data"] == '{"a": "ä"}'
