from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from algorithms.errors import PlatformError
from pipelines.settings import EXAMPLE, Settings

COMPLETE = {
    "MLOPS_BUCKET": "models-of-us",
    "MLOPS_ROLE_ARN": "arn:aws:iam::444455556666:role/ml",
    "MLOPS_IMAGE_URI": "444455556666.dkr.ecr.eu-west-1.amazonaws.com/ml@sha256:" + "0" * 64,
    "AWS_REGION": "eu-west-1",
}


def test_reads_the_environment() -> None:
    settings = Settings.from_environment(COMPLETE)
    assert (settings.bucket, settings.region) == ("models-of-us", "eu-west-1")
    assert settings.processing_instance_type == "ml.m5.large"


def test_names_everything_that_is_missing_at_once() -> None:
    with pytest.raises(PlatformError, match="MLOPS_BUCKET, MLOPS_ROLE_ARN, MLOPS_IMAGE_URI, AWS_REGION or AWS_DEFAULT"):
        Settings.from_environment({})


def test_an_empty_variable_is_missing() -> None:
    with pytest.raises(PlatformError, match=r"^MLOPS_BUCKET: must be set"):
        Settings.from_environment(COMPLETE | {"MLOPS_BUCKET": ""})


def test_the_first_region_variable_wins() -> None:
    assert Settings.from_environment(COMPLETE | {"AWS_DEFAULT_REGION": "us-west-2"}).region == "eu-west-1"
    other = {name: value for name, value in COMPLETE.items() if name != "AWS_REGION"}
    assert Settings.from_environment(other | {"AWS_DEFAULT_REGION": "us-west-2"}).region == "us-west-2"


def test_given_settings_win_and_need_no_environment() -> None:
    given = {"bucket": "given", "role_arn": EXAMPLE.role_arn, "image_uri": "image", "region": "us-gov-west-1"}
    assert Settings.from_environment({}, **given).bucket == "given"
    assert Settings.from_environment(COMPLETE, volume_size_gb=100).volume_size_gb == 100


def test_unknown_settings_are_refused_with_the_known_names() -> None:
    with pytest.raises(PlatformError, match=r"default_bucket, role: no such setting\. Known are bucket, role_arn"):
        Settings.from_environment(COMPLETE, role="x", default_bucket="y")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bucket", "s3://models"),
        ("bucket", "Models"),
        ("bucket", "a/b"),
        ("role_arn", "ml-role"),
        ("image_uri", "image with spaces"),
        ("image_uri", "x" * 256),
        ("region", "Europe"),
        ("processing_instance_type", "m5.large"),
        ("volume_size_gb", "30"),
        ("volume_size_gb", 0),
        ("max_processing_seconds", 777_601),
        ("max_training_seconds", True),
        ("kms_key_id", ""),
        ("network_isolation", "false"),
    ],
)
def test_values_of_the_wrong_form_are_refused(field: str, value: object) -> None:
    with pytest.raises(PlatformError, match=f"^{field}: must be"):
        replace(EXAMPLE, **{field: value})


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(PlatformError) as caught:
        Settings(bucket="B", role_arn="r", image_uri="", region="x")
    assert [name for name in ("bucket", "role_arn", "image_uri", "region") if f"{name}: must" in str(caught.value)] == [
        *("bucket", "role_arn", "image_uri", "region")
    ]


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        EXAMPLE.bucket = "other"  # type: ignore[misc]
