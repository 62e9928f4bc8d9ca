"""The file of a decision in training_history/: who approved, rejected or rolled back what, when, why. Pure."""

from __future__ import annotations

import json

from lambda_bridge.runs import Review

SCHEMA_VERSION = 1
FOLDER = "training_history/approvals"


def file_of(issue: int, review: Review, live: str | None) -> tuple[str, bytes]:
    """Path and content. In the order of their names, the files of a group tell what was live when.

    `live` : ARN of the version that is the live one from now on, None: none is
    """
    moment = review.at.strftime("%Y%m%dT%H%M%S%fZ")
    document = {
        "schema_version": SCHEMA_VERSION,
        "action": review.kind,
        "group": review.group,
        "by": review.author,
        "at": review.at.isoformat(),
        "why": review.why,
        "issue": issue,
        "comment": review.comment,
        "changes": [change.model_dump(mode="json") for change in review.changes],
        "live_before": review.live,
        "live": live,
        "checked_by": review.execution_arn,
    }
    content = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return f"{FOLDER}/{review.group}/{moment}-issue-{issue}-{review.kind}.json", content.encode()
