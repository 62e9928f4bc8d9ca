from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from algorithms.errors import Problem
from lambda_bridge import comments
from lambda_bridge.judge import BelowThreshold, Failed, Invalid, Registered, Stopped
from pipelines.request import parse_request, resolve

START = datetime(2026, 1, 1, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-local-1:000000000000:model-package/supervised-xgboost-iris-5b4d5b/2"
PLANNED = ("Prepare", "Train", "Evaluate")


def request(**keys):
    given = {"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "iris", **keys}
    return resolve(parse_request(given))


def evaluation(**keys):
    primary = {"name": "accuracy", "value": 0.9, "score": 0.9, "greater_is_better": True, "ci95": [0.8, 0.95]}
    given = {
        "metrics": {"primary": primary, "f1": 0.88, "roc_auc": None},
        "train": {"primary": {"name": "accuracy", "value": 1.0}},
        "baseline": {"primary": {"name": "accuracy", "value": 0.3333333}},
        "comparison": None,
        "n": 30,
        "dataset": {"findings": []},
    }
    return given | keys


def step(name, status="Succeeded", seconds=1.25, **more):
    end = {"EndTime": START + timedelta(seconds=seconds)} if status != "Executing" else {}
    return {"StepName": name, "StepStatus": status, "StartTime": START, **end, **more}


def rows(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


class TestProgress:
    def test_a_row_per_step_and_a_bar(self):
        steps = [step("Prepare", StepDisplayName="Prepare the data"), step("Train", "Executing")]
        text = comments.progress(request(), 2, steps, PLANNED)
        assert rows(text)[2:] == [
            ["Prepare the data", "✅ done", "1.2 s"],
            ["Train", "⏳ running", ""],
            ["Evaluate", "", ""],
        ]
        assert "attempt 2 of at most 4" in text
        assert "`██████░░░░░░░░░░░░░░` 1 of 3 steps" in text

    def test_a_step_off_the_good_path_comes_last(self):
        steps = [step("Prepare"), step("BelowThreshold", "Failed")]
        assert rows(comments.progress(request(), 1, steps, PLANNED))[-1][:2] == ["BelowThreshold", "❌ failed"]

    def test_a_re_used_step_says_so(self):
        text = comments.progress(request(), 1, [step("Prepare", CacheHitResult={"x": "y"})], PLANNED)
        assert rows(text)[2][1] == "✅ done, re-used"


class TestResult:
    def test_every_metric_stands_in_the_table(self):
        text = comments.result(request(evaluation_threshold=0.85), 1, Registered(ARN), evaluation(), [])
        assert rows(text) == [
            ["metric", "test (30 rows)", "training", "dummy baseline", "previous version"],
            ["---"] * 5,
            ["**accuracy**", "0.9", "1", "0.3333", ""],
            ["f1", "0.88", "", "", ""],
            ["roc_auc", "undefined", "", "", ""],
        ]
        assert "**accuracy 0.9** (95 % interval 0.8 to 0.95), threshold at least 0.85." in text

    def test_the_previous_version_is_compared(self):
        comparison = {"model_package_arn": ARN, "primary": {"name": "accuracy", "value": 0.91}, "difference": -0.01}
        text = comments.result(request(), 1, Registered(ARN), evaluation(comparison=comparison), [])
        assert rows(text)[2][-1] == "0.91"

    def test_a_previous_version_that_did_not_load_leaves_the_cell_empty(self):
        comparison = {"model_package_arn": ARN, "primary": None, "error": "model: damaged.", "n": 0}
        text = comments.result(request(), 1, Registered(ARN), evaluation(comparison=comparison), [])
        assert rows(text)[2][-1] == ""
        assert "The previous version could not be compared: model: damaged." in text

    def test_a_comparison_on_a_part_of_the_test_rows_is_told(self):
        comparison = {"model_package_arn": ARN, "primary": {"name": "accuracy", "value": 0.91}, "n": 22}
        text = comments.result(request(), 1, Registered(ARN), evaluation(comparison=comparison), [])
        assert "scored on 22 of the 30 test rows; it had learned from the others" in text
        comparison["n"] = 30
        assert "scored on" not in comments.result(request(), 1, Registered(ARN), evaluation(comparison=comparison), [])

    def test_an_undefined_score_is_said(self):
        primary = {"name": "accuracy", "value": None, "score": -1.7e308, "ci95": None}
        text = comments.result(request(), 1, BelowThreshold(), evaluation(metrics={"primary": primary}), [])
        assert "**accuracy undefined**, no threshold asked for." in text

    def test_lower_is_better_reads_at_most(self):
        asked = request(task_type="regression", evaluation_metric="rmse", evaluation_threshold=3000)
        primary = {"name": "rmse", "value": 3100.0, "ci95": None}
        text = comments.result(asked, 1, BelowThreshold(), evaluation(metrics={"primary": primary}), [])
        assert "**rmse 3100**, threshold at most 3000." in text
        assert "below the threshold" in text.splitlines()[0]

    def test_findings_and_notes_are_inert(self):
        found = evaluation(dataset={"findings": [{"kind": "x", "column": "c", "message": "column <b>@octocat</b>"}]})
        text = comments.result(request(), 1, Registered(ARN), found, ["task_type is `x` #1"])
        assert "@octocat" not in text
        assert "<b>" not in text
        assert "#1" not in text

    def test_the_target_is_told_where_the_request_left_it_open(self):
        found = evaluation(dataset={"target": {"name": "species", "why": "it is the last column"}})
        told = "- target is species: it is the last column."
        assert told in comments.result(request(), 1, Registered(ARN), found, [])
        assert told not in comments.result(request(target="species"), 1, Registered(ARN), found, [])

    def test_a_target_that_clusters_do_not_see_is_told(self):
        found = evaluation(dataset={"target": {"name": "species", "why": "metadata.json names it"}})
        asked = resolve(parse_request({"learning_type": "unsupervised", "algorithm": "kmeans", "dataset_id": "iris"}))
        text = comments.result(asked, 1, Registered(ARN), found, [])
        assert "- species is left out of the features: it is a target, metadata.json names it." in text

    def test_a_failure_tells_step_and_reason(self):
        text = comments.result(request(), 1, Failed("Train", "killed by signal 9"), None, [])
        assert text.startswith("### Attempt 1: failed in `Train` ❌\n\nkilled by signal 9\n")

    def test_an_invalid_dataset_lists_every_problem(self):
        problems = [Problem("target", "x", "target: is missing."), Problem("", None, "more")]
        text = comments.result(request(), 1, Invalid(problems), None, [])
        assert "- `target`: target: is missing.\n- more" in text


@pytest.mark.parametrize(
    ("outcome", "head"),
    [
        (BelowThreshold(), "### Ended: below the threshold ⚠️"),
        (Stopped(), "### Ended: cancelled ⏹️"),
        (Failed("", "x"), "### Ended: failed ❌"),
        (Invalid([]), "### Ended: the request or its dataset is invalid ❌"),
    ],
)
def test_the_final_comment_says_what_is_live(outcome, head):
    text = comments.final(request(), outcome, ARN)
    assert text.startswith(head)
    assert f"Nothing was registered. The approved version stays `{ARN}`." in text


def test_the_final_comment_names_the_new_version():
    text = comments.final(request(), Registered(ARN), None)
    assert f"`{ARN}`, pending manual approval. No version is approved yet." in text


def test_an_invalid_request_counts_and_lists_its_problems():
    text = comments.invalid([Problem("seed", -1, "seed: must be at least 0, got -1.")])
    assert text.startswith("### This request cannot start: 1 problem\n")
    assert "- `seed`: seed: must be at least 0, got -1." in text


def test_a_comment_never_exceeds_what_github_takes():
    problems = [Problem("key", None, "x" * 300) for _ in range(1000)]
    text = comments.invalid(problems)
    assert len(text) <= comments.LONGEST_COMMENT
    assert text.endswith("(The rest did not fit.)\n")
