"""The server's errors in our tree; no text holds a value."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    CheckViolationError,
    DatabaseError,
    ForeignKeyViolationError,
    IntegrityError,
    LockTimeoutError,
    NotNullViolationError,
    QueryTimeoutError,
    ReadOnlyError,
    StatementError,
    UniqueViolationError,
)
from sqlspec_psycopg import PostgreSQLConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = """
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (
    id int PRIMARY KEY,
    parent int REFERENCES parent,
    email text NOT NULL UNIQUE,
    age int CONSTRAINT grown_up CHECK (age >= 18)
);
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (1, 1, 'canary-7', 20);
"""
INSERT = "INSERT INTO child VALUES (?, ?, ?, ?)"

CANARY = "c4n4ry-7391"


@pytest.fixture
def spec(postgresql_url: str) -> Iterator[SQLSpec]:
    """The tables above."""
    with SQLSpec() as spec:
        spec.register_config(PostgreSQLConfig(url=postgresql_url), "main")
        with spec.provide_session() as session:
            session.execute_script(SCHEMA)
        yield spec


def texts(error: BaseException | None) -> str:
    """All that a traceback would show."""
    told = []
    while error is not None:
        told.append(f"{error!r} {error} {getattr(error, '__notes__', '')}")
        error = error.__cause__ or error.__context__
    return " ".join(told)


VIOLATIONS = [
    ((2, 1, "canary-7", 20), UniqueViolationError, "child_email_key", None),
    ((2, 9, "canary-8", 20), ForeignKeyViolationError, "child_parent_fkey", None),
    ((2, 1, None, 20), NotNullViolationError, None, "email"),
    ((2, 1, "canary-8", 7), CheckViolationError, "grown_up", None),
]


@pytest.mark.parametrize(
    ("row", "kind", "constraint", "column"), VIOLATIONS, ids=["unique", "foreign", "null", "check"]
)
def test_g32_a_violation_says_what_and_where(
    spec: SQLSpec,
    row: tuple[object, ...],
    kind: type[IntegrityError],
    constraint: str | None,
    column: str | None,
) -> None:
    """The row's values stand in `.detail` alone."""
    with pytest.raises(kind) as caught, spec.provide_session() as session:
        session.execute(INSERT, row)

    error = caught.value
    assert error.sqlstate is not None
    assert (error.constraint, error.table, error.column) == (constraint, "child", column)
    assert error.detail
    assert "canary" not in texts(error)


STATEMENTS: list[tuple[str, type[DatabaseError], str]] = [
    ("SELEC 1", StatementError, "42601"),
    ("SELECT * FROM no_such_table", StatementError, "42P01"),
    ("SELECT 'canary-7'::int", StatementError, "22P02"),
    ("SELECT '{\"a\": canary-7}'::json", StatementError, "22P02"),
    ("SELECT 1/0", StatementError, "22012"),
    ("DO $$ BEGIN RAISE EXCEPTION 'canary-7'; END $$", DatabaseError, "P0001"),
    ("COPY parent TO STDOUT", StatementError, ""),
]


@pytest.mark.parametrize(("sql", "kind", "state"), STATEMENTS, ids=[sql for sql, _, _ in STATEMENTS])
def test_g32_a_wrong_statement_is_typed_and_quotes_no_value(
    spec: SQLSpec, sql: str, kind: type[DatabaseError], state: str
) -> None:
    """Its cause neither."""
    with pytest.raises(kind) as caught, spec.provide_session() as session:
        session.execute(sql)

    assert (caught.value.sqlstate or "") == state
    assert "canary" not in texts(caught.value)


def test_the_servers_circumstances_are_typed(spec: SQLSpec) -> None:
    """Timeouts, locks, and what may not be written."""
    with pytest.raises(QueryTimeoutError), spec.provide_session() as session:
        session.execute("SET LOCAL statement_timeout = '10ms'")
        session.execute("SELECT pg_sleep(5)")
    with (
        pytest.raises(LockTimeoutError),
        spec.provide_session() as holder,
        spec.provide_session() as session,
    ):
        holder.execute("LOCK parent")
        session.execute("SET LOCAL lock_timeout = '10ms'")
        session.execute("SELECT * FROM parent")
    with pytest.raises(ReadOnlyError), spec.provide_session(read_only=True) as session:
        session.execute("DELETE FROM child")


def test_isolation_is_the_transactions(spec: SQLSpec) -> None:
    """For one session."""
    with spec.provide_session(isolation="serializable") as session:
        assert session.execute("SHOW transaction_isolation").scalar() == "serializable"
    with spec.provide_session() as session:
        assert session.execute("SHOW transaction_isolation").scalar() == "read committed"


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
def test_g32_a_stream_quotes_no_value_either(spec: SQLSpec, *, autocommit: bool) -> None:
    """Its query runs while it is fetched: a parameter taken for a name is told in the detail alone."""
    with pytest.raises(StatementError) as caught, spec.provide_session(autocommit=autocommit) as session:
        list(session.stream("SELECT (?::text)::regclass", (CANARY,)))

    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY in str(caught.value.detail)
