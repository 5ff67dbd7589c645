"""What another session changes while a pool lives costs that pool one failed session at most."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import SQLSpecError

from .sides import door_to

if TYPE_CHECKING:
    from .sides import Door, Home, Side

SHADE = "CREATE TYPE shade AS ENUM ('red', 'blue', 'grey'); "
NEW_SHADE = "DROP TYPE shade CASCADE; CREATE TYPE shade AS ENUM ('red', 'blue'); "


@dataclass(frozen=True)
class Change:
    """One statement before a migration and after it."""

    made: str
    migration: str
    statement: str
    before: tuple[Any, ...] = ()
    after: tuple[Any, ...] | None = None
    rows: list[tuple[Any, ...]] | None = None
    """What the statement returns in the end; None: whatever."""
    ways: tuple[str, ...] = ("execute", "execute_many", "stream")


CHANGES = {
    "an enum's array, written": Change(
        SHADE + "CREATE TABLE t (v shade[])",
        "ALTER TYPE shade RENAME TO old; CREATE TYPE shade AS ENUM ('red', 'blue');"
        "ALTER TABLE t ALTER v TYPE shade[] USING v::text[]::shade[]; DROP TYPE old",
        "INSERT INTO t VALUES (?)",
        (["red"],),
        ways=("execute", "execute_many", "load"),
    ),
    "an enum, written": Change(
        SHADE + "CREATE TABLE t (v shade)",
        "ALTER TABLE t ALTER v TYPE text; DROP TYPE shade; CREATE TYPE shade AS ENUM ('red');"
        "ALTER TABLE t ALTER v TYPE shade USING v::shade",
        "INSERT INTO t VALUES (?)",
        ("red",),
        ways=("execute", "execute_many", "load"),
    ),
    "an enum, read": Change(
        SHADE + "CREATE TABLE t (v shade, many shade[]); INSERT INTO t VALUES ('red', '{blue}')",
        "ALTER TABLE t ALTER v TYPE text, ALTER many TYPE text[]; DROP TYPE shade;"
        "CREATE TYPE shade AS ENUM ('red', 'blue');"
        "ALTER TABLE t ALTER v TYPE shade USING v::shade, ALTER many TYPE shade[] USING many::shade[]",
        "SELECT v, many FROM t",
        rows=[("red", ["blue"])],
    ),
    "an enum, in a cast": Change(
        SHADE,
        NEW_SHADE,
        "SELECT ?::shade AS one, ?::shade[] AS many",
        ("red", ["blue"]),
        rows=[("red", ["blue"])],
    ),
    "a value of an enum": Change(
        SHADE, "ALTER TYPE shade ADD VALUE 'pink'", "SELECT ?::shade", ("red",), ("pink",), [("pink",)]
    ),
    "a composite": Change(
        "CREATE TYPE pair AS (a int, b text); CREATE TABLE t (n int, v pair);"
        "INSERT INTO t VALUES (1, '(1,x)')",
        "ALTER TYPE pair ADD ATTRIBUTE c int",
        "SELECT n, (v).b, v, ARRAY[v] FROM t",
    ),
    "a composite's attribute": Change(
        "CREATE TYPE pair AS (a int, b int); CREATE TABLE t (n int, v pair);"
        "INSERT INTO t VALUES (1, '(1,2)')",
        "ALTER TABLE t DROP v; DROP TYPE pair; CREATE TYPE pair AS (a int, b text);"
        "ALTER TABLE t ADD v pair DEFAULT '(1,x)'",
        "SELECT n, (v).a, v FROM t",
    ),
    "a domain": Change(
        "CREATE DOMAIN code AS int; CREATE TABLE t (v code)",
        "DROP TABLE t; DROP DOMAIN code; CREATE DOMAIN code AS text; CREATE TABLE t (v code)",
        "INSERT INTO t VALUES (?)",
        (5,),
        ("five",),
        ways=("execute", "execute_many", "load"),
    ),
    "a domain's array": Change(
        "CREATE DOMAIN code AS int; CREATE TABLE t (v code[])",
        "DROP TABLE t; DROP DOMAIN code; CREATE DOMAIN code AS int; CREATE TABLE t (v code[])",
        "INSERT INTO t VALUES (?)",
        ([5],),
        ways=("execute", "execute_many", "load"),
    ),
    "a range": Change(
        "CREATE TYPE span AS RANGE (subtype = int)",
        "DROP TYPE span; CREATE TYPE span AS RANGE (subtype = int)",
        "SELECT lower('[3,5)'::span), ARRAY['[1,2)'::span]",
    ),
    "a table's columns": Change(
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1)",
        "DROP TABLE t; CREATE TABLE t (b text, c int); INSERT INTO t VALUES ('x', 2)",
        "SELECT * FROM t",
        rows=[("x", 2)],
    ),
    "a table's name": Change(
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1)",
        "ALTER TABLE t RENAME TO old; CREATE TABLE t (a int); INSERT INTO t VALUES (2)",
        "SELECT * FROM t WHERE a > ?",
        (0,),
        rows=[(2,)],
    ),
    "a column more": Change(
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1)",
        "ALTER TABLE t ADD b text DEFAULT 'x'",
        "SELECT * FROM t",
        rows=[(1, "x")],
    ),
    "a column more, returned": Change(
        "CREATE TABLE t (a int)",
        "ALTER TABLE t ADD b text DEFAULT 'x'",
        "INSERT INTO t VALUES (?) RETURNING *",
        (1,),
        ways=("execute", "execute_many", "stream"),
    ),
    "a column of another type, written": Change(
        "CREATE TABLE t (v int)",
        "ALTER TABLE t ALTER v TYPE text",
        "INSERT INTO t VALUES (?)",
        (5,),
        ("five",),
        ways=("execute", "execute_many", "load"),
    ),
    "a column of another type, read": Change(
        "CREATE TABLE t (v int); INSERT INTO t VALUES (1)",
        "ALTER TABLE t ALTER v TYPE numeric(5, 2)",
        "SELECT v::text AS said, v FROM t",
    ),
    "a list for a document": Change(
        "CREATE TABLE t (v int[])",
        "DROP TABLE t; CREATE TABLE t (v jsonb)",
        "INSERT INTO t VALUES (?)",
        ([1],),
        ways=("execute", "execute_many", "load"),
    ),
    "a function's result": Change(
        "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a'",
        "DROP FUNCTION f; CREATE FUNCTION f(a int) RETURNS text LANGUAGE sql AS 'SELECT a::text'",
        "SELECT f(?)",
        (5,),
        rows=[("5",)],
    ),
    "a function's argument": Change(
        "CREATE FUNCTION f(a int) RETURNS text LANGUAGE sql AS 'SELECT a::text'",
        "DROP FUNCTION f; CREATE FUNCTION f(a text) RETURNS text LANGUAGE sql AS 'SELECT a'",
        "SELECT f(?)",
        (5,),
        ("five",),
        [("five",)],
    ),
    "a function's table": Change(
        "CREATE FUNCTION f() RETURNS TABLE (a int) LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION f; CREATE FUNCTION f() RETURNS TABLE (a int, b int) LANGUAGE sql AS 'SELECT 1, 2'",
        "SELECT * FROM f()",
        rows=[(1, 2)],
    ),
    "a view": Change(
        "CREATE VIEW t AS SELECT 1 AS a",
        "DROP VIEW t; CREATE VIEW t AS SELECT 'x'::text AS b, 2 AS c",
        "SELECT * FROM t",
        rows=[("x", 2)],
    ),
}
CASES = [(name, way) for name, change in CHANGES.items() for way in change.ways]


async def _run(session: Any, way: str, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if way == "execute_many":
        result = await session.execute_many(statement, [values, values])
        return (
            [tuple(row.values()) for row in result.all()][: len(result.all()) // 2] if result.columns else []
        )
    if way == "load":
        return [(await session.load("t", [values, values], ["v"]),)][:0]
    if way == "stream":
        return [tuple(row.values()) async for row in session.stream(statement, values, batch_size=1)]
    result = await session.execute(statement, values)
    return [tuple(row.values()) for row in result.all()] if result.columns else []


async def _warm(door: Door, way: str, change: Change, autocommit: bool) -> None:
    """Each of two connections runs it until it is prepared."""
    async with door.session(autocommit=autocommit) as one, door.session(autocommit=autocommit) as other:
        for session in (one, other) * 7:
            await _run(session, way, change.statement, change.before)


@pytest.mark.parametrize("mode", ["first in a transaction", "later in a transaction", "autocommit"])
@pytest.mark.parametrize(("name", "way"), CASES, ids=[f"{name}, {way}" for name, way in CASES])
async def test_a_migration_costs_one_failed_session_at_most(
    side: Side, home: Home, name: str, way: str, mode: str
) -> None:
    """On any connection of the pool, by any way in."""
    change, autocommit = CHANGES[name], mode == "autocommit"
    values = change.before if change.after is None else change.after
    failures: list[SQLSpecError] = []
    found: Any = None
    home.sql(change.made)

    async with door_to(side, home.url(), pool_size=2) as door:
        await _warm(door, way, change, autocommit)
        home.sql(change.migration)
        for turn in range(4):
            async with AsyncExitStack() as held:
                if turn % 2:  # then the sessions are on the other connection
                    holder = await held.enter_async_context(door.session())
                    await holder.execute("SELECT 1")
                for _ in range(2):
                    try:
                        async with door.session(autocommit=autocommit) as session:
                            if mode == "later in a transaction":
                                await session.execute("SELECT 1")
                            found = await _run(session, way, change.statement, values)
                    except SQLSpecError as error:
                        failures.append(error)

    assert len(failures) <= 1, failures
    assert change.rows is None or found == change.rows


OWN = {
    "a temporary table": (
        "CREATE TEMP TABLE o (a int); INSERT INTO o VALUES (1)",
        "DROP TABLE o; CREATE TEMP TABLE o (b text, c int); INSERT INTO o VALUES ('x', 2)",
    ),
    "the search path": (
        """DROP SCHEMA IF EXISTS one, two CASCADE; CREATE SCHEMA one; CREATE SCHEMA two;
        CREATE TABLE one.o AS SELECT 1 AS a; CREATE TABLE two.o AS SELECT 'x'::text AS b, 2 AS c;
        SET search_path = one""",
        "SET search_path = two",
    ),
    "a table in the way": (
        "CREATE TABLE o AS SELECT 1 AS a",
        "CREATE TEMP TABLE o AS SELECT 'x'::text AS b, 2 AS c",
    ),
    "a block of code": (
        "CREATE TABLE o AS SELECT 1 AS a",
        "DO $$ BEGIN DROP TABLE o; CREATE TABLE o AS SELECT 'x'::text AS b, 2 AS c; END $$",
    ),
    "what was prepared": ("CREATE TABLE o AS SELECT 'x'::text AS b, 2 AS c", "DEALLOCATE ALL"),
}


@pytest.mark.parametrize("autocommit", [False, True], ids=["transactions", "autocommit"])
@pytest.mark.parametrize("way", ["execute", "execute_many", "stream"])
@pytest.mark.parametrize("name", OWN)
async def test_what_a_session_changes_itself_costs_one_error_at_most(
    door: Door, name: str, way: str, *, autocommit: bool
) -> None:
    """The same statement, on the same connection."""
    made, change = OWN[name]
    failures: list[SQLSpecError] = []
    found: Any = None

    async with door.session(autocommit=autocommit) as session:
        await session.execute_script(made)
        for _ in range(7):
            await _run(session, way, "SELECT * FROM o", ())
        if not autocommit:
            await session.commit()
        await session.execute_script(change)
        if not autocommit:
            await session.commit()
        for _ in range(4):
            try:
                found = await _run(session, way, "SELECT * FROM o", ())
                if not autocommit:
                    await session.commit()
            except SQLSpecError as error:
                failures.append(error)
                await session.rollback()

    assert len(failures) <= 1, failures
    assert found == [("x", 2)]


async def test_a_temporary_table_of_the_last_session_is_not_met_again(side: Side, home: Home) -> None:
    """The reset drops it, and its name is another table's in the next one."""
    home.sql("CREATE TABLE o AS SELECT 'x'::text AS b, 2 AS c")
    async with door_to(side, home.url(), pool_size=1) as door:
        async with door.session() as session:
            await session.execute("CREATE TEMP TABLE o AS SELECT 1 AS a")
            for _ in range(7):
                assert await _run(session, "execute", "SELECT * FROM o", ()) == [(1,)]

        async with door.session() as session:
            assert await _run(session, "execute", "SELECT * FROM o", ()) == [("x", 2)]
