"""What is remembered for a while, on DynamoDB: items of the run table that expire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from lambda_bridge.aws import refusals
from lambda_bridge.aws_records import BY_GROUP
from lambda_bridge.ports import KEPT_DAYS, Start

STARTS = "starts"
"""Group of the starts in the index: no model package group has that name, since those begin with a learning type."""
KEPT_STARTS = timedelta(days=1)


class DynamoLedger:
    """Items `delivery#...` and `start#...`, with the time-to-live attribute `expires` (seconds since 1970)."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def handled(self, delivery: str) -> bool:
        """See `lambda_bridge.ports.Ledger`. DynamoDB removes expired items within days ("Time to live")."""
        key = {"id": {"S": f"delivery#{delivery}"}}
        with refusals():
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return item is not None and int(item["expires"]["N"]) > datetime.now(UTC).timestamp()

    def remember(self, delivery: str) -> None:
        """See `lambda_bridge.ports.Ledger`."""
        self._put(f"delivery#{delivery}", datetime.now(UTC) + timedelta(days=KEPT_DAYS), {})

    def starts(self, since: datetime) -> Sequence[Start]:
        """See `lambda_bridge.ports.Ledger`."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": BY_GROUP,
            "KeyConditionExpression": "#group = :starts AND #updated >= :since",
            "ExpressionAttributeNames": {"#group": "group", "#updated": "updated"},
            "ExpressionAttributeValues": {":starts": {"S": STARTS}, ":since": {"S": _text(since)}},
        }
        found: list[Start] = []
        with refusals():
            while True:
                page = self._client.query(**request)
                found += [_start(item) for item in page["Items"]]
                if "LastEvaluatedKey" not in page:
                    return found
                request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def add_start(self, key: str, person: str, moment: datetime) -> None:
        """See `lambda_bridge.ports.Ledger`."""
        values = {"group": {"S": STARTS}, "updated": {"S": _text(moment)}, "person": {"S": person}}
        self._put(f"start#{key}", moment + KEPT_STARTS, values)

    def _put(self, identifier: str, expires: datetime, values: dict[str, Any]) -> None:
        item = {"id": {"S": identifier}, "expires": {"N": str(int(expires.timestamp()))}, **values}
        with refusals():
            self._client.put_item(TableName=self._table, Item=item)


def _text(moment: datetime) -> str:
    """A moment whose order as a text is its order in time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _start(item: dict[str, Any]) -> Start:
    return Start(item["person"]["S"], datetime.fromisoformat(item["updated"]["S"]))
