"""Two thousand deliveries that are signed and are not what GitHub sends: none of them breaks anything."""

from __future__ import annotations

import copy
import json
import logging
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lambda_bridge.webhook import receive
from local.deliveries import http_event
from tests.integration.trust.conftest import REPOSITORY, Scene, payload, signed
from tests.unit.lambda_bridge.conftest import World

SEEDS = 40
ROUNDS = 50
STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7.5, 1e308, 2**63, 10**400, "", "x" * 70_000, "\u0000", "\u202e", "@everyone", "\n"),
    *(
        [],
        {},
        [None],
        [[[]]],
        {"login": None},
        {"": ""},
        "mlops-bot",
        "owner/../..",
        "${jndi:x}",
        "<!-- mlops:final-1 -->",
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


def parent(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


def replaced(document: Any, path: tuple[Any, ...], dice: random.Random) -> Any:
    parent(document, path)[path[-1]] = dice.choice(STRANGE)
    return document


def dropped(document: Any, path: tuple[Any, ...], dice: random.Random) -> Any:
    del parent(document, path)[path[-1]]
    return document


def nested(document: Any, path: tuple[Any, ...], dice: random.Random) -> Any:
    holder = parent(document, path)
    holder[path[-1]] = {"value": [holder[path[-1]]] * 3}
    return document


def renamed(document: Any, path: tuple[Any, ...], dice: random.Random) -> Any:
    holder = parent(document, path)
    if isinstance(holder, dict):
        holder[str(path[-1]).upper()] = holder.pop(path[-1])
    return document


CHANGES: tuple[Callable[[Any, tuple[Any, ...], random.Random], Any], ...] = (replaced, dropped, nested, renamed)


def mutated(content: Any, dice: random.Random) -> bytes:
    document = copy.deepcopy(content)
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        paths = places(document)[1:]
        if paths:
            document = dice.choice(CHANGES)(document, dice.choice(paths), dice)
    body = json.dumps(document).encode()
    return spoilt(body, dice) if dice.random() < 0.2 else body


def spoilt(body: bytes, dice: random.Random) -> bytes:
    """The bytes themselves."""
    place = dice.randrange(len(body))
    kinds = (
        body[:place],
        body[:place] + dice.randbytes(3) + body[place:],
        body.replace(b'"action"', b'"action": "closed", "action"', 1),
        b"\xef\xbb\xbf" + body,
        body.replace(b"{", b'{"\\ud800": NaN, ', 1),
        body.replace(b":", b": \xff", 1),
        b"[" + body + b"]",
    )
    return dice.choice(kinds)


@pytest.fixture
def contents(scene: Scene) -> list[tuple[str, Any]]:
    """Good deliveries of every kind."""
    scene.open()
    number = scene.say("/status")
    comment = scene.github.shapes.comment(scene.github.records.comment(number))
    scene.waiting()
    kinds = [("issues", {"action": action}) for action in ("opened", "labeled", "edited", "closed", "reopened")]
    kinds += [("issue_comment", {"action": action, "comment": comment}) for action in ("created", "edited", "deleted")]
    return [(event, json.loads(payload(scene, **changes))) for event, changes in kinds]


@pytest.fixture
def log() -> Iterator[list[logging.LogRecord]]:
    """What the bridge logs; its loggers hand nothing on to those above once the functions are loaded."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("lambda_bridge")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield records
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.mark.parametrize("seed", range(0, SEEDS, 10))
def test_none_breaks_anything(contents: list[Any], seed: int, log: list[logging.LogRecord]) -> None:
    world, statuses = World(), []
    for number in range(seed, seed + 10):
        dice = random.Random(number)
        for _ in range(ROUNDS):
            event, content = dice.choice(contents)
            body = mutated(content, dice)
            delivery = http_event(signed(body, event, "secret"), body)
            statuses.append(receive(world.ports, delivery, REPOSITORY)["statusCode"])
    assert set(statuses) <= {202, 400}
    assert log != []
    assert [record for record in log if record.exc_info or "Traceback" in record.getMessage()] == []


def test_there_are_two_thousand() -> None:
    assert SEEDS * ROUNDS >= 2_000
