"""Statements that no transaction takes: one error on all databases, and its advice works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import StatementError

from .databases import DUCKDB
from .sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlspec import SQLSpec

POSTGRESQL = (
    "VACUUM item",
    "DROP DATABASE IF EXISTS nowhere",
    "CREATE INDEX CONCURRENTLY ON item (id)",
    "REINDEX TABLE CONCURRENTLY item",
    "REINDEX SCHEMA public",
    "ALTER SYSTEM RESET work_mem",
    "CLUSTER",
    "DISCARD ALL",
    "CALL commits()",
    "CALL rolls_back()",
    "DO $$ BEGIN COMMIT; END $$",
)
SQLITE = (
    "VACUUM",
    "PRAGMA journal_mode = wal",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA wal_checkpoint",
)
IN_DUCKDB = ("CHECKPOINT", "FORCE CHECKPOINT", "CREATE OR REPLACE TABLE second.item (n INT)")
MARIADB = (
    "LOCK TABLES item READ",
    "SET sql_log_bin = 0",
    "SET binlog_format = 'ROW'",
    "SET binlog_direct_non_transactional_updates = 1",
    "SET gtid_domain_id = 3",
    "SET skip_replication = 1",
)
STATEMENTS = {
    "asyncpg": POSTGRESQL,
    "psycopg": POSTGRESQL,
    "sqlite": SQLITE,
    "duckdb": IN_DUCKDB,
    "asyncmy": MARIADB,
}
PROCEDURES = (
    "CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$",
    "CREATE PROCEDURE rolls_back() LANGUAGE plpgsql AS $$ BEGIN ROLLBACK; END $$",
)
PREPARED = {"asyncpg": PROCEDURES, "psycopg": PROCEDURES}
CASES = [(side, statement) for side in SIDES for statement in STATEMENTS[side.database.name]]


async def _execute(session: Any, statement: str) -> None:
    await session.execute(statement)


async def _execute_many(session: Any, statement: str) -> None:
    await session.execute_many(statement, [()])


async def _execute_script(session: Any, statement: str) -> None:
    await session.execute_script(statement)


async def _stream(session: Any, statement: str) -> None:
    async for _ in session.stream(statement):
        pass


CALLS = (_execute, _execute_many, _execute_script, _stream)


async def _begin(side: Side, session: Any) -> None:
    """Have something in the transaction: DuckDB's refuses nothing before."""
    if side.database is DUCKDB:
        await session.execute("ATTACH IF NOT EXISTS ':memory:' AS second")
    await session.execute("INSERT INTO item VALUES (1)")


async def _refusal(side: Side, call: Callable[[Any, str], Awaitable[None]], session: Any, sql: str) -> None:
    await _begin(side, session)
    await call(session, sql)


@pytest.mark.parametrize(
    ("side", "statement"),
    CASES,
    ids=[f"{side.name}-{statement}" for side, statement in CASES],
    indirect=["side"],
)
async def test_a_statement_that_no_transaction_takes_names_autocommit(
    side: Side, spec: SQLSpec, statement: str
) -> None:
    """By each method, in a session and in a begin() block; and in an autocommit session it runs."""
    async with side.session(spec) as session:
        for sql in PREPARED.get(side.database.name, ()):
            await session.execute(sql)
    for call in CALLS:
        with pytest.raises(StatementError, match=r"provide_session\(autocommit=True\)") as caught:
            async with side.session(spec) as session:
                await _refusal(side, call, session, statement)
        assert type(caught.value) is StatementError
        with pytest.raises(StatementError, match=r"not in a begin\(\) block"):
            async with side.session(spec, autocommit=True) as session, session.begin():
                await _refusal(side, call, session, statement)

    async with side.session(spec, autocommit=True) as session:
        await _begin(side, session)
        await session.execute(statement)
