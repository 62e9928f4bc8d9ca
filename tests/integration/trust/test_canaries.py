"""The search for secrets finds them wherever they may be; else the other tests would show nothing."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from dulwich import porcelain

from lambda_bridge.redaction import VARIABLES
from tests.integration.trust.canaries import PLANTED, canary, everything, finds

SECRET = canary("any")
AMPLE = "x" * 20_000


def in_a_file(folder: Path) -> None:
    (folder / "a.log").write_text(json.dumps({"token": SECRET}))


def in_base64(folder: Path, start: str = "") -> None:
    (folder / "a.json").write_bytes(base64.b64encode(f"{start}{SECRET}".encode()))


def in_hexadecimal(folder: Path) -> None:
    (folder / "a.txt").write_text(SECRET.encode().hex())


def in_an_archive(folder: Path) -> None:
    (folder / "model.tar.gz").write_bytes(gzip.compress(SECRET.encode()))


def in_a_long_value_of_a_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "mlops.db")) as database:
        database.execute("CREATE TABLE t (a, b)")
        database.execute("INSERT INTO t VALUES (1, ?)", (AMPLE + SECRET + AMPLE,))
        database.commit()


def in_a_commit(folder: Path) -> None:
    porcelain.init(str(folder / "github"))
    porcelain.commit(str(folder / "github"), message=SECRET.encode(), author=b"a <a@b>", committer=b"a <a@b>")


@pytest.mark.parametrize(
    "hide",
    [
        in_a_file,
        in_base64,
        lambda folder: in_base64(folder, "x"),
        lambda folder: in_base64(folder, "xy"),
        in_hexadecimal,
        in_an_archive,
        in_a_long_value_of_a_database,
        in_a_commit,
    ],
)
def test_it_is_found(tmp_path: Path, hide) -> None:
    hide(tmp_path)
    assert finds(everything(tmp_path)) != []


def test_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(AMPLE)
    assert finds(everything(tmp_path)) == []


def test_every_secret_variable_is_planted() -> None:
    assert set(PLANTED) == set(VARIABLES)
