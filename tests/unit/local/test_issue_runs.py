"""Which file was taken up as which issue."""

from __future__ import annotations

import pytest

from local.issue_runs import IssueRuns
from local.store import Store


@pytest.fixture
def runs(tmp_path):
    return IssueRuns(Store(tmp_path / "mlops.db"))


def test_an_unfinished_run_is_found_by_file_and_content(runs):
    begun = runs.begin("/a.md", "hash", "data")
    assert runs.unfinished("/a.md", "hash") == begun
    assert runs.unfinished("/b.md", "hash") is None
    assert runs.unfinished("/a.md", "other") is None
    assert begun.issue is None


def test_the_issue_is_known_once_it_is_open(runs):
    begun = runs.begin("/a.md", "hash", "data")
    assert not runs.knows(5)
    runs.opened(begun, 5)
    assert runs.unfinished("/a.md", "hash").issue == 5
    assert runs.knows(5)


def test_what_has_ended_is_not_gone_on_with(runs):
    older, newer = runs.begin("/a.md", "hash", "data"), runs.begin("/a.md", "hash", "data")
    assert runs.unfinished("/a.md", "hash") == newer
    runs.ended(newer)
    assert runs.unfinished("/a.md", "hash") == older
    runs.ended(older)
    assert runs.unfinished("/a.md", "hash") is None
