"""Statements, prepared once, and what becomes of those that are refused."""

from __future__ import annotations

import asyncio
import enum
import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    DisconnectedError,
    NotSupportedError,
    ParameterError,
    StatementError,
    TransactionAbortedError,
)
from sqlspec_asyncpg import AsyncpgConfig
from sqlspec_asyncpg.errors import map_error

if TYPE_CHECKING:
    from sqlspec import SQLSpec
    from sqlspec_testkit.servers import PostgreSQL

MEMORY = Path("/proc/self/statm")
INSERT = "INSERT INTO item VALUES (?, ?)"
CANARY = "fOur-oh-seven"


class Colour(enum.Enum):
    """No str of its own."""

    RED = "red"


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("INSERT INTO item SELECT n FROM generate_series(10, 12) n", 3),
        ("UPDATE item SET value = 'x'", 2),
        ("DELETE FROM item WHERE id = 1 RETURNING id", 1),
        ("SELECT 1 FROM item", 2),
        ("SELECT 1 WHERE false", 0),
        ("CREATE TABLE another (id int)", -1),
    ],
)
async def test_rows_are_counted(spec: SQLSpec, statement: str, count: int) -> None:
    """By the server's tag; statements that change no rows have no number."""
    async with spec.provide_session() as session:
        await session.execute_many(INSERT, [(1, None), (2, None)])
        assert (await session.execute(statement)).rowcount == count


async def test_many_are_counted_together(spec: SQLSpec) -> None:
    """Also where each of them changes several rows, or none."""
    async with spec.provide_session() as session:
        assert (await session.execute_many(INSERT, [(n, "x") for n in range(3000)])).rowcount == 3000
        changed = await session.execute_many("DELETE FROM item WHERE id < ?", [(10,), (10,), (30,)])

    assert changed.rowcount == 30


async def test_an_empty_result_has_columns(spec: SQLSpec) -> None:
    """They are known before any row is."""
    async with spec.provide_session() as session:
        assert (await session.execute("SELECT id, value FROM item")).columns == ("id", "value")


@pytest.mark.parametrize("autocommit", [True, False], ids=["autocommit", "transaction"])
async def test_a_first_statement_outlives_ddl(spec: SQLSpec, autocommit: bool) -> None:
    """The server refuses the old plan before it runs, so it is prepared anew."""
    for column in ("one", "two"):
        async with spec.provide_session(autocommit=autocommit) as session:
            await session.execute("SELECT * FROM item").all()
        async with AsyncpgConfig(url=spec.get_config("main").url).provide_session() as other:
            await other.execute(f"ALTER TABLE item ADD COLUMN {column} int")
        async with spec.provide_session(autocommit=autocommit) as session:
            assert column in (await session.execute("SELECT * FROM item")).columns


async def test_in_a_transaction_with_work_ddl_of_others_costs_it_once(spec: SQLSpec) -> None:
    """There the refusal has aborted it; the next transaction prepares anew."""
    async with spec.provide_session() as session:
        await session.execute("SELECT * FROM item")
    async with AsyncpgConfig(url=spec.get_config("main").url).provide_session() as other:
        await other.execute("ALTER TABLE item ADD COLUMN extra int")
    with pytest.raises(StatementError):
        async with spec.provide_session() as session:
            await session.execute("SELECT 1")
            await session.execute("SELECT * FROM item")
    async with spec.provide_session() as session:
        await session.execute("SELECT 1")
        await session.execute("SELECT * FROM item")


@pytest.mark.parametrize("autocommit", [True, False], ids=["autocommit", "transaction"])
@pytest.mark.parametrize("kind", ["int8", "jsonb", "bool", "text[]"])
async def test_a_parameter_has_the_type_that_its_column_has_now(
    spec: SQLSpec, kind: str, autocommit: bool
) -> None:
    """And not that of the day when the statement was prepared, whoever altered the table."""
    values = {"int8": 2**62, "jsonb": {"a": 1}, "bool": True, "text[]": ["a"]}
    async with spec.provide_session(autocommit=autocommit) as session:
        await session.execute("CREATE TABLE changing (value int2)")
    async with spec.provide_session(autocommit=autocommit) as session:
        await session.execute("INSERT INTO changing VALUES (?)", (None,))
    async with AsyncpgConfig(url=spec.get_config("main").url).provide_session() as other:
        await other.execute(f"ALTER TABLE changing ALTER value TYPE {kind} USING NULL")
    for value in (values[kind], None):
        async with spec.provide_session(autocommit=autocommit) as session:
            await session.execute("INSERT INTO changing VALUES (?)", (value,))
            await session.execute_many("INSERT INTO changing VALUES (?)", [(value,)])
            assert value in await session.execute("SELECT value FROM changing").scalars()


async def test_a_table_that_is_made_again_is_another(spec: SQLSpec) -> None:
    """In one transaction; and a temporary one gives its name back."""
    insert = "INSERT INTO again VALUES (?)"
    async with spec.provide_session() as session:
        for kind, value in (("int2", 1), ("text", "one"), ("int2", 2)):
            await session.execute(f"CREATE TEMP TABLE again (value {kind})")
            await session.execute(insert, (value,))
            await session.execute("DROP TABLE again")
        await session.execute("CREATE TABLE again (value text)")
        await session.execute_script("CREATE TEMP TABLE again (value int2)")
        await session.execute(insert, (3,))
    async with spec.provide_session() as session:
        await session.execute("SELECT 1")
        await session.execute(insert, ("three",))
        assert await session.execute("SELECT value FROM again").scalars() == ["three"]


async def test_prepared_statements_may_be_dropped(spec: SQLSpec) -> None:
    """By whoever types DEALLOCATE ALL."""
    async with spec.provide_session(autocommit=True) as session:
        await session.execute("SELECT 1")
        await session.execute("SELECT 2")
        await session.execute("DEALLOCATE ALL")
        assert await session.execute("SELECT 1").scalar() == 1
        assert await session.execute("SELECT 2").scalar() == 2


async def test_a_connection_keeps_as_many_statements_as_it_may(spec: SQLSpec) -> None:
    """On the server too."""
    config = spec.get_config("main")
    assert isinstance(config, AsyncpgConfig)
    spec.register_config(config.replace(statement_cache_size=5), "few")

    async with spec.provide_session("few", autocommit=True) as session:
        for number in range(50):
            assert await session.execute(f"SELECT {number}").scalar() == number
        kept = await session.execute("SELECT count(*) FROM pg_prepared_statements").scalar()

    assert kept <= 8  # and what is about to be closed


@pytest.mark.parametrize(
    ("statement", "parameters", "told"),
    [
        ("SELECT ?::int", ({CANARY},), "parameter 1: PostgreSQL's int4 can not take this set"),
        ("SELECT ?::int, ?::int2", (1, 1j), "parameter 2: PostgreSQL's int2"),
        ("SELECT ?::int[]", ({1},), "parameter 1: .*set"),
        ("SELECT ? IS NULL", ({CANARY},), "parameter 1: .*set"),
        ("SELECT ?::jsonb", ({"a": float("nan")},), "jsonb can not take this dict"),
        ("SELECT $1::int", (1, 2), "takes 1 parameter, 2 given"),
        ("SELECT $1::int", {"a": 1}, "by position"),
        ("SELECT ?::text", ("\ud800",), "text"),
        ("SELECT ?::numeric", (object(),), "numeric"),
    ],
)
async def test_what_can_not_be_sent_is_refused(
    spec: SQLSpec, statement: str, parameters: Any, told: str
) -> None:
    """Before anything is sent: the transaction goes on. Neither text nor cause holds the value."""
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1, None))
        with pytest.raises(ParameterError, match=told) as caught:
            await session.execute(statement, parameters)
        await session.execute(INSERT, (2, None))

    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


async def test_an_enum_is_its_value(spec: SQLSpec) -> None:
    """In one statement, in many, and in a load."""
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1, Colour.RED))
        await session.execute_many(INSERT, [(2, "blue"), (3, Colour.RED)])
        await session.load("item", [(4, Colour.RED)], ("id", "value"))
        assert await session.execute("SELECT id FROM item WHERE value = 'red'").scalars() == [1, 3, 4]


async def test_a_row_that_does_not_fit_gives_up_what_was_sent_before_it(spec: SQLSpec) -> None:
    """Asyncpg encodes while it sends; all or none all the same."""
    rows = [(number, "x" * 1000) for number in range(1000)]

    with pytest.raises(TransactionAbortedError) as caught:
        async with spec.provide_session() as session:
            with pytest.raises(StatementError, match="row 1001: parameter 2"):
                await session.execute_many(INSERT, [*rows, (1, f"{CANARY}\ud800")])

    assert CANARY not in f"{caught.value} {caught.value.__cause__}"
    async with spec.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM item").scalar() == 0


async def test_a_row_that_does_not_fit_costs_nothing_if_nothing_was_sent(spec: SQLSpec) -> None:
    """The transaction goes on."""
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1, None))
        with pytest.raises(ParameterError, match="row 2: parameter 1"):
            await session.execute_many(INSERT, [(2, None), ({CANARY}, None)])

    async with spec.provide_session() as session:
        assert await session.execute("SELECT id FROM item").scalars() == [1]


@pytest.mark.parametrize("statement", ["COPY item TO STDOUT", "/* a */ copy item (id) from stdin -- b"])
async def test_copy_by_statement_is_refused(spec: SQLSpec, statement: str) -> None:
    """It would wait for data for ever."""
    async with spec.provide_session() as session:
        with pytest.raises(NotSupportedError, match="load"):
            await session.execute(statement)
        with pytest.raises(NotSupportedError, match="load"):
            await session.execute_script(statement)


@pytest.mark.parametrize("autocommit", [True, False], ids=["autocommit", "transaction"])
async def test_a_stream_is_read_in_batches(spec: SQLSpec, autocommit: bool) -> None:
    """The server holds the rest, in a cursor that is gone afterwards."""
    async with spec.provide_session(autocommit=autocommit) as session:
        seen = 0
        async for row in session.stream(
            "SELECT n FROM generate_series(1, ?::int) n", (1000,), batch_size=100
        ):
            seen += 1
            assert row["n"] == seen
            if seen == 500:
                assert await session.execute("SELECT count(*) FROM pg_cursors").scalar() >= 1
        assert (
            await session.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '%stream%'").scalar() == 0
        )

    assert seen == 1000


async def test_a_stream_outside_of_transactions_holds_up_no_other_statement(spec: SQLSpec) -> None:
    """Each is committed by itself, while the stream goes on."""
    async with spec.provide_session(autocommit=True) as session:
        async for row in session.stream("SELECT n FROM generate_series(1, 5) n", batch_size=1):
            await session.execute(INSERT, (row["n"], None))
            async with spec.provide_session() as other:
                assert await other.execute("SELECT count(*) FROM item").scalar() == row["n"]


@pytest.mark.parametrize("autocommit", [True, False], ids=["autocommit", "transaction"])
async def test_a_stream_takes_any_statement_with_rows(spec: SQLSpec, autocommit: bool) -> None:
    """What a cursor can not hold is fetched at once, and runs once."""
    async with spec.provide_session(autocommit=autocommit) as session:
        rows = [row async for row in session.stream("INSERT INTO item VALUES (?), (2) RETURNING id", (1,))]
    with pytest.raises(StatementError, match="nonsense"):
        async with spec.provide_session(autocommit=autocommit) as session:
            async for _ in session.stream("nonsense"):
                pass

    assert rows == [{"id": 1}, {"id": 2}]


async def test_load_knows_of_a_column_that_changed_its_type(spec: SQLSpec) -> None:
    """Asyncpg remembers the old one, which has as many bytes."""
    async with spec.provide_session() as session:
        await session.execute("CREATE TABLE measure (value int4)")
    async with spec.provide_session() as session:
        await session.load("measure", [(1,)], ("value",))
    async with AsyncpgConfig(url=spec.get_config("main").url).provide_session() as other:
        await other.execute("ALTER TABLE measure ALTER value TYPE float4")
    async with spec.provide_session() as session:
        await session.load("measure", [(1.5,)], ("value",))
        assert await session.execute("SELECT value FROM measure ORDER BY 1").scalars() == [1.0, 1.5]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("macaddr", "08:00:2b:01:02:03"), ("tsvector", "'duck' 'red'"), ("macaddr[]", ["08:00:2b:01:02:03"])],
)
async def test_load_takes_types_that_have_no_binary_form(spec: SQLSpec, kind: str, value: Any) -> None:
    """Row by row, all or none; and COPY again when the column has become another."""
    async with spec.provide_session() as session:
        await session.execute(f"CREATE TABLE odd (value {kind})")
        assert await session.load("odd", [(value,), (None,)], ("value",)) == 2
        assert await session.execute("SELECT value FROM odd").scalars() == [value, None]
        await session.execute("ALTER TABLE odd ALTER value TYPE int USING NULL")
        assert await session.load("odd", [(7,)], ("value",)) == 1


async def test_a_load_that_does_not_fit_leaves_nothing(spec: SQLSpec) -> None:
    """And the rest of the transaction is kept; the error holds no value."""
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1, None))
        with pytest.raises(ParameterError, match="row 2: parameter 1") as caught:
            await session.load("item", [(2, "two"), ({CANARY}, None)], ("id", "value"))
        await session.execute(INSERT, (3, None))

    assert CANARY not in f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"
    async with spec.provide_session() as session:
        assert await session.execute("SELECT id FROM item ORDER BY id").scalars() == [1, 3]


async def test_a_statement_that_the_server_stopped_with_its_backend_is_a_disconnect(
    spec: SQLSpec, postgresql_server: PostgreSQL, database: str
) -> None:
    """And the next session gets another connection."""
    with pytest.raises(DisconnectedError):
        async with spec.provide_session(autocommit=True) as session:
            await session.execute("SELECT 1")
            await asyncio.to_thread(postgresql_server.terminate, database=database)
            await session.execute("SELECT 1")
    async with spec.provide_session() as session:
        assert await session.execute("SELECT 1").scalar() == 1


def test_an_error_of_python_is_told_by_its_name() -> None:
    """Nothing of its text, which nobody has looked through."""
    error = map_error(RuntimeError(CANARY))

    assert "RuntimeError" in str(error)
    assert CANARY not in str(error)


@pytest.mark.skipif(not MEMORY.exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_a_stream_of_a_million_rows_has_few_in_memory(spec: SQLSpec, autocommit: bool) -> None:
    """Under 50 MiB more than before the first of them."""
    async with spec.provide_session(autocommit=autocommit) as session:
        await session.execute("SELECT 1")
        count, before, most = 0, resident(), 0
        async for row in session.stream(
            "SELECT i, 'the name of ' || i AS name FROM generate_series(1, ?) i", (1_000_000,)
        ):
            count += 1
            if count % 100_000 == 0:
                assert row["i"] == count
                most = max(most, resident())

    assert count == 1_000_000
    assert most - before < 50


def resident() -> int:
    """Mebibytes of memory that this process has."""
    gc.collect()
    return int(MEMORY.read_text("ascii").split()[1]) * 4096 // 2**20
