"""The bridge's DynamoDB table, in memory, as strict with conditions as the service."""

from __future__ import annotations

import threading
from typing import Any

import boto3

from lambda_bridge.aws_records import BY_GROUP, BY_STATE

TABLE = "runs"


class OneAtATime:
    """A client as the service is to an item: conditions are checked and written in one. Moto takes no lock."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def put_item(self, **request: Any) -> Any:
        with self._lock:
            return self._client.put_item(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def make_table() -> OneAtATime:
    """A client, after the table was made."""
    client = boto3.client("dynamodb")
    names = ("id", "group", "state", "updated")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        GlobalSecondaryIndexes=[_index(BY_GROUP, "group"), _index(BY_STATE, "state")],
        BillingMode="PAY_PER_REQUEST",
    )
    return OneAtATime(client)


def _index(name: str, key: str) -> dict[str, Any]:
    keys = {key: "HASH", "updated": "RANGE"}
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": part, "KeyType": kind} for part, kind in keys.items()],
        "Projection": {"ProjectionType": "ALL"},
    }
