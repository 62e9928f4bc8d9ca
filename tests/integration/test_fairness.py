"""Sensitive columns through the whole loop: a planted unfairness, and names that cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.integration.command import mlops

BODY = """learning_type: supervised
algorithm: random_forest
dataset_id: hiring
target: hired
hyperparameters: {{max_depth: 4}}
{more}
"""


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch):
    monkeypatch.setenv("MLOPS_REPORT", "none")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Nothing can be known of the women; the region plays no role, and `id` is a row number."""
    random = np.random.default_rng(0)
    n = 800
    sex, skill = random.choice(["female", "male"], n), random.normal(size=n)
    hired = np.where(sex == "male", skill > 0, random.random(n) < 0.5)
    frame = pd.DataFrame({"id": range(n), "sex": sex, "skill": skill, "region": random.choice(["n", "s"], n)})
    folder = tmp_path_factory.mktemp("hiring")
    frame.assign(hired=np.where(hired, "yes", "no")).to_csv(folder / "train.csv", index=False)
    return folder


def run(folder, data, more):
    (folder / "issue.md").write_text(BODY.format(more=more))
    done = mlops("run", folder / "issue.md", "--data", data, "--workspace", folder / "ws", "--json")
    return done.exit_code, json.loads(done.output)


def test_a_planted_unfairness_is_told_and_an_equal_group_is_not(tmp_path, data):
    more = "sensitive_columns: [sex, region]\npreprocessing: {drop_columns: [sex]}"
    code, found = run(tmp_path, data, more)
    assert code == 0, found
    (result,) = (text for text in found["comments"] if "Fairness by group" in text)
    verdicts = [line for line in result.splitlines() if "accuracy differs by" in line]
    assert "the groups of `sex`" in verdicts[0]
    assert "more than chance" in verdicts[0]
    assert "the groups of `region`" in verdicts[1]
    assert "may be chance" in verdicts[1]
    card = (tmp_path / "ws/github" / found["history"][0]).with_name("README.md").read_text()
    assert "## Fairness by group" in card
    assert verdicts[0] in card


def test_a_model_that_is_right_and_chooses_one_group_is_told(tmp_path):
    random = np.random.default_rng(0)
    sex, skill = random.choice(["female", "male"], 1500), random.normal(size=1500)
    hired = np.where(skill + np.where(sex == "female", -1.2, 1.2) > 0, "yes", "no")
    frame = pd.DataFrame({"sex": sex, "skill": skill, "region": random.choice(["n", "s"], 1500), "hired": hired})
    folder = tmp_path / "hiring"
    folder.mkdir()
    frame.to_csv(folder / "train.csv", index=False)
    code, found = run(tmp_path, folder, "sensitive_columns: [sex, region]")
    assert code == 0, found
    (result,) = (text for text in found["comments"] if "Fairness by group" in text)
    sex_parity, region_parity = (line for line in result.splitlines() if "Demographic parity difference" in line)
    assert "more than chance" in sex_parity
    assert "may be chance" in region_parity


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("[sexe]", "names no column of the dataset, got sexe. Did you mean `sex`"),
        ("[id]", "was left out"),
        ("[sex, sex]", "names a column twice"),
        ("[hired]", "names the target"),
        ("sex", "must be a list of at most 5 column names"),
        ("[a, b, c, d, e, f]", "must be a list of at most 5 column names"),
    ],
)
def test_columns_that_cannot_be(tmp_path, data, columns, expected):
    code, found = run(tmp_path, data, f"sensitive_columns: {columns}")
    assert (code, found["status"]) == (2, "invalid")
    (problem,) = found["problems"]
    assert problem["key"] == "sensitive_columns"
    assert expected in problem["message"].replace('"', "")


def test_clusters_have_no_groups(tmp_path):
    (tmp_path / "issue.md").write_text(
        "learning_type: unsupervised\nalgorithm: kmeans\ndataset_id: iris\nsensitive_columns: [x]\n"
    )
    done = mlops("check", tmp_path / "issue.md")
    assert done.exit_code == 2
    assert "sensitive_columns: is not for unsupervised learning" in done.output
