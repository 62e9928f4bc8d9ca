"""The issues, through PyGithub, over the local GitHub's server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from github import Auth

from algorithms.errors import PlatformError
from lambda_bridge.github import COLOURS, LONGEST_COMMENT, GitHubIssues
from lambda_bridge.github_client import Credentials, connect, connect_threads, login_of
from lambda_bridge.ports import IssueView, StartEvent
from local.github.issues import IssueEdit
from local.github.users import BOT

TRAIN = "mlops:train"
MARKER = "<!-- mlops:progress -->"


@pytest.fixture
def issues(site: Any) -> GitHubIssues:
    """Of a repository with one issue."""
    site.github.issues.create(site.user("owner"), "Iris", "the body", [TRAIN, "people's own"])
    return GitHubIssues(site.repository(), lambda: BOT)


@pytest.fixture
def later(store: Any, tmp_path: Path, site: Any) -> Iterator[Any]:
    """Another local GitHub, on whose clock each change is a minute later."""
    moments = iter(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number) for number in range(1000))
    found = type(site)(store, tmp_path / "later", clock=lambda: next(moments))
    yield found
    found.close()


def comments(site: Any) -> list[tuple[str, str]]:
    return [(row["login"], row["body"]) for row in site.github.records.all_comments(1)]


def edit(site: Any, user: str = "owner", **changes: Any) -> None:
    site.github.issues.edit(site.user(user), 1, IssueEdit(**changes))


def deliveries(site: Any) -> int:
    return len(site.github.pending())


class TestReads:
    def test_an_issue_as_it_is_now(self, site: Any, issues: GitHubIssues) -> None:
        found = issues.read(1)
        assert found == IssueView(
            1, "Iris", "the body", "owner", (TRAIN, "people's own"), True, found.url, found.updated
        )
        assert found.url.endswith("/local/models/issues/1")
        edit(site, body="", title="T", state="closed", labels=[])
        assert issues.read(1) == IssueView(1, "T", "", "owner", (), False, found.url, issues.read(1).updated)

    def test_an_issue_that_is_not_there(self, issues: GitHubIssues) -> None:
        with pytest.raises(PlatformError, match="GitHub answered 404: Not Found"):
            issues.read(2)

    @pytest.mark.parametrize("role", ["admin", "maintain", "write", "triage", "read", "none"])
    def test_the_permission_of_every_role(self, issues: GitHubIssues, role: str) -> None:
        assert issues.permission(f"{role}-person") == role

    def test_the_permission_of_an_app(self, issues: GitHubIssues) -> None:
        assert issues.permission("app[bot]") == "write"

    @pytest.mark.parametrize("user", ["nobody", "owner/permission?", "../collaborators/owner", "owner#", "a b", ""])
    def test_a_permission_that_cannot_be_read(self, issues: GitHubIssues, user: str) -> None:
        with pytest.raises(PlatformError, match="GitHub answered 404"):
            issues.permission(user)

    def test_a_permission_while_github_is_not_reached(self, site: Any, issues: GitHubIssues) -> None:
        site.server.close()
        with pytest.raises(PlatformError, match="GitHub could not be reached"):
            issues.permission("owner")

    def test_a_token_that_is_refused(self, site: Any) -> None:
        repository = connect(Auth.Token("wrong-token"), site.url, site.github.repository)
        with pytest.raises(PlatformError, match="401: Bad credentials") as caught:
            GitHubIssues(repository, lambda: BOT).permission("owner")
        assert "wrong-token" not in str(caught.value)


class TestAccount:
    def test_the_login_of_a_token(self, site: Any) -> None:
        assert login_of(Credentials(site.auth("owner")), site.url) == "owner"

    def test_it_is_asked_once(self, site: Any) -> None:
        asked: list[int] = []
        issues = GitHubIssues(site.repository(), lambda: asked.append(1) or BOT)  # type: ignore[func-returns-value]
        assert asked == []
        assert (issues.me(), issues.me()) == (BOT, BOT)
        assert asked == [1]

    def test_a_private_key_that_is_none(self, site: Any) -> None:
        app = Auth.AppAuth("1", "no PEM")
        with pytest.raises(PlatformError, match="private key") as caught:
            login_of(Credentials(app.get_installation_auth(1), app), site.url)
        assert "no PEM" not in str(caught.value)


class TestNewestStart:
    def starts(self, site: Any) -> list[tuple[int, str]]:
        wanted = ("labeled", "reopened")
        return [(row["id"], row["login"]) for row in site.github.records.events(1) if row["event"] in wanted]

    def test_an_issue_that_was_opened_with_the_label(self, site: Any, issues: GitHubIssues) -> None:
        found = issues.newest_start(1)
        assert found is not None
        assert found.actor == "owner"
        assert found.id in {number for number, _ in self.starts(site)}

    def test_an_issue_that_was_never_labelled(self, site: Any) -> None:
        site.github.issues.create(site.user("owner"), "Iris", "", ["other"])
        assert GitHubIssues(site.repository(), lambda: BOT).newest_start(1) is None

    @pytest.mark.parametrize("again", ["label", "reopen"])
    def test_a_later_start_is_another_one(self, site: Any, issues: GitHubIssues, again: str) -> None:
        before = issues.newest_start(1)
        if again == "label":
            site.github.issues.remove_label(site.user("owner"), 1, TRAIN)
            assert issues.newest_start(1) == before
            site.github.issues.add_labels(site.user("triage-person"), 1, [TRAIN])
        else:
            edit(site, state="closed")
            assert issues.newest_start(1) == before
            edit(site, "triage-person", state="open")
        after = issues.newest_start(1)
        assert before is not None
        assert after is not None
        assert after.id > before.id
        assert after == StartEvent(*self.starts(site)[-1])
        assert after.actor == "triage-person"

    def test_other_events_are_no_start(self, site: Any, issues: GitHubIssues) -> None:
        before = issues.newest_start(1)
        edit(site, title="T2", body="B2")
        site.github.issues.add_labels(site.user("owner"), 1, ["other"])
        issues.set_label(1, "mlops:running")
        assert issues.newest_start(1) == before

    def test_one_page_of_events_is_one_request(self, site: Any, issues: GitHubIssues, interference: Any) -> None:
        for state in ("closed", "open", "closed"):
            edit(site, state=state)
        counted = interference("GET", "")
        found = GitHubIssues(counted.on(site.repository()), lambda: BOT).newest_start(1)
        assert found is not None
        assert counted.seen == 1

    def test_a_server_that_knows_the_timeline_only(self, site: Any, issues: GitHubIssues) -> None:
        repository = site.repository()
        original = repository.requester.requestJsonAndCheck

        def without_events(verb: str, url: str, *given: Any, **named: Any) -> Any:
            return original(verb, url.replace("/1/events", "/1/no-such-list"), *given, **named)

        repository.requester.requestJsonAndCheck = without_events
        assert GitHubIssues(repository, lambda: BOT).newest_start(1) == issues.newest_start(1) is not None

    def test_an_issue_that_is_not_there(self, issues: GitHubIssues) -> None:
        with pytest.raises(PlatformError, match="GitHub answered 404"):
            issues.newest_start(2)

    def test_it_stands_on_the_second_page(self, site: Any, issues: GitHubIssues) -> None:
        for _ in range(55):
            site.github.issues.add_labels(site.user("owner"), 1, ["x"])
            site.github.issues.remove_label(site.user("owner"), 1, "x")
        site.github.issues.remove_label(site.user("owner"), 1, TRAIN)
        site.github.issues.add_labels(site.user("admin-person"), 1, [TRAIN])
        found = issues.newest_start(1)
        assert found is not None
        assert found.actor == "admin-person"


class TestLabelled:
    @pytest.fixture
    def counted(self, site: Any, interference: Any) -> Any:
        """Counts the requests for the list; `pages` says which of them brought one."""
        counted = interference("GET", "/issues?")
        repository = counted.on(site.repository())
        original = repository.requester.requestJsonAndCheck
        counted.pages = []

        def note(*given: Any, **named: Any) -> Any:
            headers, page = original(*given, **named)
            counted.pages.append(page is not None)
            return headers, page

        repository.requester.requestJsonAndCheck = note
        counted.issues = GitHubIssues(repository, lambda: BOT)
        return counted

    def since(self, days: int = 31) -> datetime:
        return datetime.now(UTC) - timedelta(days)

    def test_open_and_closed_ones_with_the_newest_change_first(self, site: Any, issues: GitHubIssues) -> None:
        site.github.issues.create(site.user("owner"), "Other", "", ["other"])
        site.github.issues.create(site.user("read-person"), "Theirs", "", [TRAIN])
        site.github.issues.create(site.user("owner"), "Wine", "", [TRAIN])
        edit(site, state="closed")
        assert [(found.number, found.open) for found in issues.labelled(self.since())] == [(1, False), (4, True)]
        assert list(issues.labelled(self.since())) == [issues.read(1), issues.read(4)]

    def test_what_changed_before_that_day_is_left_out(self, site: Any, issues: GitHubIssues) -> None:
        assert len(issues.labelled(self.since(0))) == 1, "by the day: this one was made today"
        assert issues.labelled(self.since(-1)) == []

    def test_what_did_not_change_is_not_sent_again(self, site: Any, issues: GitHubIssues, counted: Any) -> None:
        first = counted.issues.labelled(self.since())
        assert counted.issues.labelled(self.since()) == first
        assert counted.pages == [True, False]

    def test_an_empty_list_too(self, site: Any, counted: Any) -> None:
        assert counted.issues.labelled(self.since()) == counted.issues.labelled(self.since()) == []
        assert counted.pages == [True, False]

    @pytest.mark.parametrize("change", ["label", "body", "comment", "new", "unlabelled"])
    def test_every_change_is_seen(self, site: Any, issues: GitHubIssues, counted: Any, change: str) -> None:
        before = counted.issues.labelled(self.since())
        owner = site.user("owner")
        changes: dict[str, Callable[[], Any]] = {
            "label": lambda: site.github.issues.add_labels(owner, 1, ["x"]),
            "body": lambda: edit(site, body="another"),
            "comment": lambda: site.github.comments.create(owner, 1, "/status"),
            "new": lambda: site.github.issues.create(owner, "Wine", "", [TRAIN]),
            "unlabelled": lambda: site.github.issues.remove_label(owner, 1, TRAIN),
        }
        changes[change]()
        after = counted.issues.labelled(self.since())
        assert counted.pages == [True, True]
        assert change == "comment" or after != before, "of a comment only the time tells, in whole seconds"

    def test_another_day_is_another_question(self, site: Any, issues: GitHubIssues, counted: Any) -> None:
        assert len(counted.issues.labelled(self.since())) == 1
        assert counted.issues.labelled(self.since(-1)) == []
        assert counted.pages == [True, True]

    def test_many_pages(self, site: Any, issues: GitHubIssues, counted: Any) -> None:
        for number in range(2, 102):
            site.github.issues.create(site.user("owner"), f"{number}", "", [TRAIN])
        for _ in range(2):
            found = [view.number for view in counted.issues.labelled(self.since())]
            assert found == list(range(101, 0, -1))
        assert counted.pages == [True] * 4, "what has several pages is read as a whole"


class TestComments:
    def test_who_wrote_what(self, site: Any, issues: GitHubIssues) -> None:
        for user in ("owner", "app[bot]"):
            site.github.comments.create(site.user(user), 1, f"of {user}\n\n{MARKER}")
        issues.write(1, "progress", "ours")
        found = issues.comments(1)
        assert [(comment.author, comment.bot, comment.marker) for comment in found] == [
            ("owner", False, None),
            ("app[bot]", True, None),
            (BOT, True, "progress"),
        ]
        assert [comment.id for comment in found] == [1, 2, 3]
        assert found[0].body == f"of owner\n\n{MARKER}"

    def test_the_account_of_the_bridge_is_a_bot_whatever_github_says(self, site: Any, issues: GitHubIssues) -> None:
        site.github.comments.create(site.user("owner"), 1, "/cancel")
        (found,) = GitHubIssues(site.repository("owner"), lambda: "OWNER").comments(1)
        assert found.bot

    def test_an_edited_one(self, later: Any) -> None:
        site = later
        site.github.issues.create(site.user("owner"), "Iris", "", [TRAIN])
        issues = GitHubIssues(site.repository(), lambda: BOT)
        for _ in range(2):
            site.github.comments.create(site.user("owner"), 1, "/help")
        site.github.comments.edit(site.user("owner"), 2, "/cancel")
        assert [(comment.body, comment.edited) for comment in issues.comments(1)] == [
            ("/help", False),
            ("/cancel", True),
        ]

    def test_many_pages(self, site: Any, issues: GitHubIssues) -> None:
        for number in range(101):
            site.github.comments.create(site.user("owner"), 1, str(number))
        assert [comment.body for comment in issues.comments(1)] == [str(number) for number in range(101)]


class TestWrite:
    def test_a_comment_is_made_once(self, site: Any, issues: GitHubIssues) -> None:
        first = issues.write(1, "progress", "text\n\n")
        heard = deliveries(site)
        assert issues.write(1, "progress", "text") == first
        assert issues.write(1, "progress", "text", known=first) == first
        assert comments(site) == [(BOT, f"text\n\n{MARKER}\n")]
        assert deliveries(site) == heard, "nothing was edited"

    @pytest.mark.parametrize("known", [False, True])
    def test_it_is_edited_where_it_differs(self, site: Any, issues: GitHubIssues, known: bool) -> None:
        first = issues.write(1, "progress", "one")
        assert issues.write(1, "progress", "two", known=first if known else None) == first
        assert comments(site) == [(BOT, f"two\n\n{MARKER}\n")]

    def test_each_marker_has_its_comment(self, site: Any, issues: GitHubIssues) -> None:
        ids = {issues.write(1, marker, "text") for marker in ("result-10", "result-1", "result")}
        assert len(ids) == 3
        assert issues.write(1, "result-1", "text") in ids

    def test_the_same_marker_on_another_issue(self, site: Any, issues: GitHubIssues) -> None:
        site.github.issues.create(site.user("owner"), "Other", "", [])
        assert issues.write(1, "progress", "text") != issues.write(2, "progress", "text")

    @pytest.mark.parametrize("known", [False, True])
    def test_a_strangers_comment_with_the_marker_is_not_taken(
        self, site: Any, issues: GitHubIssues, known: bool
    ) -> None:
        text = f"x\n\n{MARKER}\n"
        theirs = site.github.comments.create(site.user("read-person"), 1, text)["id"]
        ours = issues.write(1, "progress", "text", known=theirs if known else None)
        assert ours != theirs
        assert comments(site) == [("read-person", text), (BOT, f"text\n\n{MARKER}\n")]

    def test_a_marker_that_is_quoted_is_none(self, site: Any, issues: GitHubIssues) -> None:
        quoting = issues.write(1, "answer-5", f"> {MARKER}\n\nwhat?")
        assert issues.write(1, "progress", "text") != quoting

    def test_a_comment_that_was_deleted_is_made_anew(self, site: Any, issues: GitHubIssues) -> None:
        first = issues.write(1, "progress", "text", known=999)
        assert issues.write(1, "progress", "text", known=999) == first
        assert len(comments(site)) == 1

    def test_it_is_found_behind_many_others(self, site: Any, issues: GitHubIssues) -> None:
        for number in range(101):
            site.github.comments.create(site.user("owner"), 1, str(number))
        first = issues.write(1, "progress", "text")
        assert issues.write(1, "progress", "text") == first

    @pytest.mark.parametrize("char", ["x", "\N{WASTEBASKET}", "\n"])
    def test_a_text_that_is_too_long_is_cut(self, site: Any, issues: GitHubIssues, char: str) -> None:
        text = "a" + char * (2 * LONGEST_COMMENT) + "z"
        first = issues.write(1, "progress", text)
        heard = deliveries(site)
        assert issues.write(1, "progress", text) == first
        assert deliveries(site) == heard
        ((_, body),) = comments(site)
        assert len(body) <= LONGEST_COMMENT
        assert body.endswith(MARKER + "\n")

    def test_the_longest_text_is_whole(self, site: Any, issues: GitHubIssues) -> None:
        text = "x" * (LONGEST_COMMENT - len(MARKER) - 4)
        issues.write(1, "progress", text)
        assert comments(site)[0][1].count("x") == len(text)

    def test_a_comment_whose_answer_was_lost_is_found(self, site: Any, issues: GitHubIssues, interference: Any) -> None:
        lost = interference("POST", "/comments")
        lost.steps = [(None, True)]
        unlucky = GitHubIssues(lost.on(site.repository()), lambda: BOT)
        with pytest.raises(PlatformError, match="502"):
            unlucky.write(1, "progress", "text")
        unlucky.write(1, "progress", "text")
        assert (lost.seen, len(comments(site))) == (1, 1)


class TestTwoWriters:
    """Two Lambdas that write the same comment at once; each finds none and makes its own."""

    def test_the_oldest_stays_and_gets_the_text(self, site: Any, interference: Any) -> None:
        site.github.issues.create(site.user("owner"), "Iris", "", [TRAIN])
        other = GitHubIssues(site.repository(), lambda: BOT)
        meanwhile = interference("POST", "/comments")
        meanwhile.steps = [(lambda: other.write(1, "progress", "theirs"), False)]
        ours = GitHubIssues(meanwhile.on(site.repository()), lambda: BOT)
        assert ours.write(1, "progress", "ours") == 1
        assert comments(site) == [(BOT, f"ours\n\n{MARKER}\n")]
        assert other.write(1, "progress", "last", known=2) == 1, "the one that it remembers is gone"
        assert comments(site) == [(BOT, f"last\n\n{MARKER}\n")]

    def test_what_a_kill_left_is_tidied_up(self, site: Any, issues: GitHubIssues, interference: Any) -> None:
        for text in ("one", "two", "three"):
            site.github.comments.create(site.user(BOT), 1, f"{text}\n\n{MARKER}\n")
        theirs = f"x\n\n{MARKER}"
        site.github.comments.create(site.user("owner"), 1, theirs)
        gone = interference("DELETE", "/comments")
        gone.steps = [(lambda: site.github.comments.delete(site.user(BOT), 2), False)]
        unlucky = GitHubIssues(gone.on(site.repository()), lambda: BOT)
        assert unlucky.write(1, "progress", "new") == 1
        assert comments(site) == [(BOT, f"new\n\n{MARKER}\n"), ("owner", theirs)]
        assert gone.seen == 2

    def test_of_two_processes_that_write_at_once_one_comment_stays(self, site: Any, issues: GitHubIssues) -> None:
        together = Barrier(2)
        writers = [GitHubIssues(site.repository(), lambda: BOT) for _ in range(2)]

        def write(writer: GitHubIssues) -> list[int]:
            found = []
            for number in range(8):
                together.wait(30)
                found.append(writer.write(1, f"answer-{number}", "text"))
            return found

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(write, writers)
        assert first == second
        assert [body for _, body in comments(site)] == [f"text\n\n<!-- mlops:answer-{n} -->\n" for n in range(8)]

    def test_threads_of_one_process_make_one(self, site: Any, issues: GitHubIssues) -> None:
        shared = GitHubIssues(connect_threads(site.auth(), site.url, site.github.repository), lambda: BOT)
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda _: shared.write(1, "progress", "text"), range(16)))
        assert len(found) == 1
        assert len(comments(site)) == 1
        actions = [json.loads(delivery.body)["action"] for delivery in site.github.pending()]
        assert (actions.count("created"), actions.count("deleted")) == (1, 0)


class TestReactions:
    def test_twice_is_once(self, site: Any, issues: GitHubIssues) -> None:
        number = site.github.comments.create(site.user("owner"), 1, "/help")["id"]
        issues.react(1, number)
        issues.react(1, number)
        found = site.github.records.reactions(number)
        assert [(row["login"], row["content"]) for row in found] == [(BOT, "eyes")]

    def test_a_comment_that_is_not_there(self, issues: GitHubIssues) -> None:
        with pytest.raises(PlatformError, match="404"):
            issues.react(1, 999)


class TestLabels:
    def labels(self, site: Any) -> set[str]:
        return {row["name"] for row in site.github.records.labels_of(1)}

    def test_exactly_one_state_and_peoples_own_stay(self, site: Any, issues: GitHubIssues) -> None:
        theirs = {TRAIN, "people's own"}
        issues.set_label(1, "mlops:running")
        assert self.labels(site) == theirs | {"mlops:running"}
        issues.set_label(1, "mlops:waiting")
        assert self.labels(site) == theirs | {"mlops:waiting"}

    def test_again_changes_nothing(self, site: Any, issues: GitHubIssues) -> None:
        issues.set_label(1, "mlops:running")
        heard = deliveries(site)
        issues.set_label(1, "mlops:running")
        assert deliveries(site) == heard

    def test_what_a_kill_left_is_tidied_up(self, site: Any, issues: GitHubIssues) -> None:
        site.github.issues.add_labels(site.user("owner"), 1, ["mlops:running", "mlops:waiting", "mlops:other"])
        issues.set_label(1, "mlops:registered")
        assert self.labels(site) == {TRAIN, "people's own", "mlops:other", "mlops:registered"}

    def test_labels_have_their_colours(self, site: Any, issues: GitHubIssues) -> None:
        for label in COLOURS:
            issues.set_label(1, label)
        found = {row["name"]: row["color"] for row in site.github.records.labels()}
        assert {name: found[name] for name in COLOURS} == COLOURS
        assert all(re.fullmatch("[0-9a-f]{6}", colour) for colour in COLOURS.values())

    @pytest.mark.parametrize("when", ["before", "meanwhile"])
    def test_a_label_that_is_there(self, site: Any, issues: GitHubIssues, when: str) -> None:
        make: Callable[[], Any] = lambda: site.github.issues.create_label(  # noqa: E731
            site.user("owner"), "mlops:running", "ffffff", None
        )
        if when == "meanwhile":
            issues.set_label(1, "mlops:waiting")
        make()
        issues.set_label(1, "mlops:running")
        assert "mlops:running" in self.labels(site)
