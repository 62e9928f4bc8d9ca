"""What a decision about a version changes in the model registry. Pure.

The version that was registered last among the approved ones is the live one: new models are compared with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lambda_bridge.ports import Version
from lambda_bridge.runs import Approval, Change, Review

NAMES: dict[Approval, str] = {
    "PendingManualApproval": "pending",
    "Approved": "approved",
    "Rejected": "rejected",
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
        return Refusal("No model of this issue's kind was registered yet. Train one first.")
    if review.kind == "rollback":
        return _roll_back(review, versions, live)
    mine = (version for version in versions if version.arn in own)
    target = next(mine, None) if review.version is None else _named(review, versions)
    if target is None:
        return _unknown(review, versions)
    wanted: Approval = "Approved" if review.kind == "approve" else "Rejected"
    if target.approval == wanted:
        return Refusal(f"Version {target.number} is {NAMES[wanted]} already.")
    return Plan(target, (_change(target, wanted),))


def _named(review: Review, versions: Sequence[Version]) -> Version | None:
    return next((version for version in versions if version.number == review.version), None)


def _unknown(review: Review, versions: Sequence[Version]) -> Refusal:
    if review.version is None:
        return Refusal(f"This issue registered no model. Name the version: `/{review.kind} {versions[0].number}`.")
    newest = ", ".join(str(version.number) for version in versions[:SHOWN])
    more = "" if len(versions) <= SHOWN else " and older ones"
    return Refusal(f"There is no version {review.version}, there is {newest}{more}.")


def _roll_back(review: Review, versions: Sequence[Version], live: str | None) -> Plan | Refusal:
    """Everything approved after the target is rejected, the live version last: no version in between is ever live."""
    place = next((number for number, version in enumerate(versions) if version.arn == live), None)
    if place is None:
        return Refusal("No version is approved, so there is nothing to roll back. Approve one with `/approve`.")
    older = versions[place + 1 :]
    if review.version is None:
        target = next((version for version in older if version.approval == "Approved"), None)
        if target is None:
            return Refusal(f"No version before version {versions[place].number} is approved. Name one that was.")
    else:
        target = _named(review, versions)
        if target is None:
            return _unknown(review, versions)
        if target.arn == live:
            return Refusal(f"Version {target.number} is the live one already.")
        if target not in older:
            return Refusal(f"Version {target.number} is newer than the live one. Write `/approve {target.number}`.")
        if target.approval != "Approved":
            what = f"Version {target.number} is {NAMES[target.approval]}; only approved versions are gone back to."
            return Refusal(f"{what} Write `/approve {target.number}` first.")
    newer = versions[: versions.index(target)]
    return Plan(target, tuple(_change(each, "Rejected") for each in reversed(newer) if each.approval == "Approved"))


def _change(version: Version, after: Approval) -> Change:
    return Change(version=version.number, arn=version.arn, before=version.approval, after=after)
