"""Approving, rejecting and rolling back by comment, told over HTTP on the local GitHub and on another one."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from tests.integration.service.world import GOOD, until

GROUP = "supervised-random-forest-{}"


class Group:
    """A model package group with two versions, each of an issue of its own; both approved by comment."""

    def __init__(self, world, dataset) -> None:
        self.world = world
        name = GROUP.format(dataset).replace("_", "-")
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        self.client = boto3.client("sagemaker", "us-east-1", endpoint_url=f"{world.service.url}/sagemaker", **keys)
        self.stories = [self._registered(dataset) for _ in range(2)]
        found = self.client.list_model_package_groups(NameContains=name)["ModelPackageGroupSummaryList"]
        self.name = found[0]["ModelPackageGroupName"]
        for story in self.stories:
            self.asks(story, "/approve", "### Approved version")

    def _registered(self, dataset):
        return self.world.open(GOOD.replace("iris", dataset)).has("mlops:registered", run=1)

    def asks(self, story, text, told, who="wren"):
        comment = story.say(text, who)
        marker = f"answer-{comment.id}"
        return until(lambda: told in (found := story.told().get(marker, "")) and found, f"{text}: {told}")

    def states(self):
        found = self.client.list_model_packages(ModelPackageGroupName=self.name)["ModelPackageSummaryList"]
        return {each["ModelPackageVersion"]: each["ModelApprovalStatus"] for each in found}

    def model_data(self, version):
        found = self.client.list_model_packages(ModelPackageGroupName=self.name)["ModelPackageSummaryList"]
        arn = next(each["ModelPackageArn"] for each in found if each["ModelPackageVersion"] == version)
        package = self.client.describe_model_package(ModelPackageName=arn)
        uri = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
        return Path(self.world.service.workspace, "s3", uri.removeprefix("s3://"))


def test_a_rollback_and_what_is_live_then(world):
    group = Group(world, "wine")
    first, second = group.stories
    assert group.states() == {1: "Approved", 2: "Approved"}
    text = group.asks(second, "/rollback\n\nPredictions are off since Monday.", "### Rolled back to version 1")
    assert "Version 1 is the live one; before, it was version 2." in text
    assert "Predictions are off since Monday" in text
    assert group.states() == {1: "Approved", 2: "Rejected"}
    group.asks(first, "/reject", "No version is approved any more.")
    assert group.states() == {1: "Rejected", 2: "Rejected"}
    messages = [message for message in world.commits() if GROUP.format("wine") in message]
    assert [message.partition(": ")[2].partition(" of ")[0] for message in reversed(messages)] == [
        "Approved version 1",
        "Approved version 2",
        "Rolled back to version 1",
        "Rejected version 1",
    ]


def test_a_damaged_version_is_not_gone_back_to(world):
    group = Group(world, "breast_cancer")
    path = group.model_data(1)
    path.chmod(0o644)
    path.unlink()
    path.write_bytes(b"nothing of a model")
    text = group.asks(group.stories[1], "/rollback 1", "### Not rolled back")
    assert "is damaged" in text
    assert "Nothing was changed" in text
    assert group.states() == {1: "Approved", 2: "Approved"}
    assert not [message for message in world.commits() if "Rolled back" in message and group.name in message]


@pytest.mark.parametrize("who", ["rita", "tria", "robot[bot]"])
def test_outsiders_decide_nothing(world, who):
    story = world.open(GOOD).has("mlops:registered", run=1)
    comment = story.say("/approve", who)
    world.settle()
    assert f"answer-{comment.id}" not in story.told()
    assert not story.reacted(comment)


def test_without_a_model_there_is_nothing_to_decide(world):
    story = world.open(GOOD.replace("iris", "digits").replace("95", "-1")).has("mlops:failed")
    comment = story.say("/approve")
    text = until(lambda: story.told().get(f"answer-{comment.id}"), "the answer")
    assert "No model of this issue's kind was registered yet" in text
