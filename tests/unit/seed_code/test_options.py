import json

import pytest

from algorithms.errors import PlatformError
from seed_code.project_template.options import Options
from seed_code.project_template.synth import read_options


def test_without_any_the_defaults_hold():
    assert read_options([]) == Options() == Options.from_context({"kms": "", "aws:cdk:enable-path-metadata": True})


def test_text_and_objects_are_read_alike():
    pairs = ["kms=true", "vpc_id=vpc-01234567", "subnet_ids=subnet-01234567, subnet-89abcdef"]
    read = read_options([*pairs, 'pipeline_settings={"spot_training": true}'])
    context = {"kms": True, "vpc_id": "vpc-01234567", "subnet_ids": ["subnet-01234567", "subnet-89abcdef"]}
    assert read == Options.from_context({**context, "pipeline_settings": {"spot_training": True}})
    assert read.subnet_ids == ("subnet-01234567", "subnet-89abcdef")
    assert json.loads(read.pipeline_settings) == {"spot_training": True}


def test_everything_that_is_wrong_is_named_at_once():
    with pytest.raises(PlatformError) as caught:
        read_options(["vpc_id=mine", "permissions_boundary=*", "python=2.7", "source_repository=https://x.y/a/b"])
    message = str(caught.value)
    for name in (
        "vpc_id: must match",
        "vpc_id: must be given together",
        "permissions_boundary",
        "python",
        "source_con",
    ):
        assert name in message


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("[]", "must be a JSON object, got '[]'"),
        ("{", "must be a JSON object"),
        ('{"spot": true}', "spot: no such setting"),
        ('{"spot_training": "yes"}', "spot_training: must be true or false, got 'yes'"),
        ('{"kms_key_id": "mine"}', "kms_key_id is decided by the deployment"),
        ('{"bucket": "theirs", "role_arn": "x"}', "role_arn is decided by the deployment"),
    ],
)
def test_settings_of_the_pipelines_are_checked_before_anything_is_made(settings, told):
    with pytest.raises(PlatformError, match=r"^pipeline_settings: ") as caught:
        read_options([f"pipeline_settings={settings}"])
    assert told in str(caught.value)


@pytest.mark.parametrize("pair", ["kms=maybe", "mks=true"])
def test_a_slip_is_no_default(pair):
    with pytest.raises(PlatformError):
        read_options([pair])
