"""The history, through PyGithub, over the local GitHub's server: one commit per attempt, and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from github import GithubException, RateLimitExceededException, UnknownObjectException

from algorithms.errors import PlatformError
from lambda_bridge.git_history import MOST_TRIES, GitHubHistory, blob_sha
from lambda_bridge.ports import Commit, RateLimitError
from local.github.users import BOT

SHORT = 0.01
REF = "/git/refs"


def files(attempt: int = 1) -> dict[str, bytes]:
    folder = f"training_history/7-iris/attempt-{attempt}"
    return {f"{folder}/record.json": b'{"a": %d}' % attempt, f"{folder}/plots/p.png": b"\x89PNG\x00\xff"}


@pytest.fixture
def history(site: Any) -> GitHubHistory:
    return GitHubHistory(site.repository(), pause=SHORT)


def content(site: Any, branch: str = "main") -> dict[str, bytes]:
    """Path -> bytes of everything on a branch."""
    git = site.github.git
    with git.locked():
        entries = list(git.trees.entries(git.tree(branch).id, recursive=True))
        return {path: git.blob(sha.decode()).data for path, mode, sha in entries if mode == 0o100644}


def commits(site: Any, branch: str = "main") -> list[tuple[str, str]]:
    """(SHA, message), newest first; each commit has one parent."""
    found, sha = [], site.github.git.reference(f"refs/heads/{branch}")
    while sha is not None:
        commit = site.repository().get_git_commit(sha)
        found.append((sha, commit.message))
        assert len(commit.parents) <= 1
        sha = commit.parents[0].sha if commit.parents else None
    return found


def without_readme(found: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in found.items() if path != "README.md"}


def test_an_attempt_is_one_commit_on_top(site: Any, history: GitHubHistory) -> None:
    before, readme = commits(site), content(site)["README.md"]
    made = history.commit(files(), "Attempt 1")
    assert made == Commit(made.sha, "main", protected=False)
    assert commits(site) == [(made.sha, "Attempt 1"), *before]
    assert content(site) == {"README.md": readme, **files()}
    assert site.repository().get_git_commit(made.sha).author.name == BOT


def test_the_same_files_again_are_no_commit(site: Any, history: GitHubHistory) -> None:
    first = history.commit(files(), "Attempt 1")
    assert history.commit(files(), "Attempt 1") == first
    assert len(commits(site)) == 2


def test_only_what_is_missing_is_written(site: Any, history: GitHubHistory, interference: Any) -> None:
    history.commit(files(), "Attempt 1")
    blobs = interference("POST", "/git/blobs")
    changed = {**files(), "training_history/7-iris/attempt-1/record.json": b"other"}
    GitHubHistory(blobs.on(site.repository())).commit(changed, "Attempt 1")
    assert without_readme(content(site)) == changed
    assert (blobs.seen, len(commits(site))) == (1, 3)


def test_other_files_of_the_repository_stay(site: Any, history: GitHubHistory) -> None:
    history.commit(files(1), "1")
    history.commit(files(2), "2")
    assert without_readme(content(site)) == {**files(1), **files(2)}


def test_threads_that_commit_at_once_lose_nothing(site: Any) -> None:
    attempts, together = range(1, 5), threading.Barrier(4)

    def commit(attempt: int) -> Commit:
        own = GitHubHistory(site.repository(), pause=SHORT)
        together.wait()
        return own.commit(files(attempt), f"Attempt {attempt}")

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(commit, attempts))
    assert len({found.sha for found in made}) == 4
    assert without_readme(content(site)) == {path: data for n in attempts for path, data in files(n).items()}
    assert sorted(message for _, message in commits(site)[:-1]) == [f"Attempt {n}" for n in attempts]


def test_a_branch_that_moved_is_followed(site: Any, history: GitHubHistory, interference: Any) -> None:
    moving = interference("PATCH", REF)
    moving.steps = [
        (lambda: history.commit(files(2), "theirs"), False),
        (lambda: history.commit(files(3), "theirs too"), False),
    ]
    made = GitHubHistory(moving.on(site.repository()), pause=SHORT).commit(files(1), "ours")
    assert [message for _, message in commits(site)[:3]] == ["ours", "theirs too", "theirs"]
    assert commits(site)[0][0] == made.sha
    assert without_readme(content(site)) == {**files(1), **files(2), **files(3)}
    assert moving.seen == 3


def refusing(status: int, message: str) -> Callable[[], None]:
    def refuse() -> None:
        raise GithubException(status, {"message": message}, {})

    return refuse


def test_a_branch_that_never_stands_still_is_given_up(site: Any, interference: Any) -> None:
    moving = interference("PATCH", REF)
    moving.steps = [(refusing(422, "Update is not a fast forward"), False)] * 20
    with pytest.raises(PlatformError, match=f"main: moved {MOST_TRIES} times"):
        GitHubHistory(moving.on(site.repository()), pause=0).commit(files(1), "ours")
    assert moving.seen == MOST_TRIES


def test_a_commit_whose_answer_was_lost_is_found(site: Any, interference: Any) -> None:
    lost = interference("PATCH", REF)
    lost.steps = [(None, True)]
    unlucky = GitHubHistory(lost.on(site.repository()), pause=SHORT)
    with pytest.raises(PlatformError, match="GitHub answered 502"):
        unlucky.commit(files(), "Attempt 1")
    made = unlucky.commit(files(), "Attempt 1")
    assert commits(site)[0] == (made.sha, "Attempt 1")
    assert (len(commits(site)), lost.seen) == (2, 1)


@pytest.mark.parametrize("part", ["/git/blobs", "/git/trees", "/git/commits"])
def test_a_crash_before_the_branch_moves_leaves_it_as_it_was(site: Any, interference: Any, part: str) -> None:
    lost = interference("POST", part)
    lost.steps = [(None, True)]
    unlucky = GitHubHistory(lost.on(site.repository()), pause=SHORT)
    with pytest.raises(PlatformError, match="502"):
        unlucky.commit(files(), "Attempt 1")
    assert list(content(site)) == ["README.md"]
    unlucky.commit(files(), "Attempt 1")
    assert without_readme(content(site)) == files()


class TestProtected:
    def test_a_protected_branch_leads_to_another(self, site: Any, history: GitHubHistory) -> None:
        before = commits(site)
        site.github.protect("main")
        made = history.commit(files(1), "1")
        assert made == Commit(made.sha, "mlops-history", protected=True)
        assert history.commit(files(1), "1") == made
        history.commit(files(2), "2")
        assert commits(site) == before
        assert [message for _, message in commits(site, "mlops-history")[:2]] == ["2", "1"]
        assert without_readme(content(site, "mlops-history")) == {**files(1), **files(2)}

    def test_threads_that_need_it_at_once_lose_nothing(self, site: Any) -> None:
        site.github.protect("main")
        together = threading.Barrier(3)

        def commit(attempt: int) -> Commit:
            own = GitHubHistory(site.repository(), pause=SHORT)
            together.wait()
            return own.commit(files(attempt), f"Attempt {attempt}")

        with ThreadPoolExecutor(3) as pool:
            made = list(pool.map(commit, (1, 2, 3)))
        assert {found.branch for found in made} == {"mlops-history"}
        assert without_readme(content(site, "mlops-history")) == {**files(1), **files(2), **files(3)}

    def test_a_branch_that_somebody_else_makes_meanwhile(
        self, site: Any, history: GitHubHistory, interference: Any
    ) -> None:
        site.github.protect("main")
        overtaken = interference("POST", REF)
        overtaken.steps = [(lambda: history.commit(files(2), "theirs"), False)]
        GitHubHistory(overtaken.on(site.repository()), pause=SHORT).commit(files(1), "ours")
        assert without_readme(content(site, "mlops-history")) == {**files(1), **files(2)}

    def test_a_fallback_that_is_protected_too(self, site: Any, history: GitHubHistory) -> None:
        for branch in ("main", "mlops-history"):
            site.github.protect(branch)
        with pytest.raises(PlatformError, match=r"mlops-history.*got: Repository rule violations"):
            history.commit(files(), "1")

    @pytest.mark.parametrize(
        ("status", "message"),
        [
            (403, "Resource not accessible by integration"),
            (422, "Repository rule violations found\n\nCannot update this protected ref."),
            (422, "Protected branch update failed for refs/heads/main."),
        ],
    )
    def test_refusals_as_github_words_them(self, site: Any, interference: Any, status: int, message: str) -> None:
        ruled = interference("PATCH", REF + "/heads/main")
        ruled.steps = [(refusing(status, message), False)]
        made = GitHubHistory(ruled.on(site.repository()), pause=SHORT).commit(files(), "1")
        assert (made.branch, made.protected) == ("mlops-history", True)

    def test_a_rule_that_forbids_new_branches(self, site: Any, interference: Any) -> None:
        site.github.protect("main")
        ruled = interference("POST", REF)
        ruled.steps = [(refusing(422, "Reference update failed"), False)]
        with pytest.raises(PlatformError, match="branch mlops-history: takes no commits"):
            GitHubHistory(ruled.on(site.repository()), pause=SHORT).commit(files(), "1")


class TestChosenBranch:
    @pytest.fixture
    def chosen(self, site: Any) -> GitHubHistory:
        return GitHubHistory(site.repository(), "records/all", pause=SHORT)

    def test_it_is_made_where_it_is_missing(self, site: Any, chosen: GitHubHistory) -> None:
        made = chosen.commit(files(), "1")
        assert made == Commit(made.sha, "records/all", protected=False)
        assert without_readme(content(site, "records/all")) == files()
        assert list(content(site)) == ["README.md"]

    def test_no_other_branch_stands_in_for_it(self, site: Any, chosen: GitHubHistory) -> None:
        chosen.commit(files(1), "1")
        site.github.protect("records/all")
        with pytest.raises(PlatformError, match="records/all"):
            chosen.commit(files(2), "2")
        with pytest.raises(UnknownObjectException):
            site.repository().get_branch("mlops-history")


@pytest.mark.parametrize(
    "error",
    [
        GithubException(500, {"message": "Server Error"}, {}),
        GithubException(422, {"message": "Object does not exist"}, {}),
        RateLimitExceededException(403, {"message": "API rate limit exceeded"}, {}),
        GithubException(403, {"message": "Slow down"}, {"retry-after": "60"}),
    ],
    ids=["server", "object", "rate limit", "pause"],
)
def test_what_is_no_rule_leads_to_no_other_branch(site: Any, interference: Any, error: GithubException) -> None:
    def fail() -> None:
        raise error

    busy = interference("PATCH", REF)
    busy.steps = [(fail, False)]
    with pytest.raises(PlatformError, match=f"GitHub answered {error.status}"):
        GitHubHistory(busy.on(site.repository()), pause=SHORT).commit(files(), "1")
    assert list(site.github.git.references()) == ["refs/heads/main"]


def test_a_limit_while_a_branch_is_made(site: Any, interference: Any) -> None:
    def fail() -> None:
        raise GithubException(403, {"message": "Slow down"}, {"retry-after": "17"})

    busy = interference("POST", REF)
    busy.steps = [(fail, False)]
    with pytest.raises(RateLimitError) as caught:
        GitHubHistory(busy.on(site.repository()), branch="records", pause=SHORT).commit(files(), "1")
    assert caught.value.seconds == 17


def test_what_was_uploaded_is_not_uploaded_again(site: Any, history: GitHubHistory, interference: Any) -> None:
    repository, moving, blobs = site.repository(), interference("PATCH", REF), interference("POST", "/git/blobs")
    moving.steps = [(lambda: history.commit(files(2), "theirs"), False)]
    GitHubHistory(blobs.on(moving.on(repository)), pause=SHORT).commit(files(1), "ours")
    assert blobs.seen == len(files(1))
    assert without_readme(content(site)) == {**files(1), **files(2)}


def test_an_account_that_may_not_write(site: Any) -> None:
    history = GitHubHistory(site.repository("triage-person"), pause=SHORT)
    with pytest.raises(PlatformError, match="GitHub answered 403"):
        history.commit(files(), "1")


class TestAddresses:
    def test_folders_and_pictures(self, history: GitHubHistory) -> None:
        commit = Commit("sha", "records/all", protected=False)
        folder = history.url(commit, "training_history/7-a b/attempt-1")
        assert folder.endswith("/local/models/tree/records/all/training_history/7-a%20b/attempt-1")
        picture = history.url(commit, "training_history/7-iris/attempt-1/plots/p.png")
        assert picture.endswith("/local/models/blob/records/all/training_history/7-iris/attempt-1/plots/p.png?raw=true")

    def test_a_repository_without_pages(self, site: Any) -> None:
        history = GitHubHistory(site.repository(), address=lambda path: f"file:///{path}")
        assert history.url(Commit("sha", "main", protected=False), "a/b") == "file:///a/b"


def test_the_name_that_git_gives_a_file() -> None:
    """`echo hello | git hash-object --stdin`."""
    assert blob_sha(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
