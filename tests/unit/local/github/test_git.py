"""Git data: what is refused, and what a kill leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from dulwich.repo import Repo

from local.github.git import Git
from tests.unit.local.github.conftest import Caller

NOWHERE = "0" * 40
RESERVED = (".git/config", ".GIT/x", "a/.git/x", "git~1/x", ".g\u200cit/config", ".git /x", ".git./x")
ODD = ("", "/a", "a//b", "../a", "a/../b", ".", "a\\b", "C:/x", "a\nb", "x" * 256, "/".join("a" * 65))
BAD_PATHS = (*RESERVED, *ODD)


def commit(caller: Caller, files: dict[str, str | None], parent: str | None = None) -> str:
    parent = parent or head(caller)
    entries = [
        {"path": path, "mode": "100644", "type": "blob", **({"sha": None} if text is None else {"content": text})}
        for path, text in files.items()
    ]
    tree = caller.send("POST", "/git/trees", {"base_tree": parent, "tree": entries})
    assert tree.status_code == 201, tree.text
    body = {"message": "m", "tree": tree.json()["sha"], "parents": [parent]}
    return str(caller.send("POST", "/git/commits", body).json()["sha"])


def head(caller: Caller, branch: str = "main") -> str:
    return str(caller.get(f"/git/ref/heads/{branch}")["object"]["sha"])


def move(caller: Caller, sha: str, branch: str = "main", **more: bool) -> tuple[int, str]:
    answer = caller.send("PATCH", f"/git/refs/heads/{branch}", {"sha": sha, **more})
    return answer.status_code, answer.json().get("message", "")


def files(folder: Path) -> dict[str, str]:
    found = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found if path.name != "README.md"}


def test_the_working_tree_follows_the_branch(caller: Caller, tmp_path: Path) -> None:
    move(caller, commit(caller, {"a/b.txt": "1", "c": "2"}))
    assert files(tmp_path / "github") == {"a/b.txt": "1", "c": "2"}
    (tmp_path / "github" / "mine.txt").write_text("3")
    move(caller, commit(caller, {"a/b.txt": None, "c": "4"}))
    assert files(tmp_path / "github") == {"c": "4", "mine.txt": "3"}
    assert not (tmp_path / "github" / "a").exists()


def test_a_file_becomes_a_folder_and_back(caller: Caller, tmp_path: Path) -> None:
    for content in ({"a": "1"}, {"a/b": "2"}, {"a": "3"}):
        move(caller, commit(caller, content))
        assert files(tmp_path / "github") == content


def test_a_branch_moves_forward_only(caller: Caller) -> None:
    start = head(caller)
    first, second = commit(caller, {"a": "1"}, start), commit(caller, {"b": "2"}, start)
    assert move(caller, first)[0] == 200
    assert move(caller, second) == (422, "Update is not a fast forward")
    assert head(caller) == first
    assert move(caller, second, force=True)[0] == 200


def test_a_protected_branch_takes_nothing(caller: Caller) -> None:
    start, made = head(caller), commit(caller, {"a": "1"})
    caller.github.protect("main")
    for force in (False, True):
        status, message = move(caller, made, force=force)
        assert status == 422
        assert "Changes must be made through a pull request." in message
    assert head(caller) == start


def test_references_exist_once(caller: Caller) -> None:
    body = {"ref": "refs/heads/new", "sha": head(caller)}
    assert caller.send("POST", "/git/refs", body).status_code == 201
    answer = caller.send("POST", "/git/refs", body)
    assert (answer.status_code, answer.json()["message"]) == (422, "Reference already exists")
    assert caller.send("GET", "/git/ref/heads/other").status_code == 404
    assert move(caller, head(caller), "other")[0] == 422
    assert caller.send("POST", "/git/refs", {"ref": "refs/heads/new/under", "sha": head(caller)}).status_code == 422


@pytest.mark.parametrize("name", ["main", "refs/heads/../x", "refs/other/x", "refs/heads/", "refs/heads/a.lock", "é\n"])
def test_names_that_no_reference_has(caller: Caller, name: str) -> None:
    assert caller.send("POST", "/git/refs", {"ref": name, "sha": head(caller)}).status_code == 422


@pytest.mark.parametrize("path", BAD_PATHS)
def test_paths_that_no_tree_has(caller: Caller, path: str) -> None:
    entry = {"path": path, "mode": "100644", "type": "blob", "content": "x"}
    assert caller.send("POST", "/git/trees", {"tree": [entry]}).status_code == 422


@pytest.mark.parametrize("mode", ["120000", "160000", "040000", "100600", "x"])
def test_links_and_submodules_are_not_taken(caller: Caller, mode: str) -> None:
    entry = {"path": "a", "mode": mode, "content": "/etc/passwd"}
    assert caller.send("POST", "/git/trees", {"tree": [entry]}).status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/git/blobs", {"content": "!", "encoding": "base64"}),
        ("/git/blobs", {"content": "x", "encoding": "rot13"}),
        ("/git/trees", {"tree": [{"path": "a", "mode": "100644", "sha": NOWHERE}]}),
        ("/git/trees", {"tree": [{"path": "a", "content": "x"}, {"path": "a/b", "content": "x"}]}),
        ("/git/commits", {"message": "m", "tree": NOWHERE}),
        ("/git/refs", {"ref": "refs/heads/x", "sha": NOWHERE}),
    ],
)
def test_what_git_does_not_take(caller: Caller, path: str, body: dict) -> None:
    assert caller.send("POST", path, body).status_code == 422


@pytest.mark.parametrize("user", ["none", "read", "triage"])
def test_git_is_written_with_write_only(caller: Caller, user: str) -> None:
    for method, path in (
        ("POST", "/git/blobs"),
        ("POST", "/git/trees"),
        ("POST", "/git/commits"),
        ("POST", "/git/refs"),
        ("PATCH", "/git/refs/heads/main"),
    ):
        assert caller.send(method, path, {}, user).status_code == 403


def test_files_are_read(caller: Caller) -> None:
    move(caller, commit(caller, {"a/b.txt": "é"}))
    assert caller.get("/contents/a/b.txt")["content"] == "w6k=\n"
    assert [(item["path"], item["type"]) for item in caller.get("/contents/a")] == [("a/b.txt", "file")]
    assert caller.send("GET", "/contents/a/b.txt/c").status_code == 404
    assert caller.send("GET", "/contents/a?ref=nowhere").status_code == 404


@pytest.fixture
def killed(caller: Caller, tmp_path: Path) -> Path:
    """A repository whose branch moved, while the process died before anything else was done."""
    made = commit(caller, {"a/b.txt": "1"})
    caller.github.close()
    with Repo(tmp_path / "github") as repo:
        repo.refs[b"refs/heads/main"] = made.encode()
    (tmp_path / "github" / ".git" / "index.lock").write_bytes(b"")
    (tmp_path / "github" / ".git" / "refs" / "heads" / "main.lock").write_bytes(b"")
    return tmp_path / "github"


def test_the_working_tree_is_repaired(killed: Path) -> None:
    git = Git(killed, "local/models")
    assert files(killed) == {"a/b.txt": "1"}
    git.add_reference("refs/heads/x", git.reference("refs/heads/main"))
    git.close()


def test_a_kill_while_the_repository_is_made(tmp_path: Path) -> None:
    (tmp_path / "github.new" / ".git").mkdir(parents=True)
    git = Git(tmp_path / "github", "local/models")
    assert list(git.references()) == ["refs/heads/main"]
    assert not (tmp_path / "github.new").exists()
    git.close()


def test_a_link_that_somebody_made_is_not_followed(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "github" / "a").symlink_to(tmp_path / "outside")
    assert move(caller, commit(caller, {"a/b.txt": "1", "c": "2"}))[0] == 200
    assert list((tmp_path / "outside").iterdir()) == []
    assert (tmp_path / "github" / "c").read_text() == "2"
