"""What one borrower sets, the next does not find."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlspec import Session

CHANGES: dict[str, tuple[str, ...]] = {
    "pragma": ("PRAGMA cache_size=7",),
    "pragma with parentheses": ("PRAGMA cache_size(7)",),
    "pragma after a semicolon": ("; PRAGMA cache_size=7",),
    "pragma after a byte order mark": ("\ufeffPRAGMA cache_size=7",),
    "pragma after a comment": ("-- PRAGMA\n/* */ PRAGMA/**/cache_size/**/=7",),
    "pragma of a schema": ('PRAGMA "main".cache_size=7',),
    "pragma explained": ("EXPLAIN PRAGMA cache_size=7",),  # SQLite sets some while it compiles
    "foreign keys": ("PRAGMA foreign_keys=OFF",),
    "temporary table": ("CREATE TEMP TABLE leaked (id)",),
    "temporary view": ("CREATE TEMP VIEW leaked AS SELECT 1",),
    "temporary trigger": ("CREATE TEMP TRIGGER leaked AFTER INSERT ON item BEGIN DELETE FROM parent; END",),
    "attached database": ("ATTACH ':memory:' AS leaked",),
}
FINGERPRINT = """
SELECT (SELECT count(*) FROM pragma_database_list), (SELECT count(*) FROM sqlite_temp_master),
       (SELECT * FROM pragma_cache_size), (SELECT * FROM pragma_foreign_keys),
       (SELECT * FROM pragma_query_only)
"""


@pytest.fixture
def spec(path: Path) -> Iterator[SQLSpec]:
    """A registry with a database of one connection, so that it is always the same one."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=1), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, value)")
            session.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        yield spec


def fingerprint(spec: SQLSpec) -> tuple[Any, ...]:
    """What a new borrower finds."""
    with spec.provide_session() as session:
        return session.execute(FINGERPRINT, schema_type=tuple).one()


def by_autocommit(spec: SQLSpec, statements: tuple[str, ...]) -> None:
    """Statements one by one."""
    with spec.provide_session(autocommit=True) as session:
        for statement in statements:
            session.execute(statement)


def by_script(spec: SQLSpec, statements: tuple[str, ...]) -> None:
    """All as a script, without a transaction around it."""
    with spec.provide_session(autocommit=True) as session:
        session.execute_script(";".join(statements))


def by_driver(spec: SQLSpec, statements: tuple[str, ...]) -> None:
    """On the driver's connection."""
    with spec.provide_connection() as raw:
        for statement in statements:
            raw.execute(statement)


def by_driver_in_bulk(spec: SQLSpec, statements: tuple[str, ...]) -> None:
    """As a script of the driver's."""
    with spec.provide_connection() as raw:
        raw.executescript(";".join(statements))


def by_lent_driver(spec: SQLSpec, statements: tuple[str, ...]) -> None:
    """On the driver's connection of an autocommit session."""
    with spec.provide_session(autocommit=True) as session:
        raw = session.connection()
        for statement in statements:
            raw.execute(statement)


@pytest.mark.parametrize("how", [by_autocommit, by_script, by_driver, by_driver_in_bulk, by_lent_driver])
@pytest.mark.parametrize("change", CHANGES)
def test_g12_state_does_not_leak(
    spec: SQLSpec, change: str, how: Callable[[SQLSpec, tuple[str, ...]], None]
) -> None:
    """Whatever was set, and by which way."""
    before = fingerprint(spec)

    how(spec, CHANGES[change])

    assert fingerprint(spec) == before


@pytest.mark.skipif(not hasattr(sqlite3.Connection, "setconfig"), reason="Python 3.12 brings setconfig")
def test_g12_switches_of_the_connection_do_not_leak(spec: SQLSpec) -> None:
    """Those that are no SQL."""
    with spec.provide_connection() as raw:
        raw.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_FKEY, False)  # type: ignore[attr-defined, unused-ignore]

    with spec.provide_connection() as raw:
        assert raw.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_g12_a_function_of_the_application_does_not_leak(spec: SQLSpec) -> None:
    """It hides none of SQLite's from the next borrower."""
    with spec.provide_connection() as raw:
        raw.create_function("upper", 1, lambda _: "hidden")

    with spec.provide_session() as session:
        assert session.execute("SELECT upper('a')").scalar() == "A"


def test_g12_a_temporary_table_in_a_transaction_does_not_leak(spec: SQLSpec) -> None:
    """Committed with the rest, it would live on in the connection."""
    before = fingerprint(spec)

    with spec.provide_session() as session:
        session.execute("CREATE TEMP TABLE leaked (id)")

    assert fingerprint(spec) == before


def _set_row_factory(raw: sqlite3.Connection) -> None:
    raw.row_factory = sqlite3.Row


def _set_text_factory(raw: sqlite3.Connection) -> None:
    raw.text_factory = bytes


def _set_isolation_level(raw: sqlite3.Connection) -> None:
    raw.isolation_level = "DEFERRED"


@pytest.mark.parametrize("change", [_set_row_factory, _set_text_factory, _set_isolation_level])
@pytest.mark.parametrize("by_session", [False, True])
def test_g13_attributes_of_the_driver_do_not_leak(
    spec: SQLSpec, change: Callable[[sqlite3.Connection], None], *, by_session: bool
) -> None:
    """They are restored, or the connection is replaced."""
    if by_session:
        with spec.provide_session() as session:
            change(session.connection())
    else:
        with spec.provide_connection() as raw:
            change(raw)

    with spec.provide_connection() as raw:
        assert raw.row_factory is None
        assert raw.text_factory is str
        assert raw.isolation_level is None
        assert raw.execute("SELECT 'a'").fetchall() == [("a",)]


def test_g11_a_transaction_left_open_on_the_raw_connection_is_undone(spec: SQLSpec) -> None:
    """Also when the block ends by an exception."""
    with spec.provide_connection() as raw:
        raw.execute("BEGIN")
        raw.execute("INSERT INTO item (id) VALUES (1)")
    with pytest.raises(ZeroDivisionError), spec.provide_connection() as raw:
        raw.execute("BEGIN")
        raw.execute("INSERT INTO item (id) VALUES (2)")
        raise ZeroDivisionError

    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_the_raw_connection_is_in_autocommit_mode(spec: SQLSpec, path: Path) -> None:
    """A statement without BEGIN is kept at once."""
    with spec.provide_connection() as raw:
        raw.execute("INSERT INTO item (id) VALUES (1)")
        with sqlite3.connect(path) as other:
            assert other.execute("SELECT count(*) FROM item").fetchone() == (1,)
        other.close()


def test_the_raw_connection_of_a_session_is_in_its_transaction(spec: SQLSpec) -> None:
    """What is done on it shares the session's fate."""
    with pytest.raises(ZeroDivisionError), spec.provide_session() as session:
        raw = session.connection()
        assert raw.in_transaction
        raw.execute("INSERT INTO item (id) VALUES (1)")
        raise ZeroDivisionError

    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_a_commit_on_the_raw_connection_does_not_pass_unseen(spec: SQLSpec) -> None:
    """The session's transaction has ended behind its back: a clean exit says so."""
    from sqlspec.errors import TransactionAbortedError

    with pytest.raises(TransactionAbortedError), spec.provide_session() as session:
        session.execute("INSERT INTO item (id) VALUES (1)")
        session.connection().execute("COMMIT")


def test_after_a_read_only_session_the_next_may_write(spec: SQLSpec) -> None:
    """On the same connection, which was not replaced for it."""
    opened = spec.stats("main").opened

    for autocommit in (False, True):
        with spec.provide_session(read_only=True, autocommit=autocommit) as session:
            session.execute("SELECT 1")
        with spec.provide_session() as session:
            session.execute("INSERT INTO item DEFAULT VALUES")

    assert spec.stats("main").opened == opened


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA table_info(item)",
        "PRAGMA foreign_keys",
        "PRAGMA user_version=3",
        "SELECT * FROM pragma_cache_size",
    ],
)
def test_asking_costs_no_connection(spec: SQLSpec, statement: str) -> None:
    """What changes no state of the connection leaves it in the pool."""
    with spec.provide_session(autocommit=True) as session:
        session.execute(statement)

    assert spec.stats("main").opened == 1
    assert spec.stats("main").idle == 1


def test_reset_rollback_keeps_state_and_undoes_work(path: Path) -> None:
    """For those who know what they set: cheaper, and documented so."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=1, reset="rollback"), "main")
        with spec.provide_session(autocommit=True) as session:
            session.execute("PRAGMA cache_size=7")
            session.execute("CREATE TABLE item (id)")
        with pytest.raises(ZeroDivisionError), spec.provide_session() as session:
            _fail(session)

        with spec.provide_session() as session:
            assert session.execute("PRAGMA cache_size").scalar() == 7
            assert session.execute("SELECT count(*) FROM item").scalar() == 0


def _fail(session: Session) -> None:
    session.execute("INSERT INTO item VALUES (1)")
    raise ZeroDivisionError


async def test_g12_state_does_not_leak_under_async(spec: SQLSpec) -> None:
    """The threads' connections are no different."""
    async with spec.provide_session(autocommit=True) as session:
        before = await session.execute(FINGERPRINT, schema_type=tuple).one()
        await session.execute("PRAGMA cache_size=7")
        await session.execute("CREATE TEMP TABLE leaked (id)")
        raw = await session.connection()
        raw.row_factory = sqlite3.Row

    async with spec.provide_session(autocommit=True) as session:
        assert await session.execute(FINGERPRINT, schema_type=tuple).one() == before


def test_a_connection_that_was_pinged_serves_on(spec: SQLSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch over the ping's deadline is ours, not a change that its owner made."""
    monkeypatch.setattr("sqlspec.pool.base.UNCHECKED_WINDOW", 0.0)  # all have rested
    spec.ping("main")

    for _ in range(3):
        with spec.provide_session() as session:
            session.execute("INSERT INTO item VALUES (NULL, 1)")

    stats = spec.stats("main")
    assert (stats.opened, stats.closed) == (1, 0)
