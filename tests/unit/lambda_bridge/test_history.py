from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_bridge import history
from lambda_bridge.history import HistoryError
from lambda_bridge.runs import Attempt, ProblemRecord, Run
from pipelines.request import parse_request, resolve

START = datetime(2026, 1, 1, tzinfo=UTC)
PRIMARY = {"name": "accuracy", "value": 0.9, "score": 0.9, "ci95": None}
EVALUATION = {
    "metrics": {"primary": PRIMARY},
    "baseline": {"primary": {"name": "accuracy", "value": 0.4, "score": 0.4}},
    "comparison": None,
    "n": 30,
    "dataset": {"findings": [{"message": "column <b>@octocat</b>"}]},
}
STEPS = [
    {"StepName": "Prepare", "StepStatus": "Succeeded", "StartTime": START, "EndTime": START + timedelta(seconds=1.5)},
    {"StepName": "Train", "StepStatus": "Failed", "StartTime": START, "CacheHitResult": {"x": "y"}},
]
PNG = b"\x89PNG\r\n\x1a\n"


def run(*attempts, **changes):
    request = parse_request({"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "iris", "seed": 4})
    base = {
        "issue": 7,
        "number": 2,
        "state": "running",
        "title": "Irises <i> @octocat",
        "slug": "irises",
        "author": "alice",
        "start_key": "1:x",
        "started": START,
        "request": request,
        "settled": resolve(request),
        "attempts": attempts or (attempt(),),
    }
    return Run(**{**base, **changes})


def attempt(number=1, **changes):
    base = {
        "hyperparameters": {"max_depth": 3},
        "parameters": {"DatasetDigest": "d1", "RunId": "x"},
        "execution_arn": "arn:execution",
        "status": "below_threshold",
        "metrics": EVALUATION["metrics"],
        "train_score": 0.99,
        "seconds": 3.5,
    }
    return Attempt(number=number, **{**base, **changes})


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("wine", "wine"),
        ("[MLOps] Classify Irises!", "mlops-classify-irises"),
        ("Façade déjà-vu", "facade-deja-vu"),
        ("../../etc/passwd", "etc-passwd"),
        ("日本語", "issue"),
        ("", "issue"),
        ("a" * 49 + " b", "a" * 49),
    ],
)
def test_a_slug_is_short_and_plain(title, slug):
    assert history.slug(title) == slug


@given(st.text(max_size=300))
def test_a_slug_never_leaves_its_folder(title):
    found = history.slug(title)
    assert 0 < len(found) <= 50
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert found[0] != "-" != found[-1]


class TestRecord:
    def test_it_holds_what_led_to_the_model(self):
        problems = (ProblemRecord(key="k", value=1, message="m"),)
        found = history.record(run(attempt(model_package_arn="arn:p", problems=problems)), EVALUATION, STEPS, "1.0")
        assert found["run_id"] == "issue-7-attempt-1"
        assert (found["issue"], found["run"], found["attempt"], found["status"]) == (7, 2, 1, "below_threshold")
        assert (found["author"], found["code_version"], found["schema_version"]) == ("alice", "1.0", 1)
        assert (found["dataset_digest"], found["seed"], found["hyperparameters"]) == ("d1", 4, {"max_depth": 3})
        assert found["request"]["algorithm"] == "xgboost"
        assert (found["metrics"], found["train_score"]) == (EVALUATION["metrics"], 0.99)
        assert (found["baseline"], found["n"]) == (EVALUATION["baseline"], 30)
        assert (found["model_package_arn"], found["execution_arn"]) == ("arn:p", "arn:execution")
        assert found["problems"] == [{"key": "k", "value": 1, "message": "m"}]
        assert found["previous_record"] is None
        assert found["steps"] == [
            {"name": "Prepare", "status": "Succeeded", "seconds": 1.5, "reused": False},
            {"name": "Train", "status": "Failed", "seconds": None, "reused": True},
        ]

    def test_the_newest_record_before_it_is_named(self):
        before = attempt(1, record_digest="a"), attempt(2, record_digest="b"), attempt(3)
        assert history.record(run(*before, attempt(4)), None, [], "1")["previous_record"] == "b"

    def test_it_never_names_itself(self):
        assert history.record(run(attempt(record_digest="a")), None, [], "1")["previous_record"] is None

    def test_without_a_request_or_an_evaluation(self):
        found = history.record(run(request=None, settled=None), None, [], "1")
        assert (found["request"], found["seed"], found["baseline"]) == (None, None, None)


class TestCanonical:
    def test_same_facts_same_bytes(self):
        one, other = history.canonical({"b": 1, "a": [2.5, "ü"]}), history.canonical({"a": (2.5, "ü"), "b": 1})
        assert one == other == b'{\n  "a": [\n    2.5,\n    "\\u00fc"\n  ],\n  "b": 1\n}\n'

    def test_it_is_strict_json(self):
        data = history.canonical({"a": math.nan, "b": [math.inf], "c": "\ud800"})
        assert json.loads(data) == {"a": None, "b": [None], "c": "\ud800"}
        data.decode("ascii")

    def test_the_digest_is_of_the_bytes(self):
        assert history.digest(b"x\n") == sha256(b"x\n").hexdigest()


class TestFiles:
    def test_one_folder_per_attempt(self):
        found = history.files(run(), EVALUATION, STEPS, "1", {"confusion_matrix.png": PNG})
        folder = "training_history/7-irises/attempt-1"
        assert list(found) == [f"{folder}/record.json", f"{folder}/README.md", f"{folder}/confusion_matrix.png"]
        assert found == history.files(run(), EVALUATION, STEPS, "1", {"confusion_matrix.png": PNG})

    def test_only_small_png_files_with_plain_names_are_taken(self):
        plots = {
            "../x.png": PNG,
            "a b.png": PNG,
            "x.svg": PNG,
            "x.png\n": PNG,
            "big.png": PNG + b"0" * history.MOST_PLOT_BYTES,
            "html.png": b"<svg>",
            "fine.png": PNG,
        }
        assert history.accepted(plots) == {"fine.png": PNG}
        assert len(history.accepted({f"p{n}.png": PNG for n in range(50)})) == history.MOST_PLOTS

    def test_the_page_is_inert(self):
        files = history.files(run(), EVALUATION, STEPS, "1", {"roc_curve.png": PNG})
        page = files["training_history/7-irises/attempt-1/README.md"].decode()
        assert page.startswith("# Issue 7, attempt 1: below the threshold ⚠️\n")
        for trigger in ("@octocat", "<b>", "<i>"):
            assert trigger not in page
        assert "![roc curve](roc_curve.png)" in page
        assert "| Train | Failed, re-used |  |" in page
        assert "| Prepare | Succeeded | 1.5 |" in page
        assert "| dataset digest | `d1` |" in page
        assert "| asked by | `alice` |" in page
        assert "reply by" not in page

    def test_the_page_is_a_model_card(self):
        dataset = {
            "rows": {"train": 120, "test": 30},
            "features": {"number": 4, "category": 1, "text": 0},
            "target": {"name": "species", "why": "it is the last column"},
            "left_out": {"id": "looks like an identifier"},
            "findings": [{"message": "1 row equal to an earlier one"}],
        }
        evaluated = {**EVALUATION, "dataset": dataset, "notes": ["a note @octocat"]}
        page = history.files(run(), evaluated, STEPS, "1", {})["training_history/7-irises/attempt-1/README.md"].decode()
        parts = dict(part.split("\n\n", 1) for part in page.split("\n## ")[1:])
        assert list(parts) == ["Figures", "Data", "Limits", "Where it comes from"]
        assert "120 training rows and 30 test rows; features: 4 of type number, 1 of type category." in parts["Data"]
        assert "The target is `species`, since it is the last column." in parts["Data"]
        assert "1 row equal" in parts["Data"]
        assert "a note" in parts["Limits"]
        assert "1 column of the file" in parts["Limits"]
        assert "`mlops reproduce training_history/7-irises/attempt-1`" in page
        assert "@octocat" not in page

    def test_the_page_names_who_replied_and_a_title_without_spaces_around_it(self):
        replied = run(attempt(reply_author="bob", reply_comment=5), title="  Irises  ")
        page = history.files(replied, EVALUATION, [], "1", {})["training_history/7-irises/attempt-1/README.md"].decode()
        assert "| reply by | `bob` |" in page
        assert "\n\nIrises\n\n" in page

    def test_a_page_without_request_evaluation_or_status(self):
        bare = run(attempt(status=None), request=None, settled=None)
        page = history.files(bare, None, [], "1", {})["training_history/7-irises/attempt-1/README.md"].decode()
        assert page.startswith("# Issue 7, attempt 1: not judged\n")
        assert "| step |" not in page


class TestVerify:
    def chain(self):
        records, attempts = [], []
        for number in (1, 2, 3):
            data = history.canonical(history.record(run(*attempts, attempt(number)), EVALUATION, STEPS, "1"))
            attempts.append(attempt(number, record_digest=history.digest(data)))
            records.append(data)
        return records

    def test_a_whole_chain_holds(self):
        history.verify(self.chain())
        history.verify([])

    @pytest.mark.parametrize("position", [0, 1])
    def test_a_changed_record_breaks_it_at_the_next_one(self, position):
        records = self.chain()
        records[position] = records[position].replace(b"0.9", b"0.8", 1)
        with pytest.raises(HistoryError, match=f"^record {position + 2}: names"):
            history.verify(records)

    @pytest.mark.parametrize(("removed", "named"), [(0, 1), (1, 2)])
    def test_a_removed_record_breaks_it(self, removed, named):
        records = self.chain()
        del records[removed]
        with pytest.raises(HistoryError, match=f"^record {named}:"):
            history.verify(records)

    def test_swapped_records_break_it(self):
        first, second, third = self.chain()
        with pytest.raises(HistoryError, match=r"^record 1:"):
            history.verify([second, first, third])

    @pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b"3", b"[" * 200_000])
    def test_what_is_no_record_is_named(self, data):
        with pytest.raises(HistoryError, match=r"^record 4: is no record\.json"):
            history.verify([*self.chain(), data])
