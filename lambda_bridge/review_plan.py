"""What a decision about a version changes in the model registry. Pure.

The version that was registered last among the approved ones is the live one: new models are compared with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lambda_bridge.ports import Version
from lambda_bridge.runs import Approval, Change, Review
from pipelines.language import mark, say

NAMES: dict[Approval, str] = {
    "PendingManualApproval": mark("pending"),
    "Approved": mark("approved"),
    "Rejected": mark("rejected"),
}
SHOWN = 10
"""Versions that a refusal names."""


@dataclass(frozen=True)
class Plan:
    """The version that it is about, and what changes, in that order."""

    target: Version
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Refusal:
    """Why nothing changes, and what to do instead."""

    reason: str


def plan_review(review: Review, versions: Sequence[Version], own: Collection[str], live: str | None) -> Plan | Refusal:
    """The plan for a decision, or why there is none.

    Parameters
    ----------
    versions : of the group, newest first
    own : ARNs that the issue has registered
    live : ARN of the version that was approved last
    """
    if not versions:
        return Refusal(say("No model of this issue's kind was registered yet. Train one first."))
    if review.kind == "rollback":
        return _roll_back(review, versions, live)
    mine = (version for version in versions if version.arn in own)
    target = next(mine, None) if review.version is None else _named(review, versions)
    if target is None:
        return _unknown(review, versions)
    wanted: Approval = "Approved" if review.kind == "approve" else "Rejected"
    if target.approval == wanted:
        return Refusal(say("Version {number} is {wanted} already.", number=target.number, wanted=say(NAMES[wanted])))
    return Plan(target, (_change(target, wanted),))


def _named(review: Review, versions: Sequence[Version]) -> Version | None:
    return next((version for version in versions if version.number == review.version), None)


def _unknown(review: Review, versions: Sequence[Version]) -> Refusal:
    if review.version is None:
        return Refusal(
            say(
                "This issue registered no model. Name the version: `/{kind} {number}`.",
                kind=review.kind,
                number=versions[0].number,
            )
        )
    newest = ", ".join(str(version.number) for version in versions[:SHOWN])
    more = "" if len(versions) <= SHOWN else say(" and older ones")
    return Refusal(
        say("There is no version {version}, there is {newest}{more}.", version=review.version, newest=newest, more=more)
    )


def _roll_back(review: Review, versions: Sequence[Version], live: str | None) -> Plan | Refusal:
    """Everything approved after the target is rejected, the live version last: no version in between is ever live."""
    place = next((number for number, version in enumerate(versions) if version.arn == live), None)
    if place is None:
        return Refusal(say("No version is approved, so there is nothing to roll back. Approve one with `/approve`."))
    older = versions[place + 1 :]
    if review.version is None:
        target = next((version for version in older if version.approval == "Approved"), None)
        if target is None:
            return Refusal(
                say("No version before version {number} is approved. Name one that was.", number=versions[place].number)
            )
    else:
        target = _named(review, versions)
        if target is None:
            return _unknown(review, versions)
        if target.arn == live:
            return Refusal(say("Version {number} is the live one already.", number=target.number))
        if target not in older:
            return Refusal(
                say("Version {number} is newer than the live one. Write `/approve {number}`.", number=target.number)
            )
        if target.approval != "Approved":
            what = say(
                "Version {number} is {approval}; only approved versions are gone back to.",
                number=target.number,
                approval=say(NAMES[target.approval]),
            )
            return Refusal(say("{what} Write `/approve {number}` first.", what=what, number=target.number))
    newer = versions[: versions.index(target)]
    return Plan(target, tuple(_change(each, "Rejected") for each in reversed(newer) if each.approval == "Approved"))


def _change(version: Version, after: Approval) -> Change:
    return Change(version=version.number, arn=version.arn, before=version.approval, after=after)
