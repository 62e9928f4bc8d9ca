"""What the board shows of issues: the list, and one of them with its comments, steps and what may be replied."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_bridge.runs import Run
from lambda_bridge.sentences import primary_of
from local.github.users import BOT
from local.store import Store

PAGE = 50
STATES = ("running", "waiting", "registered", "failed")
SUGGESTED = re.compile(r"^```yaml\n(adjusted_hyperparameters:\n(?:  [^\n]*\n)+)```$", re.MULTILINE)
"""The reply that a result comment offers."""
LIST = """
SELECT i.number, i.title, i.state AS open, i.updated, u.login, r.document,
       (SELECT group_concat(l.name) FROM github_issue_labels x JOIN github_labels l ON l.id = x.label
        WHERE x.issue = i.number) AS labels
FROM github_issues i JOIN github_users u ON u.id = i.author LEFT JOIN run_records r ON r.issue = i.number
WHERE ?1 = '' OR EXISTS (SELECT 1 FROM github_issue_labels x JOIN github_labels l ON l.id = x.label
                         WHERE x.issue = i.number AND l.name = 'mlops:' || ?1)
ORDER BY i.number DESC LIMIT ?2 OFFSET ?3
"""


@dataclass(frozen=True)
class IssueLine:
    """One line of the list."""

    number: int
    title: str
    author: str
    updated: str
    state: str
    """One of STATES, `closed`, or empty where nothing was started."""
    attempts: int
    score: str


def list_issues(store: Store, state: str, page: int) -> tuple[list[IssueLine], bool]:
    """One page of the issues, newest first, and whether there is another one. `state`: one of STATES, or empty."""
    rows = store.rows(LIST, state if state in STATES else "", PAGE + 1, PAGE * (page - 1))
    return [_line(row) for row in rows[:PAGE]], len(rows) > PAGE


def _line(row: Any) -> IssueLine:
    run = None if row["document"] is None else Run.from_json(row["document"])
    labels = (row["labels"] or "").split(",")
    state = next((name for name in STATES if f"mlops:{name}" in labels), "")
    return IssueLine(
        row["number"],
        row["title"],
        row["login"],
        row["updated"],
        state or ("closed" if row["open"] == "closed" else ""),
        len(run.attempts) if run else 0,
        primary_of(run.attempts[-1]) if run and run.attempts else "",
    )


def suggestion(comments: Sequence[Mapping[str, Any]]) -> str:
    """The reply that the bot's newest offer holds, ready to be sent; empty where there is none."""
    for comment in reversed(comments):
        found = SUGGESTED.search(comment["body"]) if comment["login"] == BOT else None
        if found:
            return found[1].rstrip()
    return ""
