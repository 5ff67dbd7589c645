"""The server's errors as ours, by number; its words, which quote values, in `.detail` alone."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.errors import (
    CheckViolationError,
    DatabaseError,
    ForeignKeyViolationError,
    IntegrityError,
    NotNullViolationError,
    QueryTimeoutError,
    StatementError,
    UniqueViolationError,
)

if TYPE_CHECKING:
    from sqlspec_testkit.servers import MariaDB

CANARY = "canary-7391"
SCHEMA = """
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (
    id INTEGER PRIMARY KEY, parent INTEGER, email VARCHAR(60) NOT NULL, age INTEGER NOT NULL,
    CONSTRAINT child_parent FOREIGN KEY (parent) REFERENCES parent (id),
    CONSTRAINT child_email UNIQUE (email),
    CONSTRAINT grown_up CHECK (age >= 18)
);
INSERT INTO parent VALUES (1);
"""
INSERT = "INSERT INTO child (id, parent, email, age) VALUES (?, ?, ?, ?)"

CASES: list[tuple[str, Any, type[DatabaseError], dict[str, str | None]]] = [
    (INSERT, (2, 1, CANARY, 20), UniqueViolationError, {"constraint": "child_email"}),
    (INSERT, (1, 1, f"{CANARY}b", 20), UniqueViolationError, {"constraint": "PRIMARY"}),
    (
        INSERT,
        (2, 9, f"{CANARY}b", 20),
        ForeignKeyViolationError,
        {"table": "child", "constraint": "child_parent", "column": "parent"},
    ),
    (
        "DELETE FROM parent WHERE id <> ?",
        (CANARY,),
        ForeignKeyViolationError,
        {"table": "child", "constraint": "child_parent"},
    ),
    (INSERT, (2, 1, None, 20), NotNullViolationError, {"column": "email"}),
    ("INSERT INTO child (id, email) VALUES (?, ?)", (2, CANARY), NotNullViolationError, {"column": "age"}),
    (INSERT, (2, 1, f"{CANARY}b", 3), CheckViolationError, {"constraint": "grown_up", "table": "child"}),
    ("SELECT nothing FROM child WHERE email = ?", (CANARY,), StatementError, {}),
    ("SELECT * FROM nowhere WHERE email = ?", (CANARY,), StatementError, {}),
    ("SELEKT ?", (CANARY,), StatementError, {}),
    (f"SELECT '{CANARY}' FORM x", None, StatementError, {}),
    ("SELECT nofunction(?)", (CANARY,), StatementError, {}),
    ("INSERT INTO parent VALUES (?)", (CANARY,), StatementError, {}),
    ("SELECT (SELECT 1 UNION SELECT 2), ?", (CANARY,), StatementError, {}),
    ("SET STATEMENT max_statement_time=0.1 FOR SELECT sleep(5), ?", (CANARY,), QueryTimeoutError, {}),
    ("KILL ?", (2**31,), DatabaseError, {}),
]


@pytest.fixture
async def schema(spec: SQLSpec) -> None:
    """Tables with constraints, and one row."""
    async with spec.provide_session() as session:
        await session.execute_script(SCHEMA)
        await session.execute(INSERT, (1, 1, CANARY, 20))


@pytest.mark.usefixtures("schema")
@pytest.mark.parametrize(
    ("statement", "parameters", "kind", "place"),
    CASES,
    ids=[f"{n}-{c[2].__name__}" for n, c in enumerate(CASES)],
)
async def test_g32_an_error_is_typed_and_tells_no_value(  # noqa: PLR0917 - a table's columns
    spec: SQLSpec,
    statement: str,
    parameters: Any,
    kind: type[DatabaseError],
    place: dict[str, str | None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Constraint, table and column are attributes. No text in the whole chain holds a value."""
    caplog.set_level(logging.DEBUG)
    async with spec.provide_session() as session:
        with pytest.raises(kind) as caught:
            await session.execute(statement, parameters)

    error = caught.value
    assert isinstance(error.code, int)
    assert error.sqlstate is not None
    assert error.detail
    if isinstance(error, IntegrityError):
        assert {name: getattr(error, name) for name in place} == place
    told = "".join(traceback.format_exception(error)) + "".join(map(str, chain(error))) + caplog.text
    assert CANARY not in told.replace(repr(statement), "").replace(f"SELECT '{CANARY}' FORM", "")
    assert type(error.__cause__).__module__ == "asyncmy.errors"


def chain(error: BaseException | None) -> list[object]:
    """All that hangs on an error, but its own `.detail`."""
    found: list[object] = []
    while error is not None and len(found) < 30:
        found += [error, error.args, getattr(error, "__notes__", [])]
        error = error.__cause__ or error.__context__
    return found


@pytest.mark.usefixtures("schema")
async def test_warnings_are_not_asked_for(spec: SQLSpec, caplog: pytest.LogCaptureFixture) -> None:
    """The driver's cursor would, with a round trip more, and would log them: they hold values."""
    async with spec.provide_session() as session:
        await session.execute("INSERT IGNORE INTO child VALUES (1, 1, ?, 20)", (CANARY,))
        await session.execute("SELECT CAST(? AS INTEGER)", (CANARY,)).scalar()

    assert CANARY not in caplog.text


async def test_no_database_is_a_fault_of_the_statement(mariadb_server: MariaDB) -> None:
    """Not of the connection, which serves on."""
    async with SQLSpec() as spec:
        spec.register_config(AsyncMyConfig(url=mariadb_server.url()), "bare")
        async with spec.provide_session(autocommit=True) as session:
            with pytest.raises(StatementError, match="no database is selected"):
                await session.execute("SELECT id FROM somewhere")
            assert await session.execute("SELECT 7").scalar() == 7
