"""What the bridge reads from the bucket."""

from __future__ import annotations

import json

import pytest

from algorithms.errors import DatasetError, PlatformError
from lambda_bridge import datasets
from lambda_bridge.ports import StoredObject, TooLargeError

RAW = "datasets/iris/raw/"


class TestDigest:
    FILES = (StoredObject("a.csv", 3, "e1"), StoredObject("deep/b.csv", 4, "e2"))

    def test_changes_with_names_sizes_and_etags_and_with_nothing_else(self):
        same = datasets.objects_digest(self.FILES)
        others = [
            (StoredObject("c.csv", 3, "e1"), self.FILES[1]),
            (StoredObject("a.csv", 5, "e1"), self.FILES[1]),
            (StoredObject("a.csv", 3, "e3"), self.FILES[1]),
            self.FILES[:1],
        ]
        digests = {datasets.objects_digest(files) for files in others}
        assert len(digests | {same}) == 5
        assert datasets.objects_digest(list(self.FILES)) == same

    def test_of_a_dataset(self, world):
        assert len(datasets.dataset_digest(world.artifacts, "iris")) == 64

    def test_a_dataset_that_is_not_there_has_a_nearest_name(self, world):
        with pytest.raises(DatasetError, match="iris"):
            datasets.dataset_digest(world.artifacts, "irsi")


class TestMetadata:
    def test_is_read(self, world):
        world.artifacts.objects[f"{RAW}metadata.json"] = b'{"target": "species"}'
        assert datasets.metadata(world.artifacts, "iris") == {"target": "species"}

    @pytest.mark.parametrize("content", [None, b"{", b"[]", b"\xff", b"[" * 100_000])
    def test_what_cannot_be_read_is_none(self, world, content):
        if content is not None:
            world.artifacts.objects[f"{RAW}metadata.json"] = content
        assert datasets.metadata(world.artifacts, "iris") is None

    def test_an_object_that_is_too_long_is_none(self, world):
        def refuse(key, limit):
            raise TooLargeError("too long")

        world.artifacts.read = refuse
        assert datasets.metadata(world.artifacts, "iris") is None

    def test_a_bucket_that_does_not_answer_is_no_dataset_without_metadata(self, world):
        def refuse(key, limit):
            raise PlatformError("GetObject: SlowDown")

        world.artifacts.read = refuse
        with pytest.raises(PlatformError):
            datasets.metadata(world.artifacts, "iris")


class TestEvaluation:
    def test_is_read(self, world):
        world.artifacts.objects["evaluations/issue-7-attempt-1/evaluation.json"] = json.dumps({"n": 3}).encode()
        assert datasets.evaluation(world.artifacts, "issue-7-attempt-1") == {"n": 3}

    @pytest.mark.parametrize("content", [None, b"{", b"3", b"\xff"])
    def test_what_cannot_be_read_is_none(self, world, content):
        if content is not None:
            world.artifacts.objects["evaluations/issue-7-attempt-1/evaluation.json"] = content
        assert datasets.evaluation(world.artifacts, "issue-7-attempt-1") is None


def test_plots_are_png_files_with_plain_names(world):
    prefix = "evaluations/issue-7-attempt-1/"
    for name in ("roc_curve.png", "../x.png", "a b.png", "evaluation.json", "deep/c.png"):
        world.artifacts.objects[f"{prefix}{name}"] = b"png"
    assert datasets.plots(world.artifacts, "issue-7-attempt-1") == {"roc_curve.png": b"png"}
