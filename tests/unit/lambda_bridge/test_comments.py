from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from algorithms.errors import Problem
from lambda_bridge import comments
from lambda_bridge.advise import Advice
from lambda_bridge.issue_body import read_mapping
from lambda_bridge.runs import Attempt, ProblemRecord, Run
from lambda_bridge.sentences import LONGEST_COMMENT
from pipelines.request import parse_request, resolve

START = datetime(2026, 1, 1, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-local-1:000000000000:model-package/supervised-xgboost-iris-5b4d5b/2"
PLANNED = ("Prepare", "Train", "Evaluate")
ADVICE = Advice("overfitting", "It fits too closely.", {"max_depth": 3, "subsample": 0.5}, "These values are simpler.")


def attempt(status="below_threshold", number=1, **changes):
    given = {"hyperparameters": {"max_depth": 6}, "execution_arn": "arn:execution", "metrics": evaluation()["metrics"]}
    return Attempt(number=number, status=status, **{**given, **changes})


def run(*attempts, settle=True, **keys):
    given = {"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "iris", "evaluation_threshold": 0.95}
    request = parse_request({**given, **keys})
    return Run(
        issue=7,
        state="running",
        title="Classify",
        slug="classify",
        author="alice",
        start_key="1:x",
        started=START,
        request=request,
        settled=resolve(request) if settle else None,
        attempts=attempts or (attempt(),),
    )


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


def primary(name, value, **more):
    return evaluation(metrics={"primary": {"name": name, "value": value, "ci95": None, **more}})


def step(name, status="Succeeded", seconds=1.25, **more):
    end = {"EndTime": START + timedelta(seconds=seconds)} if status != "Executing" else {}
    return {"StepName": name, "StepStatus": status, "StartTime": START, **end, **more}


def rows(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


class TestProgress:
    def test_a_row_per_step_and_a_bar(self):
        steps = [step("Prepare", StepDisplayName="Prepare the data"), step("Train", "Executing")]
        text = comments.progress(run(attempt(None), attempt(None, 2)), steps, PLANNED)
        assert rows(text)[2:] == [
            ["Prepare the data", "✅ done", "1.2 s"],
            ["Train the model", "⏳ running", ""],
            ["Evaluate the model", "", ""],
        ]
        assert "### Training `xgboost` on `iris`, attempt 2 of at most 4\n" in text
        assert "`██████░░░░░░░░░░░░░░` 1 of 3 steps" in text
        assert "`max_depth=6`" in text

    def test_attempts_of_earlier_runs_are_told(self):
        later = run(attempt("failed"), attempt(None, 2)).model_copy(update={"first_attempt": 2})
        assert "attempt 2 of at most 5 (attempts 1 to 1 were earlier runs)" in comments.progress(later, [], PLANNED)

    def test_a_step_off_the_good_path_comes_last(self):
        steps = [step("Prepare"), step("BelowThreshold", "Failed")]
        assert rows(comments.progress(run(), steps, PLANNED))[-1][:2] == ["BelowThreshold", "❌ failed"]

    def test_below_the_threshold_nothing_is_left_to_do(self):
        check = step("CheckScore", Metadata={"Condition": {"Outcome": "False"}})
        end = step("BelowThreshold", "Failed", StepDisplayName="Below the threshold", Metadata={"Fail": {}})
        steps = [*map(step, PLANNED), check, end]
        text = comments.progress(run(), steps, (*PLANNED, "CheckScore", "RegisterModel"))
        assert [row[:2] for row in rows(text)[5:]] == [
            ["Is the score good enough?", "✅ done"],
            ["Register the model", "skipped"],
            ["Below the threshold", "⚠️ below the threshold"],
        ]
        assert f"`{'█' * 20}` 4 of 4 steps" in text

    def test_a_step_that_failed_skips_nothing(self):
        text = comments.progress(run(), [step("Prepare", "Failed")], ("Prepare", "RegisterModel"))
        assert [row[:2] for row in rows(text)[2:]] == [["Prepare", "❌ failed"], ["Register the model", ""]]
        assert "0 of 2 steps" in text

    def test_a_re_used_step_says_so(self):
        text = comments.progress(run(settle=False), [step("Prepare", CacheHitResult={"x": "y"})], PLANNED)
        assert rows(text)[2][1] == "✅ done, re-used"

    def test_says_the_most_that_the_run_may_cost(self):
        assert "\n\nAt most 3 h.\n" in comments.progress(run(), [], PLANNED, bound="At most 3 h.")

    def test_a_refused_run_has_none(self):
        with pytest.raises(ValueError, match="no request"):
            comments.progress(run(settle=False).model_copy(update={"request": None}), [], PLANNED)


class TestResult:
    def test_every_metric_stands_in_the_table(self):
        text = comments.result(run(attempt("registered"), evaluation_threshold=0.85), evaluation())
        assert text.startswith("### Attempt 1: registered ✅\n")
        assert rows(text) == [
            ["metric", "test (30 rows)", "training", "dummy baseline", "previous version"],
            ["---"] * 5,
            ["**accuracy**", "0.9", "1", "0.3333", ""],
            ["f1", "0.88", "", "", ""],
            ["roc_auc", "undefined", "", "", ""],
        ]
        assert "**accuracy 0.9** (95 % interval 0.8 to 0.95), threshold at least 0.85.\n" in text
        assert "Hyperparameters: `max_depth=6`." in text

    def test_the_gap_is_told(self):
        assert "threshold at least 0.95. That is 0.05 below the threshold.\n" in comments.result(run(), evaluation())
        asked = {"task_type": "regression", "evaluation_metric": "rmse", "evaluation_threshold": 3000}
        text = comments.result(run(**asked), primary("rmse", 3100.0))
        assert "**rmse 3100**, threshold at most 3000. That is 100 above the threshold.\n" in text

    def test_a_share_of_the_training_rows_is_no_test_value(self):
        found = primary("explained_variance", 0.96)
        found["metrics"] |= {"explained_variance": 0.96, "explained_variance_test": 0.91}
        found["train"] = {"primary": {"name": "explained_variance", "value": 0.96}}
        text = comments.result(run(learning_type="unsupervised", algorithm="pca"), found)
        assert "**explained_variance 0.96** on the training rows, threshold at least 0.95.\n" in text
        assert rows(text)[2:] == [["**explained_variance**", "0.91", "0.96", "0.3333", ""]]

    def test_an_undefined_score_is_said(self):
        text = comments.result(run(evaluation_threshold=None), primary("accuracy", None, score=-1.7e308))
        assert "**accuracy undefined**, no threshold asked for. accuracy could not be computed" in text

    def test_without_a_threshold_there_is_no_gap(self):
        text = comments.result(run(attempt("registered"), evaluation_threshold=None), evaluation())
        assert "no threshold asked for.\n" in text

    def test_the_previous_version_is_compared(self):
        comparison = {"model_package_arn": ARN, "primary": {"name": "accuracy", "value": 0.91}, "n": 30}
        text = comments.result(run(), evaluation(comparison=comparison))
        assert rows(text)[2][-1] == "0.91"
        assert "scored on" not in text
        text = comments.result(run(), evaluation(comparison={**comparison, "n": 22}))
        assert "scored on 22 of the 30 test rows; it had learned from the others" in text

    def test_a_previous_version_that_did_not_load_leaves_the_cell_empty(self):
        comparison = {"model_package_arn": ARN, "primary": None, "error": "model: damaged.", "n": 0}
        text = comments.result(run(), evaluation(comparison=comparison))
        assert rows(text)[2][-1] == ""
        assert "The previous version could not be compared: model: damaged." in text

    def test_a_registered_model_that_is_no_better_is_warned_of(self):
        good = run(attempt("registered"), evaluation_threshold=0.3)
        dummy = {"primary": {"name": "accuracy", "value": 0.9}}
        better = {"primary": {"name": "accuracy", "value": 0.95}, "n": 30}
        text = comments.result(good, evaluation(baseline=dummy, comparison=better))
        assert "⚠️ This model is no better than a dummy (0.9) and the previous version (0.95); look twice" in text
        assert "no better" not in comments.result(good, evaluation(comparison={**better, "n": 22}))
        assert "no better" not in comments.result(good, evaluation(baseline=None))
        assert "no better" not in comments.result(run(), evaluation(baseline=dummy))
        asked = run(attempt("registered"), task_type="regression", evaluation_metric="rmse", evaluation_threshold=3000)
        lower = {**primary("rmse", 100.0), "baseline": {"primary": {"name": "rmse", "value": 99.0}}}
        assert "no better than a dummy (99)" in comments.result(asked, lower)

    def test_findings_and_the_target_are_inert(self):
        found = {"findings": [{"message": "column <b>@octocat</b>"}], "target": {"name": "#1 <i>", "why": "it is last"}}
        text = comments.result(run(), evaluation(dataset=found))
        assert "Found in the data" in text
        for trigger in ("@octocat", "<b>", "#1", "<i>"):
            assert trigger not in text

    def test_choices_are_told_once_a_run(self):
        found = evaluation(dataset={"target": {"name": "species", "why": "it is the last column"}})
        assert "- target is species: it is the last column." in comments.result(run(), found)
        assert "- target is" not in comments.result(run(target="species"), found)
        assert "Chosen for you" not in comments.result(run(attempt(), attempt(number=2)), found)

    def test_a_target_that_clusters_do_not_see_is_told(self):
        found = evaluation(dataset={"target": {"name": "species", "why": "metadata.json names it"}})
        text = comments.result(run(learning_type="unsupervised", algorithm="kmeans"), found)
        assert "- species is left out of the features: it is a target, metadata.json names it." in text

    def test_episodes_are_no_rows(self):
        asked = run(learning_type="reinforcement", algorithm="ppo", dataset_id=None, environment="CartPole-v1")
        assert "test (1 episode)" in comments.result(asked, {**primary("mean_reward", 9.0), "n": 1, "dataset": None})

    def test_a_failure_tells_step_and_reason(self):
        problem = ProblemRecord(key="Train", message="killed by signal 9")
        text = comments.result(run(attempt("failed", problems=(problem,))), None)
        assert text.startswith("### Attempt 1: failed in `Train` ❌\n\n- `Train`: killed by signal 9\n")

    def test_an_invalid_dataset_lists_every_problem(self):
        problems = (ProblemRecord(key="target", message="target: is missing."), ProblemRecord(key="", message="more"))
        text = comments.result(run(attempt("invalid", problems=problems, execution_arn=None), settle=False), None)
        assert "- `target`: is missing.\n- more" in text
        assert "Hyperparameters" not in text

    def test_an_attempt_that_nobody_judged(self):
        assert comments.result(run(attempt(None)), None).startswith("### Attempt 1: not judged\n")
        assert comments.result(run(attempt("failed")), None).startswith("### Attempt 1: failed ❌\n")

    def test_plots_and_the_record(self):
        recorded = run(attempt(record_url="https://example.org/r"))
        text = comments.result(recorded, None, plots={"confusion_matrix.png": "https://example.org/p"})
        assert "![confusion matrix](<https://example.org/p>)" in text
        assert "[Record of this attempt](<https://example.org/r>).\n" in text
        text = comments.result(recorded, None, branch="mlops-history")
        assert "on the branch `mlops-history`, since the default branch is protected." in text
        text = comments.result(recorded, None, problem="@octocat refused it")
        assert "could not be committed: @\u200boctocat refused it" in text
        assert "Record of this attempt" not in text


class TestWhatToTry:
    def test_a_reply_that_can_be_pasted(self):
        text = comments.result(run(), evaluation(), advice=ADVICE)
        assert "#### What to try next\n\nIt fits too closely. These values are simpler.\n" in text
        block = text[text.index("```yaml") : text.index("or in one line")]
        assert read_mapping(block) == {"adjusted_hyperparameters": {"max_depth": 3, "subsample": 0.5}}
        assert "`/retrain max_depth=3 subsample=0.5`" in text
        assert "3 retries left. `/cancel` ends the run" in text

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            (None, "null"),
            ("sqrt", "sqrt"),
            ("true", '"true"'),
            ("a b", '"a b"'),
            ([100, 50], "[100,50]"),
            (1e-05, "1e-05"),
        ],
    )
    def test_values_read_back_as_they_were_meant(self, value, written):
        text = comments.result(run(), evaluation(), advice=Advice("unclear", "", {"x": value}, ""))
        assert f"`/retrain x={written}`" in text
        block = text[text.index("```yaml") : text.index("or in one line")]
        assert read_mapping(block) == {"adjusted_hyperparameters": {"x": value}}

    def test_without_values_the_form_of_a_reply_is_shown(self):
        text = comments.result(run(max_retry=1), evaluation(), advice=Advice("unclear", "Hm.", {}, "More data."))
        assert "Hm. More data." in text
        assert "`/retrain name=value`" in text
        assert "1 retry left" in text
        assert "`/retrain name=value`" in comments.result(run(), evaluation())

    def test_without_retries_nobody_is_asked(self):
        text = comments.result(run(max_retry=0), evaluation(), advice=ADVICE)
        assert "#### No retries left" in text
        assert "This run had one attempt (`max_retry: 0`)." in text
        assert "`max_depth=3`, `subsample=0.5` would be the next values to try." in text
        assert "```yaml" not in text
        both = run(attempt(), attempt(number=2), max_retry=1)
        text = comments.result(both, evaluation())
        assert "All 2 attempts of this run are used up (`max_retry: 1`).\n" in text

    def test_only_an_attempt_below_the_threshold_asks(self):
        assert "What to try" not in comments.result(run(attempt("registered")), evaluation(), advice=ADVICE)


class TestFinal:
    @pytest.mark.parametrize(
        ("status", "reason", "told"),
        [
            ("below_threshold", None, "The best was attempt 1, with accuracy 0.9."),
            ("below_threshold", "nobody answered", "Nobody answered. The best was attempt 1, with accuracy 0.9."),
            ("cancelled", "by @octocat", "Cancelled by @\u200boctocat."),
            ("failed", "the disk is full", "The disk is full."),
            ("failed", None, "- `Train`: no space"),
            ("invalid", None, "- `Train`: no space"),
        ],
    )
    def test_why_it_ended_and_what_is_live(self, status, reason, told):
        ended = run(attempt(problems=(ProblemRecord(key="Train", message="no space"),)))
        text = comments.final(ended, status, reason, ARN)
        assert text.startswith("### Ended: ")
        assert f"\n\n{told}\n\nNothing was registered. The approved version stays `{ARN}`." in text
        assert "apply the label `mlops:train` again" in text

    def test_the_new_version_is_named(self):
        attempts = attempt(), attempt("registered", 2, model_package_arn=ARN, record_url="https://example.org/2")
        text = comments.final(run(*attempts), "registered", None, None)
        assert f"`{ARN}`, pending manual approval.\nNo version is approved yet." in text
        assert rows(text)[2:] == [
            ["1", "accuracy 0.9", "below the threshold ⚠️", "`max_depth=6`"],
            ["[2](<https://example.org/2>)", "accuracy 0.9", "registered ✅", "`max_depth=6`"],
        ]

    def test_a_run_that_never_trained(self):
        text = comments.final(run().model_copy(update={"first_attempt": 2}), "failed", None, None)
        assert text.startswith("### Ended: failed ❌\n\nNothing was registered. No version is approved yet.")
        assert rows(text) == []
        never = run(attempt("failed", metrics={}))
        assert "\n\nNobody answered.\n\n" in comments.final(never, "below_threshold", "nobody answered", None)
        assert "The best" not in comments.final(never, "below_threshold", None, None)


def test_an_invalid_request_counts_and_lists_its_problems():
    text = comments.invalid([Problem("seed", -1, "seed: must be at least 0, got -1.")])
    assert text.startswith("### This request cannot start: 1 problem\n")
    assert "- `seed`: must be at least 0, got -1." in text


def test_a_comment_never_exceeds_what_github_takes():
    problems = [Problem("key", None, "*" * 900 + str(n)) for n in range(1000)]
    text = comments.invalid(problems)
    assert len(text) <= LONGEST_COMMENT
    assert text.endswith("(The rest did not fit.)\n")
    short = comments.invalid([Problem("", None, f"p{n}") for n in range(1000)])
    assert "- and 940 more" in short
