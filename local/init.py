"""`mlops init`: prepares a repository on GitHub, as often as it is run.

Everything is looked at first, and nothing is changed while something is wrong. The webhook comes last, so that nothing
is heard of a repository that is half prepared. A run that was killed is completed by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from algorithms.errors import PlatformError, Problem
from lambda_bridge.github_client import connect, refusals
from lambda_bridge.ports import RateLimitError
from local.init_files import Files, starter_files
from local.init_hook import Webhook
from local.init_labels import Labels
from local.init_options import Access, Options, problems_of, read_access
from local.init_report import Report, Step

if TYPE_CHECKING:
    from github.Repository import Repository

REFUSALS = (403, 404)
"""What GitHub answers to an account or token that may not do something; 404 also where it may not even see it."""


class Part(Protocol):
    """Something of a repository that is prepared. Both methods raise what PyGithub raises, and PlatformError.

    `things`: those of its steps. `needs`: a sentence with the permission of the token.
    """

    name: str
    things: tuple[str, ...]
    needs: str

    def look(self) -> Sequence[Step]:
        """What is there, and what is to be done."""
        ...

    def apply(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Carries steps out that change something, and answers each once it is done."""
        ...


def prepare(options: Options) -> Report:
    """Prepares the repository. The report tells everything that was wrong, of the arguments and of the environment."""
    report = Report(options.repository, options.dry_run)
    wrong = problems_of(options)
    access, missing = read_access(options)
    report.problems, report.invalid = [*wrong, *missing], bool(wrong)
    if access is not None and not wrong:
        repository = connect(access.credentials.auth, access.api_url, options.repository)
        _prepare(repository, options, access, report)
    return report


def _prepare(repository: Repository, options: Options, access: Access, report: Report) -> None:
    with _told(report, options.repository, "Correct the name, or the token: it needs Metadata: read."):
        page = repository.requester.requestJsonAndCheck("GET", repository.url)[1] or {}
        judged = access.credentials.app is None
        report.problems += _unusable(page, options, judged)
    if report.problems:
        return
    files = Files(repository, page["default_branch"], starter_files(options.codeowners), options.force)
    parts: list[Part] = [Labels(repository, options.force), files]
    if options.url is not None:
        parts.append(Webhook(repository, options.url, access.secret, options.force))
    _look(parts, report)
    if not report.problems and not options.dry_run:
        _apply(parts, report)
    if files.commit is not None:
        report.commit, report.branch = files.commit.sha, files.commit.branch
    report.pull_request = files.pull_request
    report.next = [] if report.problems else list(_next(options, page, report))


def _look(parts: Sequence[Part], report: Report) -> None:
    for part in parts:
        with _told(report, part.name, part.needs):
            report.steps += part.look()


def _apply(parts: Sequence[Part], report: Report) -> None:
    """Each part on its own: what one may not do is no reason to leave the others undone."""
    for part in parts:
        steps = [step for step in report.steps if step.thing in part.things and step.changes]
        with _told(report, part.name, part.needs):
            for step in part.apply(steps):
                _put(report.steps, step)


def _put(steps: list[Step], step: Step) -> None:
    """In the place of the step that it was, else at the end."""
    for position, known in enumerate(steps):
        if (known.thing, known.name) == (step.thing, step.name):
            steps[position] = step
            return
    steps.append(step)


@contextmanager
def _told(report: Report, key: str, needs: str) -> Iterator[None]:
    """What GitHub refuses becomes a problem; where a permission may be the reason, with its name."""
    try:
        with refusals():
            yield
    except RateLimitError as error:
        text = f"{error}. Run this again in {error.seconds:.0f} s."
        report.problems.append(Problem(key, None, f"{key}: {text}"))
    except PlatformError as error:
        status = getattr(error.__cause__, "status", None)
        text = str(error)
        if text.startswith("GitHub could not be reached"):
            text = f"{error}. Look at the network and at GITHUB_API_URL."
        elif status == 401:
            text = f"{error}. GITHUB_TOKEN is not known there, or has expired. Make a new one."
        elif status in REFUSALS and text.startswith("GitHub answered"):
            text = f"{error}. {needs}"
        report.problems.append(Problem(key, None, f"{key}: {text}"))


def _unusable(page: Mapping[str, Any], options: Options, judged: bool) -> list[Problem]:
    """Why nothing can be prepared there. `judged`: GitHub tells what the account may do; not so of an App."""
    name, role = options.repository, "admin" if options.url is not None else "push"
    found = str(page.get("full_name") or name)
    texts = []
    if found.lower() != name.lower():
        texts.append(f"is called {found[:150]!r} now. Give that name.")
    if page.get("archived"):
        texts.append("is archived, so nobody can write there. Unarchive it, or give another one.")
    if page.get("has_issues") is False:
        texts.append("has no issues, which start the training. Switch them on in its settings.")
    if judged and not (page.get("permissions") or {role: True}).get(role):
        wanted = "be an admin, which --url needs" if role == "admin" else "have write permission"
        texts.append(f"the token's account must {wanted}. Ask an admin of the repository.")
    return [Problem("OWNER/REPO", name, f"{name}: {text}") for text in texts]


def _next(options: Options, page: Mapping[str, Any], report: Report) -> Iterator[str]:
    """What a person does now."""
    if report.dry_run and any(step.changes for step in report.steps):
        yield "run this again without --dry-run."
        return
    if report.pull_request is not None:
        yield f"{page['default_branch']} is protected, so merge {report.pull_request}"
    if options.url is None:
        yield (
            "the webhook was left alone. Run this again with --url ADDRESS and GITHUB_WEBHOOK_SECRET, or poll with: "
            f"mlops up --github {options.repository}"
        )
    yield f"open an issue with the form: {page['html_url']}/issues/new?template=train.yml"
