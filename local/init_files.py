"""`mlops init`: the issue form, the history's page and CODEOWNERS in a repository, as one commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

from algorithms.errors import PlatformError
from lambda_bridge.git_history import GitHubHistory, blob_sha
from lambda_bridge.github_client import pause_of
from lambda_bridge.ports import Commit
from local.init_report import Step
from local.init_tree import EMPTY, Branch, Entry, read_branch

if TYPE_CHECKING:
    from github.PullRequest import PullRequest
    from github.Repository import Repository

STARTER = files("seed_code") / "starter"
FORM, HISTORY, OWNERS = ".github/ISSUE_TEMPLATE/train.yml", "training_history/README.md", ".github/CODEOWNERS"
OTHER_OWNERS = ("CODEOWNERS", "docs/CODEOWNERS")
"""GitHub obeys the first of .github/, the root and docs/ ("About code owners"): ours would switch these off."""
PLACEHOLDER = "@ORGANISATION/TEAM"
BRANCH = "mlops-init"
"""Where the commit goes if the default branch takes none."""
MESSAGE = "Prepare the repository for training from issues"
WAITS = f"branch {BRANCH}"
BODY = (
    "The issue form, the page of `training_history/` and, if asked for, CODEOWNERS, from the starter of the training "
    "bridge. Issues with the label `mlops:train` start runs without it; the form makes them easier to write."
)


def starter_files(codeowners: Sequence[str]) -> dict[str, bytes]:
    """Path -> content of what a repository gets from the starter."""
    found = {path: STARTER.joinpath(path).read_bytes() for path in (FORM, HISTORY)}
    if codeowners:
        text = STARTER.joinpath(OWNERS).read_text(encoding="utf-8")
        lines = [line for line in text.splitlines(keepends=True) if not line.startswith("#")]
        names = dict.fromkeys(f"@{name.removeprefix('@')}" for name in codeowners)
        found[OWNERS] = "".join(lines).replace(PLACEHOLDER, " ".join(names)).encode()
    return found


class Files:
    """Missing files are added. One that differs stays as it is, unless `force`; one that is no plain file always stays.

    Where the default branch is protected, they go onto the branch `mlops-init`, with a pull request.
    """

    name = "files"
    things: tuple[str, ...] = ("file", "pull request")
    needs = "The token needs Contents: read and write (of a classic token: repo)."

    def __init__(self, repository: Repository, branch: str, wanted: Mapping[str, bytes], force: bool) -> None:
        self._repository = repository
        self._branch = branch
        self._wanted = wanted
        self._force = force
        self.commit: Commit | None = None
        self.pull_request: str | None = None

    def look(self) -> Sequence[Step]:
        """A step for each file, and one for the pull request where files wait in it."""
        there, proposed = read_branch(self._repository, self._branch), read_branch(self._repository, BRANCH)
        if there is None:
            raise PlatformError(EMPTY)
        steps = [self._step(path, there, proposed) for path in self._wanted]
        return [*steps, self._look_for_request()] if any(step.action == "wait" for step in steps) else steps

    def apply(self, steps: Sequence[Step]) -> Iterator[Step]:
        """One commit for all files; answers each step once it is done."""
        found = [step for step in steps if step.thing == "file"]
        if found:
            self.commit = self._history.commit({step.name: self._wanted[step.name] for step in found}, MESSAGE)
            yield from (replace(step, detail=self._place(step), done=True) for step in found)
        proposed = self.commit is not None and self.commit.protected
        if proposed or any(step.thing == "pull request" for step in steps):
            yield from self._propose()

    @property
    def _history(self) -> GitHubHistory:
        return GitHubHistory(self._repository, fallback=BRANCH)

    def _place(self, step: Step) -> str:
        where = f"in {self.commit.sha[:7]} on {self.commit.branch}" if self.commit else ""
        return f"{step.detail}; {where}" if step.detail else where

    def _step(self, path: str, there: Branch, proposed: Branch | None) -> Step:
        entry, sha = there.entry(path), blob_sha(self._wanted[path])
        if entry is not None and entry.sha == sha:
            return Step("file", path, "there")
        if entry is not None and entry.sha is None:
            return Step("file", path, "keep", entry.what)
        if path == OWNERS and any(there.entry(other) for other in OTHER_OWNERS):
            return Step("file", path, "keep", "there is a CODEOWNERS in another place, which it would switch off")
        if entry is not None and not self._force:
            return Step("file", path, "keep", "it differs from the starter's; --force replaces it")
        if proposed is not None and proposed.entry(path) == Entry(sha):
            return Step("file", path, "wait", WAITS)
        return Step("file", path, "create" if entry is None else "update", "" if entry is None else "replaced")

    def _look_for_request(self) -> Step:
        found = self._request()
        if found is None:
            return Step("pull request", BRANCH, "create")
        self.pull_request = found.html_url
        return Step("pull request", BRANCH, "there", found.html_url)

    def _propose(self) -> Iterator[Step]:
        """The pull request, where there is none yet."""
        found = self._request()
        if found is not None:
            self.pull_request = found.html_url
            return
        with self._or_by_hand():
            made = self._repository.create_pull(self._branch, BRANCH, title=MESSAGE, body=BODY)
        self.pull_request = made.html_url
        yield Step("pull request", BRANCH, "create", made.html_url, done=True)

    def _request(self) -> PullRequest | None:
        """The one that is open. GitHub ignores a head without its owner."""
        with self._or_by_hand():
            head = f"{self._repository.owner.login}:{BRANCH}"
            return next(iter(self._repository.get_pulls(state="open", base=self._branch, head=head)), None)

    @contextmanager
    def _or_by_hand(self) -> Iterator[None]:
        """Raises PlatformError with what a person does where the token may do nothing about pull requests."""
        from github import GithubException

        try:
            yield
        except GithubException as error:
            if error.status not in (403, 404, 422) or pause_of(error) is not None:
                raise
            page = f"{self._repository.html_url}/compare/{self._branch}...{BRANCH}?expand=1"
            raise PlatformError(
                f"{self._branch} is protected, the files are on {BRANCH}, and GitHub answered {error.status} about its "
                f"pull request. Open it at {page}, or give the token Pull requests: read and write, and run this again."
            ) from error
