"""S3 URIs that strangers may think of, each kind with the actions that no role may do there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from tests.aws.policies.account import BUCKET, object_arn

READ, WRITE = ("s3:GetObject", "s3:GetObjectVersion"), ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")
KEYS = (
    "datasets/iris/raw/train.csv",
    "datasets/iris/processed/e1/train.parquet",
    "models/supervised-svm-iris/issue-1-attempt-1/model.tar.gz",
    "evaluations/issue-1-attempt-1/evaluation.json",
    "logs/issue-1-attempt-1/log.txt",
)
OTHER_BUCKETS = (
    "another-bucket",
    f"{BUCKET}-backup",
    f"{BUCKET}2",
    f"my-{BUCKET}",
    f"{BUCKET}.evil.example",
    BUCKET.upper(),
    BUCKET.capitalize(),
    BUCKET[:-1],
    BUCKET.replace("-", "_"),
    BUCKET.replace("-", "."),
    f"{BUCKET}%2f",
    f"{BUCKET}\\",
    BUCKET.replace("o", "\u043e"),
    f"{BUCKET}\u200b",
    f"{BUCKET}@evil",
    f"{BUCKET}:443",
    "*",
    "?" * len(BUCKET),
    f"..%2f{BUCKET}",
    f"{BUCKET};x",
)
NO_PREFIXES = (
    "",
    "private/",
    "training_history/",
    "Datasets/",
    "DATASETS/",
    "dataset/",
    "datasetsx/",
    "datasets%2F",
    "datasets\\",
    "%64atasets/",
    "\uff44atasets/",
    "d\u0430tasets/",
    "/datasets/",
    "//datasets/",
    " datasets/",
    "\tdatasets/",
    "\u200bdatasets/",
    "./datasets/",
    "../datasets/",
    "x/../datasets/",
    "x/datasets/",
    "raw/datasets/",
    "Models/",
    "models-old/",
    "models%2f",
    "../models/",
    "evaluation/",
    "evaluations\\",
    "Evaluations/",
    "Logs/",
    "tmp/logs/",
    "?*/",
)
PLACES = ("iris", "wine", "..", "*", "?", "%2e%2e", "iris/..", "./iris", "IRIS", "i\u0440is", "iris/models", "raw")
TRICKS = (
    "datasets/{}/raw/train.csv",
    "datasets/{}/raw/processed/e1/train.csv",
    "datasets/{}/processed/../raw/train.csv",
    "datasets/{}/processed/e1/../../raw/train.csv",
    "datasets/{}/Processed/e1/train.csv",
    "datasets/{}/processed",
    "datasets/{}/processed\\e1",
    "datasets/{}-raw/train.csv",
    "datasets/{}",
)
CROOKED = (
    "datasets/../private/x",
    "datasets/../processed/e1/x",
    "datasets/../models/supervised-svm-iris/x",
    "datasets/iris/../wine/processed/e1/x",
    "datasets/./processed/e1/x",
    "datasets/iris/processed/../../../models/x",
    "datasets/iris/processed/..",
    "models/../private/x",
    "models/../../another-bucket/x",
    "models/./x",
    "evaluations/../models/x",
    "evaluations/..",
    "logs/../models/x",
    "../models/x",
)


@dataclass(frozen=True)
class Hostile:
    """`refused`: what no role may do with the object."""

    uri: str
    refused: tuple[str, ...]

    @property
    def place(self) -> tuple[str, str]:
        """Bucket and key, as they are written."""
        bucket, _, key = self.uri.removeprefix("s3://").partition("/")
        return bucket, key

    def forbidden(self) -> Iterator[tuple[str, str]]:
        """Actions and the object's ARN: S3 takes a key as it is, neither decoded nor shortened."""
        bucket, key = self.place
        for action in self.refused:
            yield action, object_arn(key, bucket)


def uris() -> Iterator[Hostile]:
    """All of them, no two the same."""
    for bucket, key in product(OTHER_BUCKETS, KEYS):
        yield Hostile(f"s3://{bucket}/{key}", READ + WRITE)
    for prefix, key in product(NO_PREFIXES, ("iris/raw/train.csv", "iris/secret")):
        yield Hostile(f"s3://{BUCKET}/{prefix}{key}", READ + WRITE)
    for place, trick in product(PLACES, TRICKS):
        yield Hostile(f"s3://{BUCKET}/{trick.format(place)}", WRITE)
    for crooked in CROOKED:
        yield Hostile(f"s3://{BUCKET}/{crooked}", READ + WRITE)
