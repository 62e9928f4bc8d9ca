"""steps.hosts: resourceconfig.json, and where hosts meet."""

from __future__ import annotations

import json

import pytest

from steps.hosts import FIRST_HOST_VARIABLE, Hosts, read_hosts

THREE = Hosts("algo-2", ("algo-1", "algo-10", "algo-2"))


def test_the_order_is_the_same_on_each_host(tmp_path):
    path = tmp_path / "resourceconfig.json"
    path.write_text(
        '{"current_host": "algo-2", "hosts": ["algo-2", "algo-10", "algo-1"], "network_interface_name": "e"}'
    )
    assert read_hosts(path) == THREE
    assert (THREE.rank, THREE.several) == (2, True)


def test_without_the_file_there_is_one_host(tmp_path):
    found = read_hosts(tmp_path / "nothing")
    assert (found.rank, found.several) == (0, False)


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "null", "{}", '{"current_host": "a"}', '{"current_host": "a", "hosts": []}'),
        *('{"current_host": "b", "hosts": ["a"]}', '{"current_host": "a", "hosts": ["a", "a"]}'),
        *('{"current_host": "a", "hosts": ["a", 1]}', '{"current_host": "a", "hosts": "a"}'),
        *('{"current_host": ["a"], "hosts": ["a"]}', '{"current_host": "a", "hosts": ["a", "b/../c"]}'),
        json.dumps({"current_host": "h1", "hosts": [f"h{n}" for n in range(101)]}),
    ],
)
def test_any_other_content_is_refused(tmp_path, content):
    path = tmp_path / "resourceconfig.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"resourceconfig\.json|Expecting value"):
        read_hosts(path)


def test_the_meeting_place(monkeypatch):
    monkeypatch.delenv(FIRST_HOST_VARIABLE, raising=False)
    assert THREE.meeting_place() == ("algo-1", 9099)
    monkeypatch.setenv(FIRST_HOST_VARIABLE, "127.0.0.1:40123")
    assert THREE.meeting_place() == ("127.0.0.1", 40123)


@pytest.mark.parametrize("value", ["", "127.0.0.1", "127.0.0.1:", ":1", "127.0.0.1:0", "127.0.0.1:65536", "a b:1"])
def test_a_meeting_place_that_is_none(monkeypatch, value):
    monkeypatch.setenv(FIRST_HOST_VARIABLE, value)
    with pytest.raises(ValueError, match="must be an address"):
        THREE.meeting_place()
