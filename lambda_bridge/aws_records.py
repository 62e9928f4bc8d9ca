"""Run records on DynamoDB: one item per issue, written if its version is still the one that was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lambda_bridge.aws import code_of, refusals
from lambda_bridge.ports import ConflictError
from lambda_bridge.runs import Run

BY_GROUP, BY_STATE = "by-group", "by-state"
"""Global secondary indexes: partition keys `group` and `state`, sort key `updated`."""


class DynamoRuns:
    """A table with the partition key `id`; attributes version, state, group, updated and document."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, issue: int) -> Run | None:
        """See `lambda_bridge.ports.Runs`."""
        with refusals():
            found = self._client.get_item(TableName=self._table, Key=_key(issue), ConsistentRead=True)
        return _run(found["Item"]) if "Item" in found else None

    def save(self, run: Run) -> Run:
        """See `lambda_bridge.ports.Runs`."""
        saved = run.model_copy(update={"version": run.version + 1})
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(id)"}
        if run.version:
            condition = {
                "ConditionExpression": "#version = :read",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":read": {"N": str(run.version)}},
            }
        with refusals():
            try:
                self._client.put_item(TableName=self._table, Item=_item(saved), **condition)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                message = f"issue {run.issue}: its record is not at version {run.version} any more."
                raise ConflictError(message) from error
        return saved

    def in_group(self, group: str, limit: int = 20) -> Sequence[Run]:
        """See `lambda_bridge.ports.Runs`."""
        return self._query(BY_GROUP, "group", group, limit) if group else []

    def unfinished(self) -> Sequence[Run]:
        """See `lambda_bridge.ports.Runs`."""
        found = [run for state in ("running", "waiting") for run in self._query(BY_STATE, "state", state, None)]
        return sorted(found, key=lambda run: run.issue)

    def count_running(self) -> int:
        """See `lambda_bridge.ports.Runs`. One page is enough: it counts up to a megabyte of items."""
        with refusals():
            page = self._client.query(**self._request(BY_STATE, "state", "running"), Select="COUNT")
        return int(page["Count"])

    def _request(self, index: str, attribute: str, value: str) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "IndexName": index,
            "KeyConditionExpression": "#key = :value",
            "ExpressionAttributeNames": {"#key": attribute},
            "ExpressionAttributeValues": {":value": {"S": value}},
            "ScanIndexForward": False,
        }

    def _query(self, index: str, attribute: str, value: str, limit: int | None) -> list[Run]:
        request = self._request(index, attribute, value)
        found: list[Run] = []
        with refusals():
            while True:
                page = self._client.query(**request, **({} if limit is None else {"Limit": limit - len(found)}))
                found += [_run(item) for item in page["Items"]]
                if "LastEvaluatedKey" not in page or len(found) == limit:
                    return found
                request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _key(issue: int) -> dict[str, Any]:
    return {"id": {"S": f"issue#{issue}"}}


def _item(run: Run) -> dict[str, Any]:
    """The item. An empty group is left out: an index key must not be empty."""
    values = {
        **_key(run.issue),
        "version": {"N": str(run.version)},
        "state": {"S": run.state},
        "updated": {"S": datetime.now(UTC).isoformat(timespec="microseconds")},
        "document": {"S": run.to_json()},
    }
    return values | ({"group": {"S": run.group}} if run.group else {})


def _run(item: dict[str, Any]) -> Run:
    return Run.from_json(item["document"]["S"])
