from __future__ import annotations

import pytest

from algorithms.errors import IssueFormatError
from local.issue_file import MAX_BYTES, read_issue


def write(tmp_path, content):
    path = tmp_path / "wine.md"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_the_file_name_is_the_title_and_the_label_is_there_by_default(tmp_path):
    issue = read_issue(write(tmp_path, "algorithm: ppo\n"))
    assert (issue.title, issue.labels, issue.body) == ("wine", ("mlops:train",), "algorithm: ppo\n")


def test_front_matter_names_title_and_labels(tmp_path):
    issue = read_issue(write(tmp_path, '---\ntitle: Wine\nlabels: ["mlops:train", other]\n---\nbody'))
    assert (issue.title, issue.labels, issue.body) == ("Wine", ("mlops:train", "other"), "body")


def test_the_same_content_has_the_same_digest(tmp_path):
    first = read_issue(write(tmp_path, "a: 1")).digest
    assert read_issue(write(tmp_path, "a: 1")).digest == first
    assert read_issue(write(tmp_path, "a: 2")).digest != first


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"caf\xe9: 1", "must be UTF-8, byte 3 is not"),
        (b"a" * (MAX_BYTES + 1), "must be at most"),
        ("---\nlabels: [other]\n---\na: 1", "labels: must hold mlops:train"),
        ("---\nlabels: 3\n---\na: 1", "labels: must be a list"),
    ],
)
def test_what_cannot_be_an_issue_is_refused(tmp_path, content, message):
    with pytest.raises(IssueFormatError, match=message):
        read_issue(write(tmp_path, content))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(IssueFormatError, match=r"nowhere\.md: cannot be read: No such file"):
        read_issue(tmp_path / "nowhere.md")
