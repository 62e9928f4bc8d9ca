"""The commands beside `mlops run`: what they print, and their exit codes."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from local.cli import CANCELLED, main
from local.report import Report
from local.workspace import Workspace
from pipelines.settings import EXAMPLE, Settings


@pytest.fixture
def mlops(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, list(arguments))


def test_the_version_tells_the_commit(mlops):
    assert re.fullmatch(r"mlops \d+\.\d+\.\d+ \(([0-9a-f]{7,}|commit unknown)\)\n", mlops("--version").output)


class TestCheck:
    def test_a_valid_body(self, mlops, tmp_path):
        (tmp_path / "a.md").write_text("learning_type: reinforcement\nalgorithm: ppo\nenvironment: CartPole-v1\n")
        result = mlops("check", "a.md")
        assert (result.exit_code, result.stdout) == (0, "valid: reinforcement, ppo on CartPole-v1\n")

    def test_every_problem_is_a_line(self, mlops, tmp_path):
        (tmp_path / "a.md").write_text("learning_type: superviced\nalgorithm: xgboost\nseed: -1\n")
        result = mlops("check", "a.md")
        assert result.exit_code == 2
        assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["learning_type", "seed", "dataset_id"]

    def test_a_problem_is_one_printable_line(self, mlops):
        result = mlops("check", "\x1b]0;pwned\x07\u202e.md")
        assert result.stderr.startswith(" ]0;pwned  .md: cannot be read")
        assert result.stderr.removesuffix("\n").isprintable()

    def test_a_file_that_is_not_there(self, mlops):
        result = mlops("check", "nowhere.md")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "nowhere.md: cannot be read" in result.stderr


class TestDataAdd:
    def test_a_dataset(self, mlops, tmp_path):
        (tmp_path / "train.csv").write_text("a,b\n1,2\n")
        result = mlops("data", "add", "mine", ".")
        assert (result.exit_code, result.stdout) == (0, "mine: train.csv\n")
        assert (tmp_path / ".mlops/s3/mlops-local/datasets/mine/raw/train.csv").read_text() == "a,b\n1,2\n"

    def test_a_folder_without_rows(self, mlops):
        result = mlops("data", "add", "mine", ".")
        assert result.exit_code == 2
        assert "holds no train.csv" in result.stderr

    def test_a_workspace_that_is_in_use(self, mlops, tmp_path):
        (tmp_path / "train.csv").write_text("a,b\n1,2\n")
        with Workspace(tmp_path / ".mlops", "somebody"):
            result = mlops("data", "add", "mine", ".")
        assert result.exit_code == 1
        assert "is held by somebody" in result.stderr


def test_an_algorithm_that_is_none(mlops):
    result = mlops("algorithms", "xgbost")
    assert (result.exit_code, result.stderr) == (
        2,
        'algorithm: there is no such algorithm, got "xgbost". Did you mean `xgboost`?\n',
    )


def test_upsert_names_every_setting_that_is_missing(mlops, monkeypatch):
    for name in ("MLOPS_BUCKET", "MLOPS_ROLE_ARN", "MLOPS_IMAGE_URI", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    result = mlops("upsert")
    assert result.exit_code == 1
    assert "MLOPS_BUCKET, MLOPS_ROLE_ARN, MLOPS_IMAGE_URI, AWS_REGION or AWS_DEFAULT_REGION" in result.output


def test_upsert_takes_settings_and_tags(mlops, monkeypatch):
    seen = []
    monkeypatch.setattr("pipelines.upsert.upsert_all", lambda *given: seen.extend(given) or ["done"])
    given = {"bucket": "mine", "role_arn": "arn:aws:iam::111122223333:role/r", "region": "eu-west-1"}
    image = "image@sha256:" + "0" * 64
    result = mlops("upsert", "--kwargs", json.dumps({**given, "image_uri": image}), "--tags", '{"team": "churn"}')
    assert (result.exit_code, result.output) == (0, "done\n")
    assert seen == [Settings(**given, image_uri=image), {"team": "churn"}]


@pytest.mark.parametrize("option", ["--kwargs", "--tags"])
def test_upsert_tells_a_wrong_option_in_one_line(mlops, monkeypatch, option):
    for name, value in asdict(EXAMPLE).items():
        monkeypatch.setenv("AWS_REGION" if name == "region" else f"MLOPS_{name.upper()}", str(value))
    result = mlops("upsert", option, "-x")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith(f"{option}: must be a JSON object")


def test_compile_check_says_what_is_stale(mlops, monkeypatch):
    monkeypatch.setattr("pipelines.compile.generated_files", dict)
    assert mlops("compile", "--check").exit_code == 0


def test_a_defect_stays_a_traceback(mlops, monkeypatch):
    monkeypatch.setattr("local.listing.list_algorithms", lambda: 1 / 0)
    assert isinstance(mlops("algorithms").exception, ZeroDivisionError)


def test_what_an_early_interrupt_prints_is_an_empty_report():
    assert json.loads(CANCELLED) == Report(status="cancelled").to_dict()
