"""What the server says becomes an error of the tree, by its SQLSTATE; no value stands in its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import errors

from .sides import ASYNCPG, PSYCOPG, THREADS, door_to, settled
from .told import told_by

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .sides import Door, Home, Side

CANARY = "c4n4ry-7391"
TABLES = """
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (
    id int CONSTRAINT child_key PRIMARY KEY,
    parent int CONSTRAINT child_parent REFERENCES parent,
    name text CONSTRAINT child_name UNIQUE,
    mail text NOT NULL DEFAULT 'x',
    age int CONSTRAINT grown_up CHECK (age >= 18),
    span int4range,
    CONSTRAINT apart EXCLUDE USING gist (span WITH &&)
);
INSERT INTO child (id, name, span) VALUES (1, 'c4n4ry-7391', '[1,5)');
CREATE FUNCTION complain(what text, state text DEFAULT 'P0001') RETURNS int LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no %', what USING DETAIL = what, HINT = what, ERRCODE = state; END $$;
"""
# What is violated: statement, error, SQLSTATE, constraint, column. Each inserts the canary as a name.
VIOLATIONS: dict[str, tuple[str, type[errors.IntegrityError], str, str | None, str | None]] = {
    "unique": ("(id, name) VALUES (2, ?)", errors.UniqueViolationError, "23505", "child_name", None),
    "foreign key": (
        "(id, parent, name) VALUES (2, 7391, ? || '!')",
        errors.ForeignKeyViolationError,
        "23503",
        "child_parent",
        None,
    ),
    "not null": (
        "(id, mail, name) VALUES (2, NULL, ? || '!')",
        errors.NotNullViolationError,
        "23502",
        None,
        "mail",
    ),
    "check": (
        "(id, age, name) VALUES (2, 3, ? || '!')",
        errors.CheckViolationError,
        "23514",
        "grown_up",
        None,
    ),
    "exclusion": (
        "(id, span, name) VALUES (2, '[2,3)', ? || '!')",
        errors.IntegrityError,
        "23P01",
        "apart",
        None,
    ),
}
# What is wrong: statement, error, SQLSTATE. Each takes the canary.
REFUSED: dict[str, tuple[str, type[errors.SQLSpecError], str]] = {
    "syntax": ("SELEC ?::text", errors.StatementError, "42601"),
    "table": ("SELECT * FROM nowhere WHERE a = ?::text", errors.StatementError, "42P01"),
    "column": ("SELECT nothing FROM child WHERE name = ?", errors.StatementError, "42703"),
    "cast": ("SELECT (?::text)::int", errors.StatementError, "22P02"),
    "json": ("SELECT (?::text)::jsonb", errors.StatementError, "22P02"),
    "date": ("SELECT to_date(?::text, 'YYYY-MM-DD')", errors.DatabaseError, "22007"),
    "division": ("SELECT 1 / (length(?::text) - 11)", errors.DatabaseError, "22012"),
    "raised": ("SELECT complain(?)", errors.DatabaseError, "P0001"),
    "raised as unique": ("SELECT complain(?, 'unique_violation')", errors.UniqueViolationError, "23505"),
    "raised as undefined": ("SELECT complain(?, 'undefined_table')", errors.StatementError, "42P01"),
    "number": ("SELECT (?::text || '99999999999')::int", errors.StatementError, "22P02"),
    "too long": (
        "SELECT CAST((?::text || repeat('x', 9)) AS varchar(3)), 1 / 0",
        errors.StatementError,
        "22012",
    ),
    "bytes": ("SELECT convert_from(?::text::bytea || '\\xff', 'UTF8')", errors.StatementError, "22021"),
    "regular expression": ("SELECT 'a' ~ ('[' || ?::text)", errors.DatabaseError, "2201B"),
    "relation": ("SELECT (?::text)::regclass", errors.StatementError, "42P01"),
    "type": ("SELECT to_regtype('int')::text, (?::text)::regtype", errors.StatementError, "42601"),
    "unknown setting": ("SELECT set_config(?::text, '1', true)", errors.StatementError, "42704"),
    "setting": ("SELECT set_config('work_mem', ?::text, true)", errors.DatabaseError, "22023"),
}


@pytest.fixture
async def full(door: Door) -> Door:
    """With the tables above."""
    await door.run(TABLES)
    return door


@pytest.mark.parametrize("kind", VIOLATIONS)
async def test_a_violated_constraint_is_named(full: Door, kind: str) -> None:
    """With its SQLSTATE, table and column as attributes, and the row in `.detail` alone."""
    values, expected, sqlstate, constraint, column = VIOLATIONS[kind]

    with pytest.raises(errors.IntegrityError) as caught:
        await full.rows(f"INSERT INTO child {values}", (CANARY,))

    error = caught.value
    assert type(error) is expected
    assert (error.sqlstate, error.constraint, error.table, error.column) == (
        sqlstate,
        constraint,
        "child",
        column,
    )
    assert error.detail
    assert error.__cause__ is not None
    assert "c4n4" not in told_by(error)


@pytest.mark.parametrize("way", ["execute_many", "load"])
async def test_a_violated_constraint_is_named_in_bulk(full: Door, way: str) -> None:
    """The same error; and nothing of the bulk is stored."""
    rows = [(10, f"{CANARY}-1"), (11, CANARY)]

    with pytest.raises(errors.UniqueViolationError) as caught:
        async with full.session() as session:
            if way == "load":
                await session.load("child", rows, ["id", "name"])
            else:
                await session.execute_many("INSERT INTO child (id, name) VALUES (?, ?)", rows)

    assert (caught.value.constraint, caught.value.table) == ("child_name", "child")
    assert "c4n4" not in told_by(caught.value)
    assert await full.value("SELECT count(*) FROM child") == 1


@pytest.mark.parametrize("kind", REFUSED)
async def test_g32_a_refused_statement_has_its_class_and_quotes_no_value(full: Door, kind: str) -> None:
    """What the server quotes of a parameter is nowhere but in `.detail`."""
    sql, expected, sqlstate = REFUSED[kind]

    with pytest.raises(errors.SQLSpecError) as caught:
        await full.rows(sql, (CANARY,))

    assert isinstance(caught.value, expected)
    assert getattr(caught.value, "sqlstate", None) == sqlstate
    assert getattr(caught.value, "code", None) == sqlstate
    assert "c4n4" not in told_by(caught.value)


async def test_both_adapters_say_the_same(home: Home) -> None:
    """Class, text, SQLSTATE and detail of every error above."""
    home.sql(TABLES)
    statements = [sql for sql, *_ in REFUSED.values()]
    statements += [f"INSERT INTO child {values}" for values, *_ in VIOLATIONS.values()]
    said = [await _said(side, home, statements) for side in (ASYNCPG, PSYCOPG, THREADS)]

    assert said[0] == said[1] == said[2]
    assert all(error["detail"] for error in said[0] if ".detail" in error["text"])


async def _said(side: Side, home: Home, statements: list[str]) -> list[dict[str, Any]]:
    said = []
    async with door_to(side, home.url()) as door:
        for sql in statements:
            with pytest.raises(errors.DatabaseError) as caught:
                await door.rows(sql, (CANARY,))
            said.append({"class": type(caught.value), "text": str(caught.value), **vars(caught.value)})
    return said


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_g32_a_stream_quotes_no_value_either(async_door: Door, *, autocommit: bool) -> None:
    """Its query runs while it is fetched: a parameter taken for a name is told in the detail alone."""
    with pytest.raises(errors.StatementError) as caught:
        async with async_door.session(autocommit=autocommit) as session:
            async for _ in session.stream("SELECT (?::text)::regclass", (CANARY,)):
                pass

    assert "c4n4" not in told_by(caught.value)
    assert CANARY in str(caught.value.detail)


async def test_an_error_of_the_borrowed_connection_is_known_by_what_follows(door: Door) -> None:
    """The session did not see the first error. The server says in every answer that it gave up."""
    with pytest.raises(errors.TransactionAbortedError, match="roll back"):
        async with door.session() as session:
            raw = await session.connection()
            with pytest.raises(Exception, match="syntax"):
                await settled(raw.execute("SELEC 1"))
            await session.execute("SELECT 1")
    assert await door.value("SELECT 1") == 1


async def test_a_name_in_the_statement_is_told(full: Door) -> None:
    """Whether there are parameters or not, or none are possible."""
    with pytest.raises(errors.StatementError, match="nowhere"):
        await full.rows("SELECT * FROM nowhere WHERE a = ?::text", ("x",))
    with pytest.raises(errors.StatementError, match="nowhere"):
        await full.rows("DROP TABLE nowhere")


async def test_g32_the_error_that_follows_an_aborted_transaction_tells_nothing_either(full: Door) -> None:
    """It chains the first one."""
    with pytest.raises(errors.TransactionAbortedError) as caught:
        async with full.session() as session:
            with pytest.raises(errors.StatementError):
                await session.execute("SELECT (?::text)::int", (CANARY,))
            await session.execute("SELECT 1")

    assert isinstance(caught.value.__cause__, errors.StatementError)
    assert "c4n4" not in told_by(caught.value)


async def test_a_statement_timeout_is_a_query_timeout(side: Side, home: Home) -> None:
    """Set for every session of a config, where a reset does not undo it."""
    async with door_to(side, home.url(), server_settings={"statement_timeout": "100ms"}) as door:
        for _ in range(2):
            with pytest.raises(errors.QueryTimeoutError) as caught:
                await door.rows("SELECT pg_sleep(20)")

            assert caught.value.sqlstate == "57014"


async def test_a_lock_that_another_holds(full: Door, home: Home) -> None:
    """With and without waiting."""
    home.sql("CREATE TABLE locked AS SELECT 1 AS a")
    async with full.session() as owner:
        await owner.execute("SELECT * FROM locked FOR UPDATE")
        for sql in (
            "SELECT * FROM locked FOR UPDATE NOWAIT",
            "SELECT set_config('lock_timeout', '50ms', true)",
        ):
            with pytest.raises(errors.LockTimeoutError) as caught:
                async with full.session() as session:
                    await session.execute(sql)
                    await session.execute("SELECT * FROM locked FOR UPDATE")

            assert caught.value.sqlstate == "55P03"


async def test_two_transactions_that_can_not_be_put_in_order(full: Door, home: Home) -> None:
    """SerializationError, for whoever writes second."""
    home.sql("CREATE TABLE counter AS SELECT 0 AS n")
    with pytest.raises(errors.SerializationError) as caught:
        async with full.session(isolation="serializable") as first:
            await first.execute("SELECT n FROM counter")
            async with full.session(isolation="serializable") as second:
                await second.execute("UPDATE counter SET n = n + 1")
            await first.execute("UPDATE counter SET n = n + 1")

    assert caught.value.sqlstate == "40001"
    assert home.sql("SELECT n FROM counter") == "1"


@pytest.fixture
async def read_only(side: Side, home: Home) -> AsyncIterator[Door]:
    """A config that does not write."""
    home.sql("CREATE TABLE t (a int)")
    async with door_to(side, home.url(), read_only=True) as door:
        yield door


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_a_write_in_a_read_only_config_is_refused(
    read_only: Door, home: Home, *, autocommit: bool
) -> None:
    """Also after a reset, and after somebody turned it off for himself."""
    for _ in range(2):
        with pytest.raises(errors.ReadOnlyError):
            async with read_only.session(autocommit=autocommit) as session:
                await session.execute("INSERT INTO t VALUES (1)")
        async with read_only.session(autocommit=True) as session:
            await session.execute("SET default_transaction_read_only = off")

    assert home.sql("SELECT count(*) FROM t") == "0"


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_a_write_in_a_read_only_session_is_refused(door: Door, home: Home, *, autocommit: bool) -> None:
    """And the next session of the connection may write."""
    home.sql("CREATE TABLE t (a int)")

    with pytest.raises(errors.ReadOnlyError):
        async with door.session(read_only=True, autocommit=autocommit) as session:
            await session.execute("INSERT INTO t VALUES (1)")
    await door.rows("INSERT INTO t VALUES (2) RETURNING a")

    assert home.sql("SELECT a FROM t") == "2"
    assert door.stats.opened == 1


@pytest.mark.parametrize("level", ["read committed", "repeatable read", "serializable"])
async def test_a_session_has_the_isolation_that_it_asks_for(door: Door, level: str) -> None:
    """And the next one has the server's own again."""
    async with door.session(isolation=level) as session:
        found = (await session.execute("SHOW transaction_isolation")).scalar()

    assert found == level
    assert await door.value("SHOW transaction_isolation") == "read committed"
