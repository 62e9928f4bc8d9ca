from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from local.github import LocalGitHub
from local.migrations import MIGRATIONS
from local.store import Store, StoreVersionError, to_moment, to_text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mlops.db"


def version(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


class TestSchema:
    def test_a_new_file_has_the_newest(self, path: Path) -> None:
        Store(path).close()
        assert version(path) == len(MIGRATIONS)

    def test_an_older_one_is_migrated_with_its_rows(self, path: Path) -> None:
        store = Store(path)
        with store.transaction() as db:
            db.execute("INSERT INTO model_package_groups (name, created) VALUES ('g', 'x')")
        store.close()
        more = "ALTER TABLE model_package_groups ADD COLUMN kept INTEGER NOT NULL DEFAULT 5"
        store = Store(path, [*MIGRATIONS, more])
        assert [(row["name"], row["kept"]) for row in store.rows("SELECT * FROM model_package_groups")] == [("g", 5)]
        store.close()
        assert version(path) == len(MIGRATIONS) + 1

    def test_a_migration_that_fails_changes_nothing(self, path: Path) -> None:
        Store(path).close()
        with pytest.raises(sqlite3.OperationalError):
            Store(path, [*MIGRATIONS, "CREATE TABLE more (x); SELECT nonsense FROM nowhere"])
        assert version(path) == len(MIGRATIONS)
        assert Store(path).rows("SELECT name FROM sqlite_master WHERE name = 'more'") == []

    def test_a_newer_one_is_refused(self, path: Path) -> None:
        Store(path, [*MIGRATIONS, "CREATE TABLE more (x)"]).close()
        with pytest.raises(StoreVersionError, match=r"newer version of mlops wrote it .* Install that version"):
            Store(path)


class TestTransaction:
    def test_is_rolled_back_when_the_block_raises(self, path: Path) -> None:
        store = Store(path)
        insert = "INSERT INTO model_package_groups VALUES ('g', NULL, 'x')"
        with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
            db.executemany(insert, [(), ()])
        assert store.row("SELECT * FROM model_package_groups") is None

    def test_is_seen_by_another_connection(self, path: Path) -> None:
        store, other = Store(path), Store(path)
        with store.transaction() as db:
            db.execute("INSERT INTO model_package_groups VALUES ('g', NULL, 'x')")
        assert other.row("SELECT name FROM model_package_groups")["name"] == "g"  # type: ignore[index]

    def test_foreign_keys_hold(self, path: Path) -> None:
        with pytest.raises(sqlite3.IntegrityError), Store(path).transaction() as db:
            db.execute("INSERT INTO model_packages VALUES ('none', 1, '{}', 'Approved', NULL, 'x', 'x', NULL)")

    def test_writes_are_durable_and_readers_do_not_wait(self, path: Path) -> None:
        store = Store(path)
        assert store.rows("PRAGMA journal_mode")[0][0] == "wal"
        assert store.rows("PRAGMA synchronous")[0][0] == 2


def test_moments_sort_as_text() -> None:
    whole = datetime(2026, 1, 1, 12, tzinfo=UTC)
    later = (whole + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=9)))
    assert to_text(whole) < to_text(later)
    assert to_moment(to_text(later)) == later


def test_a_commit_that_fails_leaves_the_store_usable(path: Path) -> None:
    child = "CREATE TABLE children (parent TEXT REFERENCES pipelines (name) DEFERRABLE INITIALLY DEFERRED)"
    store = Store(path, [*MIGRATIONS, child])
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
        db.execute("INSERT INTO children VALUES ('nobody')")
    with store.transaction() as db:
        assert db.execute("SELECT count(*) FROM children").fetchone()[0] == 0
    store.close()


def test_the_single_attempts_of_an_older_version_become_closed_issues(path: Path) -> None:
    """Their numbers are taken: run ids, and with them client request tokens, are never used twice."""
    older = Store(path, MIGRATIONS[:1])
    with older.transaction() as db:
        for state in ("registered", "running"):
            db.execute(
                "INSERT INTO runs (title, source, content_hash, state, created) VALUES ('Iris', '/a', 'h', ?, ?)",
                (state, to_text(datetime(2026, 1, 1, tzinfo=UTC))),
            )
    older.close()
    store = Store(path)
    rows = store.rows("SELECT number, title, state FROM github_issues ORDER BY number")
    assert [tuple(row) for row in rows] == [(1, "Iris", "closed"), (2, "Iris", "closed")]
    github = LocalGitHub(store, path.parent / "github", "secret")
    owner = github.users.named("owner")
    assert owner is not None
    assert github.issues.create(owner, "New", "", [])["number"] == 3
