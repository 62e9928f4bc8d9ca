from __future__ import annotations

import re

import pytest

from local.arns import execution_arn, group_and_version, group_arn, job_arn, job_name, last_part, package_arn

JOB_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"


def test_parts_come_back() -> None:
    assert group_and_version(package_arn("super-toys", 12)) == ("super-toys", 12)
    assert last_part(execution_arn("toy", "abc")) == "abc"
    assert last_part(group_arn("toys")) == last_part("toys") == "toys"


@pytest.mark.parametrize(
    "arn", ["x", "toys/1", package_arn("toys", 1) + "/2", package_arn("toys", 1).replace("us-", "")]
)
def test_other_arns_are_none_of_ours(arn: str) -> None:
    assert group_and_version(arn) is None


@pytest.mark.parametrize("step", ["Train", "a_b", "-x-", "S" * 64, "a__" * 20])
def test_job_names_are_legal(step: str) -> None:
    name = job_name("0123456789ab", step)
    assert re.fullmatch(JOB_NAME, name)
    assert job_arn("training-job", name).endswith(f":training-job/{name}")


def test_long_step_names_keep_their_own_jobs() -> None:
    names = {job_name("0123456789ab", "S" * 60 + end) for end in ("A", "B")} | {
        job_name("0123456789ab", name) for name in ("a-b", "a_b")
    }
    assert len(names) == 4
