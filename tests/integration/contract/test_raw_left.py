"""What an owner of the driver's own connection leaves behind: nothing that the next owner could tell."""

from __future__ import annotations

import sqlite3
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

import psycopg.rows
import pytest
from asyncmy.cursors import DictCursor, SSCursor

from .sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec import SQLSpec

    Deed = Callable[[Any], Any]

KEPT: list[Any] = []
"""What the application keeps of its connection, as one does by mistake."""


def kept(thing: Any) -> Any:
    """The same, after that."""
    KEPT.append(thing)
    return thing


def assign(name: str, value: Any) -> Deed:
    """Set an attribute of the driver's connection."""
    return lambda raw: setattr(raw, name, value)


def execute(statement: str) -> Deed:
    """Run it."""
    return lambda raw: raw.execute(statement)


async def half_read_by_asyncmy(raw: Any) -> None:
    """The server sends on."""
    cursor = kept(raw.cursor(SSCursor))
    await cursor.execute("SELECT 1 UNION SELECT 2 UNION SELECT 3")
    await cursor.fetchone()


def close(raw: Any) -> Any:
    """Which is the pool's to do."""
    return raw.close()


def query(statement: str) -> Deed:
    """The same by asyncmy."""
    return lambda raw: raw.query(statement)


def failing(raw: Any) -> None:
    """The error is the application's own affair."""
    raw.execute("BEGIN")
    with pytest.raises(Exception, match="convert"):
        raw.execute("SELECT 'x'::INTEGER").fetchall()


SQLITE: dict[str, Deed] = {
    "half of a cursor": lambda raw: kept(raw.cursor()).execute("SELECT * FROM three").fetchone(),
    "half of a result": lambda raw: kept(raw.execute("SELECT * FROM three")).fetchone(),
    "half of a cursor past it": lambda raw: (
        kept(sqlite3.Cursor(raw)).execute("SELECT * FROM three").fetchone()
    ),
    "half of what is written": lambda raw: kept(
        raw.execute("INSERT INTO three VALUES (4), (5) RETURNING id")
    ).fetchone(),
    "half of what is written past it": lambda raw: (
        kept(sqlite3.Cursor(raw)).execute("INSERT INTO three VALUES (4), (5) RETURNING id").fetchone()
    ),
    "an open blob": lambda raw: kept(raw.blobopen("blobs", "data", 1)),
    "isolation_level": assign("isolation_level", ""),
    "row_factory": assign("row_factory", sqlite3.Row),
    "text_factory": assign("text_factory", bytes),
    "a function": lambda raw: raw.create_function("count", -1, lambda *_: 77),
    "a collation": lambda raw: raw.create_collation("binary2", lambda *_: 0),
    "a progress handler": lambda raw: raw.set_progress_handler(lambda: 1, 1),
    "a trace": lambda raw: raw.set_trace_callback(KEPT.append),
    "an authorizer": lambda raw: raw.set_authorizer(lambda *_: sqlite3.SQLITE_DENY),
    "a limit": lambda raw: raw.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 10),
    "an attached database": execute("ATTACH ':memory:' AS other"),
    "a temporary table": execute("CREATE TEMP TABLE item (id)"),
    "a pragma": execute("PRAGMA query_only = 1"),
    "a transaction": execute("BEGIN IMMEDIATE"),
    "a close": close,
}
if hasattr(sqlite3.Connection, "autocommit"):  # Python 3.12
    SQLITE["autocommit"] = assign("autocommit", False)
DUCKDB: dict[str, Deed] = {
    "half of a result": lambda raw: kept(raw.execute("SELECT * FROM three")).fetchone(),
    "a cursor": lambda raw: kept(raw.cursor()).execute("SELECT * FROM three").fetchone(),
    "a setting": execute("SET search_path = 'information_schema'"),
    "a temporary table": execute("CREATE TEMP TABLE item (id INTEGER)"),
    "a transaction": execute("BEGIN"),
    "a transaction that failed": failing,
    "a close": close,
}
PSYCOPG: dict[str, Deed] = {
    "a cursor of the server": execute("DECLARE by_hand CURSOR WITH HOLD FOR SELECT * FROM three"),
    "row_factory": assign("row_factory", psycopg.rows.dict_row),
    "a setting": execute("SET search_path = pg_catalog"),
    "a temporary table": execute("CREATE TEMP TABLE item (id int)"),
    "a transaction": execute("BEGIN"),
    "a close": close,
}
ASYNCPG: dict[str, Deed] = {
    "a setting": execute("SET search_path = pg_catalog"),
    "a temporary table": execute("CREATE TEMP TABLE item (id int)"),
    "a transaction": lambda raw: kept(raw.transaction()).start(),
    "a codec": lambda raw: raw.set_type_codec(
        "int8", schema="pg_catalog", encoder=str, decoder=lambda _: 77, format="text"
    ),
    "a close": close,
}
ASYNCMY: dict[str, Deed] = {
    "half of a cursor": half_read_by_asyncmy,
    "the class of cursors": assign("_cursor_cls", DictCursor),
    "autocommit": lambda raw: raw.autocommit(False),
    "a setting": query("SET SESSION sql_mode = 'ANSI'"),
    "another database": query("USE information_schema"),
    "a temporary table": query("CREATE TEMPORARY TABLE item (id int, n int)"),
    "a transaction": lambda raw: raw.begin(),
    "a close": close,
}
DEEDS = [
    (side, label, deed)
    for side in SIDES
    for label, deed in {
        "sqlite": SQLITE,
        "duckdb": DUCKDB,
        "psycopg": PSYCOPG,
        "asyncpg": ASYNCPG,
        "asyncmy": ASYNCMY,
    }[side.database.name].items()
]


async def do(side: Side, spec: SQLSpec, deed: Deed) -> None:
    """In a block of its own."""
    if side.in_tasks:
        async with spec.provide_connection() as raw:
            done = deed(raw)
            if isawaitable(done):
                await done
    else:
        with spec.provide_connection() as raw:
            deed(raw)


@pytest.mark.parametrize(
    ("side", "label", "deed"),
    DEEDS,
    ids=[f"{side.name}-{label}" for side, label, _ in DEEDS],
    indirect=["side"],
)
async def test_what_an_owner_leaves_is_not_met_by_the_next(
    side: Side, spec: SQLSpec, label: str, deed: Deed
) -> None:
    """Nor does it hold up others, although the application keeps what it had made of the connection."""
    del label
    async with side.session(spec) as session:
        await session.execute("CREATE TABLE three (id INTEGER)")
        await session.execute("INSERT INTO three VALUES (1), (2), (3)")
        if side.database.name == "sqlite":
            await session.execute("CREATE TABLE blobs (data)")
            await session.execute("INSERT INTO blobs VALUES (zeroblob(10))")

    await do(side, spec, deed)

    try:
        async with side.session(spec) as one, side.session(spec, autocommit=True) as other:
            await one.execute("INSERT INTO item VALUES (1)")
            assert (await one.execute("SELECT id, 'text' AS t FROM item")).all() == [{"id": 1, "t": "text"}]
            assert (await other.execute("SELECT count(*) AS n FROM item")).scalar() == 0
        async with side.session(spec) as session:
            assert (await session.execute("SELECT count(*) FROM item")).scalar() == 1
    finally:
        KEPT.clear()
