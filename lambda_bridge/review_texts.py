"""What is said of a decision about versions. Pure: facts in, Markdown or plain text out."""

from __future__ import annotations

from lambda_bridge.inert import code, printable, prose, text
from lambda_bridge.ports import Notice, Version
from lambda_bridge.review_plan import NAMES
from lambda_bridge.runs import Change, Review, ReviewKind
from lambda_bridge.sentences import comment, message
from pipelines.markdown import table

DONE: dict[ReviewKind, str] = {"approve": "approved", "reject": "rejected", "rollback": "rolled back"}


def checking(review: Review, target: Version) -> str:
    """A version is being loaded."""
    return comment(
        f"### Checking version {target.number} ⏳",
        f"Its artefact is loaded and predicts a row before anything changes: {code(review.model_data)}.",
    )


def refused(review: Review, reason: str) -> str:
    """Nothing was changed."""
    return comment(f"### Not {DONE[review.kind]}", message(reason), "Nothing was changed.")


def title(review: Review) -> str:
    """What was done, on one line, without a stranger's words."""
    if review.kind == "rollback":
        return f"rolled back to version {number_of(review.target)} of {review.group}"
    return f"{DONE[review.kind]} version {review.changes[0].version} of {review.group}"


def done(review: Review, live: str | None, path: str, problem: str | None) -> str:
    """It was done. `problem`: why it is not in the history."""
    rows = [(str(each.version), NAMES[each.before], NAMES[each.after], code(each.arn)) for each in review.changes]
    heading = title(review).removesuffix(f" of {review.group}").capitalize()
    return comment(
        f"### {heading} ✅",
        f"Model package group {code(review.group)}, by {code(review.author)}.{_why(review)}",
        table(["version", "before", "now", "model package"], rows),
        _live(review, live),
        f"Recorded in {code(path)}." if problem is None else f"⚠️ Not recorded in the history: {prose(problem)}",
    )


def _why(review: Review) -> str:
    return f" Why: {prose(review.why)}" if review.why else ""


def _live(review: Review, live: str | None) -> str:
    """Which version is compared with from now on."""
    if live is None:
        return "No version is approved any more."
    number, mine = number_of(live), review.changes[0]
    if review.kind == "approve" and mine.arn != live:
        return (
            f"Version {number} is newer and approved, so it stays the live one. "
            f"To go back to version {mine.version}, write `/rollback {mine.version}`."
        )
    before = f"; before, it was version {number_of(review.live)}" if review.live and review.live != live else ""
    return f"Version {number} is the live one{before}. New models are compared with it."


def number_of(arn: str | None) -> str:
    """The number at the end of a model package's ARN."""
    return str(arn).rpartition("/")[2]


def description(review: Review, issue: int, change: Change) -> str:
    """What stands in the registry beside the approval, on one line."""
    what = "" if review.kind != "rollback" else f", rolled back from {change.version} to {number_of(review.target)}"
    moment = review.at.isoformat(timespec="seconds")
    who = f"{NAMES[change.after]} by {review.author} on issue {issue}, {moment}{what}"
    return printable(f"{who}: {review.why}" if review.why else who)


def notice(review: Review, url: str) -> Notice:
    """For Slack and e-mail."""
    what = title(review)
    why = f"Why: {text(review.why)}" if review.why else ""
    return Notice(what.capitalize(), "\n".join(filter(None, [f"By {text(review.author)}.", why, url])), url)
