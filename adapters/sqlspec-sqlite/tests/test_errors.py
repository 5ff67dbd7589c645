"""Every error class that SQLite can give, provoked for real, with what it tells."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.database.standalone import process_plugins
from sqlspec.errors import (
    CheckViolationError,
    DatabaseError,
    DeadlineExceeded,
    DisconnectedError,
    ForeignKeyViolationError,
    IntegrityError,
    MultipleRowsError,
    NoRowError,
    NotNullViolationError,
    NotSupportedError,
    OperationalError,
    QueryCancelledError,
    ReadOnlyError,
    SQLSpecError,
    StatementError,
    UniqueViolationError,
)
from sqlspec.plugin import TransactionOptions, TransactionStatus
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path

    from sqlspec import SQLSpec

PLACES = ("table", "column", "constraint")


@pytest.mark.parametrize(
    ("statement", "kind", "code", "place"),
    [
        (
            "INSERT INTO child (email) VALUES ('taken')",
            UniqueViolationError,
            "SQLITE_CONSTRAINT_UNIQUE",
            ("child", "email", None),
        ),
        (
            "INSERT INTO parent (id) VALUES (1)",
            UniqueViolationError,
            "SQLITE_CONSTRAINT_PRIMARYKEY",
            ("parent", "id", None),
        ),
        (
            "INSERT INTO pair (a, b) VALUES (1, 2)",
            UniqueViolationError,
            "SQLITE_CONSTRAINT_PRIMARYKEY",
            ("pair", None, None),
        ),
        (
            "INSERT INTO child (email) VALUES (NULL)",
            NotNullViolationError,
            "SQLITE_CONSTRAINT_NOTNULL",
            ("child", "email", None),
        ),
        (
            "INSERT INTO child (email, age) VALUES ('new', 17)",
            CheckViolationError,
            "SQLITE_CONSTRAINT_CHECK",
            (None, None, "grown_up"),
        ),
        (
            "INSERT INTO child (email, parent) VALUES ('new', 99)",
            ForeignKeyViolationError,
            "SQLITE_CONSTRAINT_FOREIGNKEY",
            (None, None, None),
        ),
        (
            "INSERT INTO guarded (id) VALUES (1)",
            IntegrityError,
            "SQLITE_CONSTRAINT_TRIGGER",
            (None, None, None),
        ),
    ],
)
def test_violated_constraints(
    spec: SQLSpec,
    statement: str,
    kind: type[IntegrityError],
    code: str,
    place: tuple[str | None, str | None, str | None],
) -> None:
    """Which, and where, as far as SQLite tells."""
    with spec.provide_session() as session:
        session.execute_script(
            """
            INSERT INTO parent (id) VALUES (1);
            INSERT INTO child (email) VALUES ('taken');
            CREATE TABLE pair (a, b, PRIMARY KEY (a, b)); INSERT INTO pair VALUES (1, 2);
            CREATE TABLE guarded (id);
            CREATE TRIGGER guard BEFORE INSERT ON guarded BEGIN SELECT RAISE(ABORT, 'no'); END;
            """
        )

    with pytest.raises(kind) as caught, spec.provide_session() as session:
        session.execute(statement)

    assert type(caught.value) is kind
    assert caught.value.code == code
    assert tuple(getattr(caught.value, name) for name in PLACES) == place
    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)


@pytest.mark.parametrize(
    "statement",
    [
        "SELEC 1",
        "SELECT * FROM nowhere",
        "SELECT nothing FROM item",
        "SELECT no_function(1)",
        "INSERT INTO item (id, value) VALUES (1)",
        "INSERT INTO item (id) VALUES ('not a number')",
        "CREATE TABLE item (id)",
        "SELECT zeroblob(2000000000)",
    ],
)
def test_wrong_statements(spec: SQLSpec, statement: str) -> None:
    """Of every kind; the transaction goes on."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO item (id) VALUES (1)")
        with pytest.raises(StatementError) as caught:
            session.execute(statement)

    assert isinstance(caught.value.code, str)
    assert caught.value.code.startswith("SQLITE_")
    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 1


def test_a_value_is_in_no_text(spec: SQLSpec) -> None:
    """Neither in the message nor in those of its causes."""
    secret = "s3cr3t-value"
    texts = []
    for statement in (
        "INSERT INTO child (email, age) VALUES (?, 3)",
        "INSERT INTO child (email, parent) VALUES (?, 99)",
        "INSERT INTO item (id) VALUES (?)",
        "SELECT nothing FROM item WHERE value = ?",
    ):
        with pytest.raises(DatabaseError) as caught, spec.provide_session() as session:
            session.execute(statement, (secret,))
        error: BaseException | None = caught.value
        while error is not None:
            texts.append(f"{error} {error!r}")
            error = error.__cause__

    assert len(texts) >= 8
    assert not [text for text in texts if secret in text]


def test_a_write_in_a_read_only_session(spec: SQLSpec) -> None:
    """Is told apart from other errors of the statement."""
    with pytest.raises(ReadOnlyError) as caught, spec.provide_session(read_only=True) as session:
        session.execute("DELETE FROM item")

    assert caught.value.code == "SQLITE_READONLY"


def test_isolation_levels_are_not_supported(spec: SQLSpec) -> None:
    """SQLite has one."""
    with pytest.raises(NotSupportedError), spec.provide_session(isolation="read committed"):
        pass


def test_a_damaged_file_is_the_servers_circumstance(spec: SQLSpec, path: Path) -> None:
    """Nothing is wrong with the statement."""
    with spec.provide_session() as session:
        session.execute_many("INSERT INTO item (value) VALUES (?)", [("x" * 500,)] * 500)
    spec.close()
    content = bytearray(path.read_bytes())
    content[4096 * 4 : 4096 * 40] = b"\xff" * (4096 * 36)
    path.write_bytes(content)
    spec.open()

    with pytest.raises(OperationalError) as caught, spec.provide_session() as session:
        session.execute("SELECT sum(length(value)) FROM item")

    assert str(caught.value.code).startswith("SQLITE_CORRUPT")


def test_a_statement_that_is_interrupted(spec: SQLSpec) -> None:
    """By a driver's `interrupt()`, from inside of itself."""
    with spec.provide_session() as session:
        raw = session.connection()
        raw.create_function("stop", 0, raw.interrupt)
        with pytest.raises(QueryCancelledError) as caught:
            session.execute(
                "WITH RECURSIVE n (i) AS (SELECT stop() UNION ALL SELECT 1 FROM n LIMIT 10000000) "
                "SELECT count(*) FROM n"
            )

    assert caught.value.code == "SQLITE_INTERRUPT"


def test_a_connection_that_was_closed_under_the_session(spec: SQLSpec) -> None:
    """It is gone, and the next session has another."""
    with pytest.raises(SQLSpecError) as caught, spec.provide_session(autocommit=True) as session:
        session.connection().close()
        session.execute("SELECT 1")

    assert isinstance(caught.value, DisconnectedError)
    with spec.provide_session() as session:
        assert session.execute("SELECT 1").scalar() == 1


def test_a_connection_that_was_closed_in_a_transaction(spec: SQLSpec) -> None:
    """A clean exit must not look like a commit."""
    with pytest.raises(SQLSpecError), spec.provide_session() as session:
        session.execute("INSERT INTO item (id) VALUES (1)")
        session.connection().close()

    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_an_adapters_deadline_stops_a_statement(path: Path) -> None:
    """For core's own calls: pings and what else has a deadline."""
    create: Any = process_plugins().hook("sqlspec_create_connection", "sqlite")
    connection = create(SQLiteConfig(database=str(path)), None)
    started = time.monotonic()

    with pytest.raises(DeadlineExceeded):
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
            None,
            started + 0.1,
        )

    assert time.monotonic() - started < 2
    assert connection.execute("SELECT 1", None, None).rows == [(1,)]
    connection.close()


def test_an_adapters_deadline_stops_many_statements_after_begin(path: Path) -> None:
    """The last thing before them was BEGIN, which no deadline cuts."""
    create: Any = process_plugins().hook("sqlspec_create_connection", "sqlite")
    connection = create(SQLiteConfig(database=str(path)), None)
    endless = "WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n LIMIT 50000000)"
    connection.execute("CREATE TABLE item (id)", None, None)
    connection.begin(TransactionOptions(), None)
    started = time.monotonic()

    with pytest.raises(DeadlineExceeded):
        connection.execute_many(f"INSERT INTO item {endless} SELECT max(i) FROM n", [(1,)], started + 0.1)

    assert time.monotonic() - started < 2
    assert connection.transaction_status is TransactionStatus.IDLE  # SQLite undid all of it
    connection.close()


def test_results_that_are_not_one_row(spec: SQLSpec) -> None:
    """The shape of a result is judged after the statement ran."""
    with spec.provide_session() as session:
        with pytest.raises(NoRowError):
            session.execute("SELECT * FROM item").one()
        with pytest.raises(MultipleRowsError):
            session.execute("SELECT 1 UNION SELECT 2").one()
