from __future__ import annotations

import pytest

from algorithms.errors import PlatformError
from lambda_bridge.ports import Patience, StartLimits
from lambda_bridge.settings import COUNTS, DEFAULT_API, MEANINGS, OPTIONAL, REQUIRED, BridgeSettings, Pace
from pipelines.cost import VARIABLES

GIVEN = {
    "GITHUB_REPOSITORY": "local/models",
    "MLOPS_BUCKET": "mlops-bucket",
    "MLOPS_TABLE": "runs",
    "MLOPS_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:mlops",
}


def problems(**changes):
    with pytest.raises(PlatformError) as caught:
        BridgeSettings.from_environment({**GIVEN, **changes})
    return str(caught.value)


def test_what_is_left_out_has_a_default():
    found = BridgeSettings.from_environment(GIVEN)
    assert (found.repository, found.bucket, found.table) == ("local/models", "mlops-bucket", "runs")
    assert found.api_url == DEFAULT_API
    assert (found.topic_arn, found.history_branch) == (None, None)
    assert (found.github_secret, found.slack_secret) == ("github-token", "slack-webhook-url")


def test_everything_that_may_be_set():
    more = {
        "GITHUB_API_URL": "https://github.example.org/api/v3",
        "MLOPS_TOPIC_ARN": "arn:aws-cn:sns:cn-north-1:123456789012:notices",
        "MLOPS_HISTORY_BRANCH": "records/all",
        "MLOPS_GITHUB_SECRET": "a",
        "MLOPS_WEBHOOK_SECRET": "b",
        "MLOPS_SLACK_SECRET": "c",
        "MLOPS_CODE_VERSION": "1.2",
        "MLOPS_TASK_FUNCTION": "another-task",
        "MLOPS_LANGUAGE": "ja",
    }
    assert set(more) == set(OPTIONAL.values())
    found = BridgeSettings.from_environment({**GIVEN, **more})
    assert {name: getattr(found, field) for field, name in OPTIONAL.items()} == more


def test_an_empty_text_is_as_if_it_were_left_out():
    assert BridgeSettings.from_environment({**GIVEN, "MLOPS_HISTORY_BRANCH": ""}).history_branch is None


def test_everything_that_is_missing_is_told_at_once():
    with pytest.raises(PlatformError) as caught:
        BridgeSettings.from_environment({"MLOPS_BUCKET": ""})
    assert all(f"{name}: must be set" in str(caught.value) for name in REQUIRED.values())


def test_what_is_missing_and_what_is_wrong_are_told_at_once():
    text = problems(GITHUB_REPOSITORY="", MLOPS_BUCKET="s3://b", MLOPS_TOPIC_ARN="topic")
    assert text.startswith("GITHUB_REPOSITORY: must be set; MLOPS_BUCKET: must be a bucket's name, without s3://, got")
    assert "MLOPS_TOPIC_ARN: must be a topic's ARN, got 'topic'" in text
    assert text.endswith("Set them in the environment of the bridge's functions.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_REPOSITORY", "models"),
        ("GITHUB_REPOSITORY", "https://github.com/local/models"),
        ("GITHUB_REPOSITORY", "local/models/x"),
        ("GITHUB_REPOSITORY", "local/mod\u0435ls"),
        ("GITHUB_REPOSITORY", "local/models\n"),
        ("MLOPS_TABLE", "a b"),
        ("MLOPS_STATE_MACHINE_ARN", "arn:aws:states:us-east-1:123456789012:execution:mlops"),
        ("GITHUB_API_URL", "api.github.com"),
        ("GITHUB_API_URL", "http://github.example.org"),
        ("GITHUB_API_URL", "http://127.0.0.1.example.org/"),
        ("GITHUB_API_URL", "http://localhost:x@evil.example/api/v3"),
        ("GITHUB_API_URL", "https://me:secret@github.example.org/"),
        ("MLOPS_HISTORY_BRANCH", "-f"),
        ("MLOPS_HISTORY_BRANCH", "a b"),
    ],
)
def test_a_value_that_cannot_be(name, value):
    assert f"{name}: must be" in problems(**{name: value})


def test_a_long_value_is_cut():
    assert len(problems(MLOPS_TABLE="x y" * 1000)) < 300


def test_every_setting_has_a_meaning():
    assert set(MEANINGS) == {*REQUIRED.values(), *OPTIONAL.values(), *COUNTS, *VARIABLES}


class TestPace:
    def test_what_is_left_out_has_a_default(self):
        assert BridgeSettings.from_environment(GIVEN).pace == Pace() == Pace.from_environment(dict.fromkeys(COUNTS, ""))
        assert (Pace().limits, Pace().patience) == (StartLimits(), Patience())

    def test_the_lowest_and_the_highest(self):
        for bound in (1, 2):
            given = {name: str(COUNTS[name][bound]) for name in COUNTS}
            found = BridgeSettings.from_environment({**GIVEN, **given}).pace
            told = (found.limits.person, found.limits.repository, found.patience.reminder.days, found.patience.end.days)
            assert told == tuple(COUNTS[name][bound] for name in COUNTS)

    @pytest.mark.parametrize("name", COUNTS)
    @pytest.mark.parametrize("value", ["0", "-1", "1.5", "1e3", "ten", " 7", "7\n", "٣", "9" * 5000, None])
    def test_a_number_that_cannot_be(self, name, value):
        value = str(COUNTS[name][2] + 1) if value is None else value
        told = problems(**{name: value})
        assert told.startswith(f"{name}: must be a whole number from {COUNTS[name][1]} to {COUNTS[name][2]}, got ")
        assert len(told) < 400

    def test_a_wait_of_the_workflow_is_longer(self):
        """Its literal time-out is 31 days; the operator's time must end before."""
        assert COUNTS["MLOPS_WAIT_DAYS"][2] == COUNTS["MLOPS_REMIND_AFTER_DAYS"][2] == 30

    def test_it_is_told_with_everything_else(self):
        told = problems(MLOPS_BUCKET="", MLOPS_TABLE="a b", MLOPS_WAIT_DAYS="x", MLOPS_STARTS_PER_PERSON="0")
        assert all(
            name in told for name in ("MLOPS_BUCKET", "MLOPS_TABLE", "MLOPS_WAIT_DAYS", "MLOPS_STARTS_PER_PERSON")
        )
