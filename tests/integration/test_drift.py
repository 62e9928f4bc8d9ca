"""`mlops drift` on a model that `mlops run` registered, on damaged input, and the issue that it opens."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from sklearn.datasets import load_wine

from lambda_bridge.issue_body import read_body
from local.github import LocalGitHub, Server
from local.github.issues import IssueEdit
from local.github.users import OWNER
from local.registry import Registry
from local.workspace import Workspace
from tests.integration.command import mlops, registered

BODY = """
learning_type: supervised
algorithm: logistic_regression
dataset_id: wine
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with one registered version."""
    return registered(tmp_path_factory.mktemp("drift"), BODY)


@pytest.fixture(scope="module")
def group(workspace):
    with Workspace(workspace) as opened:
        (found,) = Registry(opened.store).groups()
    return found.name


@pytest.fixture
def rows(tmp_path):
    """The rows that were learned from, with changes, as a file."""
    wines = load_wine(as_frame=True).data

    def write(name="new.csv", **columns):
        file = tmp_path / name
        changed = wines.assign(**columns)
        changed.to_parquet(file) if file.suffix == ".parquet" else changed.to_csv(file, index=False)
        return file

    return write


@pytest.mark.parametrize("name", ["new.csv", "new.parquet"])
def test_the_same_rows_are_stable(workspace, group, rows, name):
    done = mlops("drift", group, rows(name), "--workspace", workspace)
    assert done.exit_code == 0, done.output
    assert "0 of 13 columns changed, 178 rows against 142" in done.stdout


def test_a_planted_change_is_named_with_its_size(workspace, group, rows):
    wines = load_wine(as_frame=True).data
    missing = wines["hue"].where(wines.index % 3 > 0)
    file = rows(alcohol=wines["alcohol"] + 1.5, hue=missing)
    done = mlops("drift", group, file, "--workspace", workspace, "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["status"], found["model"].rpartition("/")[2]) == (3, "drift", "1")
    told = {(one["column"], one["test"]): one["verdict"] for one in found["changes"] if one["verdict"] != "stable"}
    assert told == {("alcohol", "ks"): "major", ("hue", "missing"): "major"}


def test_texts_among_numbers_and_columns_that_are_not_there_are_told(workspace, group, rows, tmp_path):
    table = pd.read_csv(rows()).drop(columns="hue").astype({"ash": "str"})
    table.loc[3, "ash"] = "<script>@team"
    table.to_csv(tmp_path / "new.csv", index=False)
    notes = json.loads(mlops("drift", group, tmp_path / "new.csv", "--workspace", workspace, "--json").stdout)["notes"]
    assert any("not in the data" in note and "hue" in note for note in notes)
    assert any("ash" in note and "counted as missing" in note for note in notes)


@pytest.mark.parametrize(
    ("content", "told"),
    [("a,b\n" + "1,2\n" * 40, "none of the model's columns"), ("", "empty"), ("alcohol\n1\n", "at least 30 rows")],
)
def test_rows_that_cannot_be_compared_are_refused(workspace, group, tmp_path, content, told):
    file = tmp_path / "new.csv"
    file.write_text(content)
    done = mlops("drift", group, file, "--workspace", workspace)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


@pytest.mark.parametrize("name", ["nobody", "arn:aws:sagemaker:us-local-1:000000000000:model-package/x/1", "../../etc"])
def test_a_model_that_is_not_there_is_refused(workspace, rows, name):
    done = mlops("drift", name, rows(), "--workspace", workspace)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no" in done.stderr


@pytest.mark.parametrize(
    "content", ["", "[]", '{"schema_version": 1, "columns": {"a": {"type": "number", "count": 1}}}']
)
def test_a_damaged_baseline_is_refused(rows, tmp_path, content):
    (tmp_path / "baseline.json").write_text(content)
    done = mlops("drift", tmp_path / "baseline.json", rows(), "--workspace", tmp_path / "none")
    assert done.exit_code == 2
    assert "Train it again" in done.stderr


def test_the_issue_is_valid_holds_the_changes_and_starts_nothing(workspace, group, rows, tmp_path, monkeypatch):
    wines = load_wine(as_frame=True).data
    file = rows(alcohol=wines["alcohol"] + 1.5)
    with Workspace(tmp_path / "github") as opened:
        github = LocalGitHub(opened.store, tmp_path / "git", "a-webhook-secret")
        server = Server.start(github)
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", github.token_of(OWNER))
        try:
            same = mlops("drift", group, rows("same.csv"), "--workspace", workspace, "--open", github.repository)
            assert (same.exit_code, "opened" in same.stdout) == (0, False)
            done = mlops("drift", group, file, "--workspace", workspace, "--open", github.repository)
            issue = github.issues.edit(github.users.named(OWNER), 1, IssueEdit())
        finally:
            server.close()
            github.close()
    assert done.exit_code == 3
    assert "opened http" in done.stdout
    assert issue["labels"] == []
    assert "`alcohol` | major" in issue["body"]
    assert read_body(issue["body"]).algorithm == "logistic_regression"
    wrong = mlops("drift", group, file, "--workspace", workspace, "--open", "a/b/c")
    assert (wrong.exit_code, "OWNER/REPO: must be" in wrong.stderr) == (2, True)
