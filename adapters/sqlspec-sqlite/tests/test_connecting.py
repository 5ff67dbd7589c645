"""Opening: what a connection is set to, and what is said when there is none."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    ConnectError,
    DatabaseError,
    ForeignKeyViolationError,
    InvalidConfigError,
    ReadOnlyError,
)
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path


def pragma(raw: sqlite3.Connection, name: str) -> object:
    """What SQLite says of itself."""
    return raw.execute(f"PRAGMA {name}").fetchone()[0]


def test_g26_foreign_keys_and_wal_are_on(spec: SQLSpec) -> None:
    """As seen by the driver; and durable commits."""
    with spec.provide_connection() as raw:
        assert pragma(raw, "foreign_keys") == 1
        assert pragma(raw, "journal_mode") == "wal"
        assert pragma(raw, "synchronous") == 2
        assert raw.isolation_level is None


def test_foreign_keys_are_enforced(spec: SQLSpec) -> None:
    """Which SQLite does not do by itself."""
    with pytest.raises(ForeignKeyViolationError), spec.provide_session() as session:
        session.execute("INSERT INTO child (parent, email) VALUES (99, 'a')")


def test_options_reach_the_connection(path: Path) -> None:
    """Each of them, as seen by the driver."""
    config = SQLiteConfig(
        database=str(path), foreign_keys=False, journal_mode="truncate", synchronous="normal"
    )

    with config.provide_connection() as raw:
        assert pragma(raw, "foreign_keys") == 0
        assert pragma(raw, "journal_mode") == "truncate"
        assert pragma(raw, "synchronous") == 1


def test_a_read_only_database_refuses_writes(spec: SQLSpec, path: Path) -> None:
    """With a typed error, from sessions and from the driver's own connection."""
    spec.register_config(SQLiteConfig(database=str(path), read_only=True), "reader")

    with pytest.raises(ReadOnlyError), spec.provide_session("reader") as session:
        session.execute("INSERT INTO item (value) VALUES (1)")
    with spec.provide_connection("reader") as raw, pytest.raises(sqlite3.OperationalError, match="readonly"):
        raw.execute("INSERT INTO item (value) VALUES (1)")
    with spec.provide_session("reader") as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_a_read_only_database_is_not_created(path: Path) -> None:
    """Reading what is not there is an error."""
    with (
        pytest.raises(ConnectError, match=r"test\.db': there is no such file, and with read_only=True"),
        SQLiteConfig(database=str(path), read_only=True).provide_session(),
    ):
        pass

    assert not path.exists()


@pytest.mark.parametrize(
    "name", ["with space.db", "with?mark.db", "with#hash.db", "with%20percent.db", "ünï.db"]
)
@pytest.mark.parametrize("read_only", [False, True])
def test_any_file_name_will_do(tmp_path: Path, name: str, *, read_only: bool) -> None:
    """Read-only databases are opened by URI, in which some characters mean something."""
    path = tmp_path / name
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE here (id)")

    with SQLiteConfig(database=str(path), read_only=read_only).provide_session() as session:
        assert session.execute("SELECT name FROM sqlite_master").scalar() == "here"


def test_a_file_that_is_no_database_is_a_connect_error(path: Path) -> None:
    """It names the file, and leaves it alone."""
    path.write_bytes(b"This is not a database, however long one looks at it. " * 100)
    before = path.read_bytes()

    with (
        pytest.raises(ConnectError, match=r"test\.db.*not a database") as caught,
        SQLiteConfig(database=str(path)).provide_session() as session,
    ):
        session.execute("SELECT 1")

    assert caught.value.code == "SQLITE_NOTADB"
    assert path.read_bytes() == before


PLACES = {
    "missing/test.db": "the directory '{folder}/missing' does not exist; create it",
    ".": "it is a directory; name a file in it",
    "file.txt/test.db": "the directory '{folder}/file.txt' is a file; correct the path",
}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_can_not_be_opened_is_a_connect_error(
    tmp_path: Path, place: str, *, read_only: bool
) -> None:
    """It says why, in the same words as other databases that are files."""
    (tmp_path / "file.txt").touch()
    config = SQLiteConfig(database=str(tmp_path / place), read_only=read_only)
    with pytest.raises(ConnectError, match="can not open") as caught, config.provide_session():
        pass

    assert caught.value.code in {"SQLITE_CANTOPEN", "SQLITE_IOERR_READ"}
    assert str(caught.value).endswith(f"': {PLACES[place].format(folder=tmp_path)}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_a_connect_error(path: Path) -> None:
    """The error is the adapter's, not the driver's."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE here (id)")
    path.chmod(0)

    with pytest.raises(ConnectError), SQLiteConfig(database=str(path)).provide_session():
        pass


def test_a_failed_connect_is_not_remembered(tmp_path: Path) -> None:
    """The next session tries again, and finds what was put right."""
    place = tmp_path / "later"
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(place / "test.db"), pool_size=1), "main")
        for _ in range(3):
            with pytest.raises(ConnectError), spec.provide_session():
                pass
        place.mkdir()

        with spec.provide_session() as session:
            assert session.execute("SELECT 1").scalar() == 1


async def test_a_failed_connect_is_a_connect_error_under_async_too(tmp_path: Path) -> None:
    """Raised in a thread, seen by the task."""
    with pytest.raises(ConnectError, match="can not open"):
        async with SQLiteConfig(database=str(tmp_path / "missing" / "test.db")).provide_session():
            pass


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("sqlite://", ":memory:"),
        ("sqlite:///relative.db", "relative.db"),
        ("sqlite:////absolute/path.db", "/absolute/path.db"),
        ("sqlite:///with%20space.db", "with space.db"),
    ],
)
def test_urls(url: str, database: str) -> None:
    """Three slashes are a relative path, four an absolute one, none is memory."""
    assert SQLiteConfig(url=url).database == database


def test_options_in_a_url() -> None:
    """Are fields, checked like any other."""
    config = SQLiteConfig(
        url="sqlite:///app.db?transaction_mode=deferred&busy_timeout=0.5&foreign_keys=false"
    )

    assert (config.transaction_mode, config.busy_timeout, config.foreign_keys) == ("deferred", 0.5, False)


@pytest.mark.parametrize(
    "options",
    [
        {"database": ""},
        {"busy_timeout": -1},
        {"busy_timeout": float("inf")},
        {"cached_statements": -1},
        {"transaction_mode": "sometimes"},
        {"journal_mode": "off"},
        {"tansaction_mode": "deferred"},
    ],
)
def test_what_can_not_be_meant_is_refused(options: dict[str, object]) -> None:
    """Before anything is opened."""
    with pytest.raises(InvalidConfigError):
        SQLiteConfig.from_mapping(options)


def test_a_uri_goes_to_sqlite_as_it_is(path: Path) -> None:
    """With what SQLite's own options say."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode=wal")

    with (
        pytest.raises(DatabaseError),
        SQLiteConfig(database=f"file:{path}?mode=ro").provide_session() as session,
    ):
        session.execute("CREATE TABLE here (id)")
