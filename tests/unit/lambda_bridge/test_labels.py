"""The labels: GitHub takes them, and they are those that the bridge sets and obeys."""

from __future__ import annotations

import re
from typing import get_args

import yaml

from lambda_bridge.labels import LABELS, labels_file
from lambda_bridge.ports import TRAIN_LABEL, StateLabel
from pipelines.issue_form import render_form


def test_every_label_of_the_bridge_is_described():
    assert [label.name for label in LABELS] == [TRAIN_LABEL, *get_args(StateLabel)]
    assert yaml.safe_load(render_form())["labels"] == [TRAIN_LABEL]


def test_github_takes_them():
    """Limits: "Create a label" of GitHub's REST documentation."""
    assert all(re.fullmatch("[0-9a-f]{6}", label.colour) for label in LABELS)
    assert all(len(label.name) <= 50 and len(label.description) <= 100 for label in LABELS)
    assert len({label.colour for label in LABELS}) == len(LABELS), "each is told from the others at a glance"


def test_the_file_says_the_same():
    found = yaml.safe_load(labels_file())
    assert found == [{"name": label.name, "color": label.colour, "description": label.description} for label in LABELS]
    assert labels_file().count('color: "') == len(LABELS), "5319e7 is a number to YAML 1.2"
