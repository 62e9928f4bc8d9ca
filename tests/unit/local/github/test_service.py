"""What lasts: a second process, a kill, deliveries."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from github import Auth

from lambda_bridge.events import parse
from lambda_bridge.github_client import connect
from local.github import LocalGitHub, Server, User
from local.store import Store
from tests.unit.local.github.conftest import SECRET, Caller

WRITER = """
import sys
from pathlib import Path
from local.github import LocalGitHub
from local.store import Store
folder = Path(sys.argv[1])
github = LocalGitHub(Store(folder / "mlops.db"), folder / "github", "s")
owner = github.users.named("owner")
while True:
    github.issues.create(owner, "t", None, ["mlops:train"])
    print("made", flush=True)
"""


def test_everything_is_there_for_the_next_process(caller: Caller, store: Store, tmp_path: Path) -> None:
    caller.open("kept", user="read", labels=[])
    before = [(item.guid, item.body) for item in caller.github.pending()]
    caller.github.close()
    again = LocalGitHub(store, tmp_path / "github", "another secret")
    assert again.shapes.issue(1)["user"]["login"] == "read"
    assert [(item.guid, item.body) for item in again.pending()] == before
    assert again.token_of("owner") != caller.github.token_of("owner")
    with pytest.raises(KeyError):
        again.token_of("read")
    again.close()


def test_a_kill_leaves_whole_changes(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = Store(tmp_path / "mlops.db")
    github = LocalGitHub(store, tmp_path / "github", "s")
    issues = [row["number"] for row in store.rows("SELECT number FROM github_issues")]
    bodies = [json.loads(item.body) for item in github.pending()]
    assert len(issues) >= 5
    assert [(item["issue"]["number"], item["action"]) for item in bodies] == [
        (number, action) for number in issues for action in ("opened", "labeled")
    ]
    github.close()
    store.close()


def test_deliveries_wait_until_they_are_received(caller: Caller) -> None:
    caller.open(labels=["a"])
    first, second = caller.github.pending()
    caller.github.delivered(first.id)
    caller.github.delivered(first.id)
    assert caller.github.pending() == [second]


def test_the_bridge_reads_the_deliveries(caller: Caller) -> None:
    caller.open(labels=["mlops:train"])
    caller.send("POST", "/issues/1/comments", {"body": "/status"})
    events = [parse(item.headers, item.body, SECRET, "local/models", "mlops-bot") for item in caller.github.pending()]
    assert [getattr(event, "action", "comment") for event in events] == ["opened", "labeled", "comment"]


def test_those_who_listen_see_what_was_stored(caller: Caller) -> None:
    seen: list[int] = []
    caller.github.on_change(lambda: seen.append(len(caller.github.pending())))
    caller.open()
    caller.send("POST", "/issues", {})
    assert seen == [1]


def test_tokens_are_not_stored(caller: Caller, tmp_path: Path) -> None:
    caller.open()
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(user.token.encode() in stored for user in caller.github.users)
    assert SECRET.encode() not in stored


@pytest.mark.parametrize(
    "users",
    [
        [User("a b", "read")],
        [User("a", "boss")],  # type: ignore[arg-type]
        [User("a", "read", "")],
        [User("a", "read", "two words")],
        [User("a", "read", "s3cret"), User("b", "read", "s3cret")],
        [User("a", "read"), User("A", "write")],
    ],
)
def test_accounts_that_cannot_be(store: Store, tmp_path: Path, users: list[User]) -> None:
    with pytest.raises(ValueError, match=r"\.$") as caught:
        LocalGitHub(store, tmp_path / "github", "s", users=users)
    assert not any(user.token in str(caught.value) for user in users if user.token)


def test_the_server_serves_pygithub_on_the_loopback_interface(github: LocalGitHub) -> None:
    with Server.start(github) as server:
        assert server.url.startswith("http://127.0.0.1:")
        repository = connect(Auth.Token(github.token_of("owner")), server.url, "local/models")
        made = repository.create_issue(title="t", body="b", labels=["mlops:train"])
        assert made.url == f"{server.url}/repos/local/models/issues/1"
        assert made.html_url == "http://127.0.0.1:8080/local/models/issues/1"
        for number in range(31):
            made.create_comment(f"{number}")
        assert [item.body for item in repository.get_issue(1).get_comments()] == [f"{n}" for n in range(31)]
