"""What is said of a decision about versions. Pure: facts in, Markdown or plain text out."""

from __future__ import annotations

from lambda_bridge.inert import code, printable, prose, text
from lambda_bridge.ports import Notice, Version
from lambda_bridge.review_plan import NAMES
from lambda_bridge.runs import Change, Review, ReviewKind
from lambda_bridge.sentences import comment, message
from pipelines.language import mark, say
from pipelines.markdown import table

DONE: dict[ReviewKind, str] = {"approve": mark("approved"), "reject": mark("rejected"), "rollback": mark("rolled back")}


def checking(review: Review, target: Version) -> str:
    """A version is being loaded."""
    return comment(
        say("### Checking version {number} ⏳", number=target.number),
        say(
            "Its artefact is loaded and predicts a row before anything changes: {model_data}.",
            model_data=code(review.model_data),
        ),
    )


def refused(review: Review, reason: str) -> str:
    """Nothing was changed."""
    return comment(say("### Not {done}", done=say(DONE[review.kind])), message(reason), say("Nothing was changed."))


def _what(review: Review) -> str:
    """What was done, as a heading."""
    if review.kind == "rollback":
        return say("Rolled back to version {target}", target=number_of(review.target))
    number = review.changes[0].version
    if review.kind == "approve":
        return say("Approved version {number}", number=number)
    return say("Rejected version {number}", number=number)


def title(review: Review) -> str:
    """What was done, on one line, without a stranger's words."""
    return say("{what} of {group}", what=_what(review), group=review.group)


def done(review: Review, live: str | None, path: str, problem: str | None) -> str:
    """It was done. `problem`: why it is not in the history."""
    rows = [
        (str(each.version), say(NAMES[each.before]), say(NAMES[each.after]), code(each.arn)) for each in review.changes
    ]
    heading = _what(review)
    return comment(
        f"### {heading} ✅",
        say(
            "Model package group {group}, by {author}.{review}",
            group=code(review.group),
            author=code(review.author),
            review=_why(review),
        ),
        table([say("version"), say("before"), say("now"), say("model package")], rows),
        _live(review, live),
        say("Recorded in {path}.", path=code(path))
        if problem is None
        else say("⚠️ Not recorded in the history: {problem}", problem=prose(problem)),
    )


def _why(review: Review) -> str:
    return say(" Why: {why}", why=prose(review.why)) if review.why else ""


def _live(review: Review, live: str | None) -> str:
    """Which version is compared with from now on."""
    if live is None:
        return say("No version is approved any more.")
    number, mine = number_of(live), review.changes[0]
    if review.kind == "approve" and mine.arn != live:
        return say(
            "Version {number} is newer and approved, so it stays the live one. To go back to "
            "version {version}, write `/rollback {version}`.",
            number=number,
            version=mine.version,
        )
    before = (
        say("; before, it was version {live}", live=number_of(review.live))
        if review.live and review.live != live
        else ""
    )
    return say(
        "Version {number} is the live one{before}. New models are compared with it.", number=number, before=before
    )


def number_of(arn: str | None) -> str:
    """The number at the end of a model package's ARN."""
    return str(arn).rpartition("/")[2]


def description(review: Review, issue: int, change: Change) -> str:
    """What stands in the registry beside the approval, on one line."""
    what = (
        ""
        if review.kind != "rollback"
        else say(", rolled back from {version} to {target}", version=change.version, target=number_of(review.target))
    )
    moment = review.at.isoformat(timespec="seconds")
    who = say(
        "{after} by {author} on issue {issue}, {moment}{what}",
        after=say(NAMES[change.after]),
        author=review.author,
        issue=issue,
        moment=moment,
        what=what,
    )
    return printable(f"{who}: {review.why}" if review.why else who)


def notice(review: Review, url: str) -> Notice:
    """For Slack and e-mail."""
    what = title(review)
    why = say("Why: {why}", why=text(review.why)) if review.why else ""
    return Notice(what, "\n".join(filter(None, [say("By {author}.", author=text(review.author)), why, url])), url)
