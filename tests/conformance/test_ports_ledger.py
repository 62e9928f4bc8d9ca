"""What is remembered for a while: DynamoDB and SQLite remember it in the same way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from algorithms.errors import PlatformError
from lambda_bridge.aws_ledger import DynamoLedger
from lambda_bridge.aws_records import DynamoRuns
from lambda_bridge.ports import KEPT_DAYS, Ledger, Start
from local.ledger import LocalLedger
from local.run_records import RunRecords
from local.store import Store, now
from tests.conformance.dynamo import TABLE, make_table

KEY = "d" * 64
"""Of a delivery: a SHA-256 in hex."""
HOUR = timedelta(hours=1)


@dataclass
class Local:
    """SQLite, on a clock that can be moved on."""

    store: Store
    ahead: timedelta = timedelta()
    ledger: LocalLedger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = LocalLedger(self.store, lambda: now() + self.ahead)
        self.runs = RunRecords(self.store)

    def pass_by(self, time: timedelta) -> None:
        self.ahead += time


@dataclass
class Dynamo:
    """DynamoDB, whose items expire earlier instead. It has not removed them: the service takes days for that."""

    client: Any
    ledger: DynamoLedger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = DynamoLedger(self.client, TABLE)
        self.runs = DynamoRuns(self.client, TABLE)

    def pass_by(self, time: timedelta) -> None:
        for item in self.client.scan(TableName=TABLE)["Items"]:
            earlier = int(item["expires"]["N"]) - int(time.total_seconds())
            self.client.put_item(TableName=TABLE, Item={**item, "expires": {"N": str(earlier)}})


@pytest.fixture(params=["dynamodb", "sqlite"])
def place(request: pytest.FixtureRequest) -> Iterator[Local | Dynamo]:
    if request.param == "sqlite":
        yield Local(request.getfixturevalue("store"))
    else:
        request.getfixturevalue("aws")
        yield Dynamo(make_table())


@pytest.fixture
def ledger(place: Local | Dynamo) -> Ledger:
    return place.ledger


class TestDeliveries:
    def test_what_nobody_remembered(self, ledger: Ledger) -> None:
        assert not ledger.handled(KEY)

    def test_what_was_remembered(self, ledger: Ledger) -> None:
        ledger.remember(KEY)
        assert ledger.handled(KEY)
        assert not ledger.handled("e" * 64)

    def test_again_is_no_harm(self, ledger: Ledger) -> None:
        for _ in range(3):
            ledger.remember(KEY)
        assert ledger.handled(KEY)

    @pytest.mark.parametrize("days", [3, KEPT_DAYS - 1])
    def test_it_is_known_as_long_as_github_may_send_it_again(self, place: Local | Dynamo, days: int) -> None:
        place.ledger.remember(KEY)
        place.pass_by(timedelta(days))
        assert place.ledger.handled(KEY)

    def test_it_is_forgotten_in_the_end(self, place: Local | Dynamo) -> None:
        place.ledger.remember(KEY)
        place.pass_by(timedelta(days=KEPT_DAYS, minutes=1))
        assert not place.ledger.handled(KEY)

    def test_threads_that_remember_the_same(self, ledger: Ledger) -> None:
        together = threading.Barrier(4)

        def remember(_: int) -> None:
            together.wait(30)
            ledger.remember(KEY)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(remember, range(4)))
        assert ledger.handled(KEY)


class TestStarts:
    MOMENT = datetime(2026, 1, 1, 12, 0, 0, 5, UTC)

    def test_nobody_started_anything(self, ledger: Ledger) -> None:
        assert list(ledger.starts(self.MOMENT)) == []

    def test_the_oldest_first_since_a_moment(self, ledger: Ledger) -> None:
        for minutes, person in ((10, "ann"), (0, "owner"), (5, "owner"), (-1, "early")):
            ledger.add_start(f"7:{minutes}", person, self.MOMENT + timedelta(minutes=minutes))
        assert list(ledger.starts(self.MOMENT)) == [
            Start("owner", self.MOMENT),
            Start("owner", self.MOMENT + timedelta(minutes=5)),
            Start("ann", self.MOMENT + timedelta(minutes=10)),
        ]
        assert list(ledger.starts(self.MOMENT + timedelta(minutes=11))) == []

    def test_a_moment_of_another_time_zone(self, ledger: Ledger) -> None:
        """Texts are compared, so they must be of one zone."""
        ledger.add_start("a", "owner", self.MOMENT)
        (found,) = ledger.starts(self.MOMENT.astimezone(timezone(9 * HOUR)))
        assert found == Start("owner", self.MOMENT)

    def test_a_whole_second_is_in_its_order(self, ledger: Ledger) -> None:
        moments = [self.MOMENT.replace(microsecond=micro) for micro in (0, 1, 999_999)]
        for moment in reversed(moments):
            ledger.add_start(str(moment.microsecond), "owner", moment)
        assert [start.moment for start in ledger.starts(moments[0])] == moments

    def test_the_same_key_counts_once(self, ledger: Ledger) -> None:
        for seconds in (0, 0, 30):
            ledger.add_start("issue 7, run 1", "owner", self.MOMENT + timedelta(seconds=seconds))
        assert len(ledger.starts(self.MOMENT)) == 1

    def test_a_key_of_a_start_is_none_of_a_delivery(self, ledger: Ledger) -> None:
        ledger.remember(KEY)
        ledger.add_start(KEY, "owner", self.MOMENT)
        assert len(ledger.starts(self.MOMENT)) == 1
        assert ledger.handled(KEY)

    def test_an_hour_is_kept_whatever_comes_later(self, ledger: Ledger) -> None:
        for minutes in range(61):
            ledger.add_start(str(minutes), "owner", self.MOMENT + timedelta(minutes=minutes))
        assert len(ledger.starts(self.MOMENT)) == 61

    def test_there_may_be_more_than_a_page(self, ledger: Ledger) -> None:
        """A page of the table has at most 1 MB (Query, DynamoDB); moto counts so too."""
        long = "x" * 30_000
        for number in range(40):
            ledger.add_start(str(number), f"{number}{long}", self.MOMENT + timedelta(seconds=number))
        assert [start.person.rstrip("x") for start in ledger.starts(self.MOMENT)] == [str(n) for n in range(40)]

    def test_run_records_are_not_disturbed(self, place: Local | Dynamo) -> None:
        place.ledger.add_start("7", "owner", self.MOMENT)
        place.ledger.remember(KEY)
        assert place.runs.get(7) is None
        assert list(place.runs.unfinished()) == []
        assert place.runs.count_running() == 0


@pytest.mark.parametrize("call", ["handled", "remember", "starts", "add_start"])
def test_a_table_that_refuses_is_a_platform_error(call: str) -> None:
    class Throttled:
        def __getattr__(self, name: str) -> Any:
            def refuse(**_: Any) -> None:
                raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "m"}}, name)

            return refuse

    ledger, moment = DynamoLedger(Throttled(), TABLE), datetime.now(UTC)
    given: dict[str, tuple[Any, ...]] = {"starts": (moment,), "add_start": (KEY, "owner", moment)}
    with pytest.raises(PlatformError, match="ThrottlingException"):
        getattr(ledger, call)(*given.get(call, (KEY,)))


def test_the_table_is_told_when_items_expire(aws: None) -> None:
    """The attribute `expires`, in seconds since 1970, is what DynamoDB's time to live reads."""
    client = make_table()
    DynamoLedger(client, TABLE).remember(KEY)
    DynamoLedger(client, TABLE).add_start("7", "owner", TestStarts.MOMENT)
    found = {item["id"]["S"]: int(item["expires"]["N"]) for item in client.scan(TableName=TABLE)["Items"]}
    in_days = (found[f"delivery#{KEY}"] - datetime.now(UTC).timestamp()) / 86400
    assert round(in_days) == KEPT_DAYS
    assert found["start#7"] >= (TestStarts.MOMENT + HOUR).timestamp()
