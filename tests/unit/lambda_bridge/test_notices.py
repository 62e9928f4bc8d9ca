from __future__ import annotations

from datetime import UTC, datetime

from lambda_bridge.advise import Advice
from lambda_bridge.notices import notice_ask, notice_end
from lambda_bridge.runs import Attempt, ProblemRecord, Run
from pipelines.request import parse_request

URL = "https://example.org/7"


def run(*attempts, **keys):
    given = {"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "iris", "evaluation_threshold": 0.95}
    return Run(
        issue=7,
        state="waiting",
        title="<!channel> @everyone",
        slug="t",
        author="alice",
        start_key="1:x",
        started=datetime(2026, 1, 1, tzinfo=UTC),
        request=parse_request({**given, **keys}),
        attempts=attempts,
    )


def attempt(**changes):
    return Attempt(number=1, metrics={"primary": {"name": "accuracy", "value": 0.9, "score": 0.9}}, **changes)


class TestAsk:
    def test_result_gap_diagnosis_and_reply(self):
        notice = notice_ask(run(attempt()), URL, Advice("close", "It is close.", {"max_depth": 8, "gamma": 0.5}, "b"))
        assert notice.subject == "Issue 7: xgboost on iris is below its threshold and waits for a reply"
        assert notice.text.splitlines() == [
            "Attempt 1: accuracy 0.9, threshold at least 0.95.",
            "That is 0.05 below the threshold.",
            "It is close.",
            "To try next: /retrain max_depth=8 gamma=0.5",
            f"Reply on the issue: {URL} (3 retries left; /cancel ends the run)",
        ]
        assert notice.url == URL

    def test_without_values_or_metrics(self):
        assert "More data." in notice_ask(run(attempt()), URL, Advice("close", "", {}, "More data.")).text
        assert notice_ask(run(Attempt(number=1)), URL).text.startswith("Attempt 1: no metric.\nReply on")

    def test_an_e_mails_subject_is_short_ascii_and_nobodys_text(self):
        notice = notice_ask(run(attempt(), dataset_id="x" * 64), URL)
        assert len(notice.subject) <= 100
        assert notice.subject.isascii()
        assert "everyone" not in notice.subject + notice.text


class TestEnd:
    def test_registered(self):
        notice = notice_end(run(attempt(model_package_arn="arn:package")), "registered", None, URL)
        assert notice.text.splitlines() == [
            "Issue 7: xgboost on iris registered, pending manual approval.",
            "After 1 attempt, the last with accuracy 0.9.",
            "Model package: arn:package",
            URL,
        ]

    def test_the_reason_is_defused(self):
        text = notice_end(run(attempt()), "failed", "column <!channel> @everyone broke", URL).text
        assert "<!channel>" not in text
        assert "@everyone" not in text
        assert "broke" in text

    def test_the_problems_of_the_last_attempt_are_the_reason(self):
        problems = tuple(ProblemRecord(key="k", message=f"problem {n}") for n in range(5))
        text = notice_end(run(attempt(problems=problems)), "invalid", None, URL).text
        assert "problem 2" in text
        assert "problem 3" not in text

    def test_a_run_without_attempts_or_request(self):
        empty = run().model_copy(update={"request": None})
        assert notice_end(empty, "failed", None, URL).text == f"Issue 7: the run failed.\n{URL}"
