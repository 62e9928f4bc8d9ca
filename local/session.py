"""One issue in the local repository, from opening it to the end of its run, as the person at the terminal.

The person is the repository's owner: opens the issue, replies and cancels through GitHub's REST calls. What the bridge
answers is read there too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from algorithms.errors import ParameterError, Problem, RequestError
from algorithms.wording import shown
from lambda_bridge import answers
from lambda_bridge.adjusting import merge, readable, same
from lambda_bridge.commands import Adjust, Unknown, read_command
from lambda_bridge.runs import Run
from local.console import Screen
from local.github.users import BOT, OWNER
from local.issue_file import Issue
from local.loop import Loop

QUESTION = "Reply with key=value ..., with /cancel, or with nothing to end the run"
HOW_TO_REPLY = "Write `adjusted_hyperparameters:` with values below it, or /retrain name=value."
LONGEST_SHOWN = 300
MARKER = "\n\n<!-- mlops:"


class Session:
    """The person's side of one issue. `replies` are the comments to post when asked, in order."""

    def __init__(self, loop: Loop, screen: Screen, replies: Sequence[str], issue: int = 0) -> None:
        self._loop = loop
        self._screen = screen
        self._replies = replies
        self._repository = loop.repository_of(OWNER)
        self._shown: set[int] = set()
        self.issue = issue
        self.problems: list[Problem] = []
        """Of the last reply, where it was invalid or changed nothing."""

    def open(self, issue: Issue, number: int | None, known: Callable[[int], bool]) -> int:
        """Opens the issue, unless it has a number, or stands open because a kill came before that was recorded."""
        self.issue = number or self._find(issue, known) or self._create(issue)
        return self.issue

    def _create(self, issue: Issue) -> int:
        found = self._repository.create_issue(title=issue.title, body=issue.body, labels=list(issue.labels))
        return int(found.number)

    def _find(self, issue: Issue, known: Callable[[int], bool]) -> int | None:
        """An issue with this text that belongs to no run of a file."""
        for found in self._repository.get_issues(state="open", sort="created", direction="desc"):
            if (found.title, found.body) == (issue.title, issue.body) and not known(found.number):
                return int(found.number)
        return None

    def drive(self) -> Run:
        """Goes on until the run has ended: waits, shows comments, replies when asked."""
        replies = iter(self._replies[self._taken() :])
        while True:
            run = self._loop.wait(self._settled)
            self._show()
            if run.state != "waiting":
                return run
            reply = next(replies, None) or self._screen.ask(QUESTION)
            if not reply:
                return self._abandon(run)
            self._reply(run, reply)

    def _taken(self) -> int:
        """How many replies were posted before a kill. The last one is looked at again if no attempt was made of it."""
        mine = [comment for comment in self._issue().get_comments() if comment.user.login != BOT]
        run = self._run()
        if mine and run is not None and run.state == "waiting":
            used = any(attempt.reply_comment == mine[-1].id for attempt in run.attempts)
            self.problems = [] if used else _problems_in(run, mine[-1].body)
        return len(mine)

    def cancel(self) -> Run:
        """Cancels the run and waits until that is told."""
        self._issue().create_comment("/cancel")
        run = self._loop.wait(self._ended)
        self._show()
        return run

    def comments(self) -> list[str]:
        """What the bridge wrote, oldest first."""
        return [text for _, text in self._comments()]

    def _abandon(self, run: Run) -> Run:
        self._loop.abandon(run, "there was no further reply")
        run = self._loop.wait(self._ended)
        self._show()
        return run

    def _reply(self, run: Run, text: str) -> None:
        """Posts a reply and waits until the bridge has dealt with it."""
        self.problems = _problems_in(run, text)
        self._issue().create_comment(text)
        self._loop.wait(self._answered)
        self._show()

    def _issue(self) -> Any:
        return self._repository.get_issue(self.issue)

    def _run(self) -> Run | None:
        return self._loop.bridge.ports.runs.get(self.issue)

    def _settled(self) -> Run | None:
        run = self._run()
        waits = run is not None and run.state == "waiting" and run.cancelled_by is None and self._answered()
        return run if waits else self._ended()

    def _ended(self) -> Run | None:
        run = self._run()
        if run is None or run.state not in ("ended", "refused") or not self._answered():
            return None
        return None if self._loop.bridge.is_under_way(run) else run

    def _answered(self) -> bool | None:
        return None if self._loop.github.pending() else True

    def _comments(self) -> list[tuple[int, str]]:
        found = [comment for comment in self._issue().get_comments() if comment.user.login == BOT]
        return [(comment.id, comment.body.partition(MARKER)[0] + "\n") for comment in found]

    def _show(self) -> None:
        """Shows what is new. The progress comment, which is edited in place, comes with each result."""
        for comment, text in self._comments():
            if comment not in self._shown:
                self._shown.add(comment)
                self._screen.comment(text)


def _problems_in(run: Run, text: str) -> list[Problem]:
    """What the bridge will find wrong with a reply."""
    try:
        command = read_command(text)
        if command is None or isinstance(command, Unknown):
            return [Problem("reply", text[:LONGEST_SHOWN], f"reply: is no command, got {shown(text)}. {HOW_TO_REPLY}")]
        if not isinstance(command, Adjust) or run.request is None:
            return []
        last = run.attempt.hyperparameters
        merged = merge(run.request, last, command.changes)
    except ParameterError as error:
        return readable(error)
    except RequestError as error:
        return error.problems
    unchanged = same(run.request, last, merged)
    return [Problem("adjusted_hyperparameters", command.changes, answers.changes_nothing())] if unchanged else []
