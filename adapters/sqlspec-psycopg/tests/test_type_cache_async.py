# The source of test_type_cache_sync.py, which tools/print_sync.py prints from it.
"""What a connection learns of the server's types, and unlearns."""

from __future__ import annotations

import enum
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import SQLSpecError, StatementError
from sqlspec_psycopg import PostgreSQLConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec import AsyncSession
    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers import PostgreSQLServer


class Mood(enum.Enum):
    """As the application has it."""

    GOOD = "good"


MADE = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN small AS int CHECK (value < 9);
CREATE DOMAIN tiny AS small CHECK (value < 5);
CREATE TYPE pair AS (one int, other text);
"""


@pytest.fixture
async def spec(config: PostgreSQLConfig) -> AsyncIterator[SQLSpec]:
    """A database with types of its own; `forgetful` prepares and remembers nothing."""
    async with SQLSpec() as spec:
        spec.register_config(config, "main")
        spec.register_config(config.merge(type(config)(statement_cache_size=0)), "forgetful")
        async with spec.provide_session("main") as session:
            await session.execute_script(MADE)
        yield spec


@pytest.fixture
async def session(spec: SQLSpec) -> AsyncIterator[AsyncSession]:
    """A session of it."""
    async with spec.provide_session("main") as session:
        yield session


ARRAYS: list[tuple[str, Any, Any]] = [
    ("mood[]", ["good", None], ["good", None]),
    ("mood[]", [Mood.GOOD], ["good"]),
    ("mood[]", [], []),
    ("small[]", [1, 2], [1, 2]),
    ("small[]", [1, "2"], [1, 2]),
    ("tiny[]", [[1], [2]], [[1], [2]]),
    ("pair[]", ['(1,"a b")'], ['(1,"a b")']),
    ("box[]", ["(1,1),(0,0)", "(2,2),(0,0)"], ["(1,1),(0,0)", "(2,2),(0,0)"]),
    ("float[]", [1, 2.5], [1.0, 2.5]),
    ("text[]", ["a", Mood.GOOD], ["a", "good"]),
    ("jsonb[]", [{"a": [1]}, None], [{"a": [1]}, None]),
    ("real[]", [1.1], [1.10000002384185791015625]),
]


@pytest.mark.parametrize(("kind", "given", "wanted"), ARRAYS, ids=[f"{k} {g}" for k, g, _ in ARRAYS])
async def test_an_array_is_a_list_whatever_is_in_it(
    session: AsyncSession, kind: str, given: Any, wanted: Any
) -> None:
    """By every way in, and by every way out."""
    await session.execute(f"CREATE TABLE t (n int, v {kind})")

    await session.execute("INSERT INTO t VALUES (?, ?)", (1, given))
    await session.execute_many("INSERT INTO t VALUES (:n, :v)", [{"n": 2, "v": given}, {"n": 3, "v": None}])
    await session.load("t", [(4, given)], ["n", "v"])

    found = [row["v"] async for row in session.stream("SELECT v FROM t ORDER BY n", batch_size=1)]
    assert found == [wanted, wanted, None, wanted]
    assert await session.execute("SELECT v FROM t ORDER BY n").scalars() == found
    assert await session.execute(f"SELECT ?::{kind}", (given,)).scalar() == wanted


async def test_types_that_are_no_arrays_are_texts(session: AsyncSession) -> None:
    """The first time, and when they are known."""
    for _ in range(3):
        row = await session.execute(
            "SELECT 'bad'::mood AS m, row(1, 'x')::pair AS p, '{}'::mood[] AS a"
        ).one()
        assert row == {"m": "bad", "p": "(1,x)", "a": []}


async def test_a_type_is_asked_about_once(session: AsyncSession) -> None:
    """Another statement knows it already."""
    assert await session.execute("SELECT ARRAY['good'::mood]").scalar() == ["good"]
    raw: Any = await session.connection()
    raw.meet = None

    assert await session.execute("SELECT ARRAY['bad'::mood] AS again").scalar() == ["bad"]


async def test_a_type_that_is_made_anew_is_another_type(session: AsyncSession) -> None:
    """With the same name."""
    assert await session.execute("SELECT ARRAY['good'::mood]").scalar() == ["good"]
    await session.execute("DROP TYPE mood")
    await session.execute("CREATE TYPE mood AS ENUM ('new')")

    assert await session.execute("SELECT ARRAY['new'::mood]").scalar() == ["new"]


TURNS: list[tuple[str, Any, str, Any]] = [
    ("jsonb", [1], "int[]", [2]),
    ("jsonb", [1], "bool[]", []),
    ("int[]", [1], "jsonb", [2]),
    ("int[]", [], "jsonb", []),
    ("json", [], "int[]", []),
    ("xml", None, "bytea", b"a"),
    ("int", "5", "text", "five"),
]


@pytest.mark.parametrize("name", ["main", "forgetful"])
@pytest.mark.parametrize("autocommit", [False, True], ids=["transactions", "autocommit"])
@pytest.mark.parametrize("turn", TURNS, ids=[f"{a} {b} to {c}" for a, b, c, _ in TURNS])
async def test_a_column_of_another_type_is_never_given_a_value_of_the_old_one(
    spec: SQLSpec, turn: tuple[str, Any, str, Any], autocommit: bool, name: str
) -> None:
    """What was learned may cost an error, once, but not a wrong value; what was not, costs nothing."""
    before, old, after, new = turn
    async with spec.provide_session(name, autocommit=autocommit) as session:
        await session.execute(f"CREATE TABLE t (v {before})")
        for _ in range(7):
            await session.execute("INSERT INTO t VALUES (?)", (old,))
        if not autocommit:
            await session.commit()
        await session.execute_script(f"DROP TABLE t; CREATE TABLE t (v {after})")
        if not autocommit:
            await session.commit()

        with suppress(*([SQLSpecError] if name == "main" else [])):
            await session.execute("INSERT INTO t VALUES (?)", (new,))
        if not autocommit:
            await session.rollback()
        await session.execute("INSERT INTO t VALUES (?)", (new,))

        assert set(map(repr, await session.execute("SELECT v FROM t").scalars())) == {repr(new)}


async def test_a_list_goes_with_what_else_is_said(session: AsyncSession) -> None:
    """The same statement, and values of other types beside the list."""
    pairs: list[tuple[object, list[object]]] = [
        (5, [5]),
        (70_000, [70_000]),
        ("a", ["a"]),
        (2**40, []),
        ("b", []),
        (1.5, [1, 1.5]),
    ]
    for value, many in pairs:
        assert await session.execute("SELECT ? = ANY(?)", (value, many)).scalar() is (value in many)


async def test_a_question_does_not_break_the_transaction(session: AsyncSession) -> None:
    """Where the server can not tell, psycopg's own way is tried, in which the server may."""
    await session.execute("CREATE TABLE t (v int)")

    assert await session.execute("SELECT n FROM unnest(?) AS n", ([1, 2],)).scalars() == [1, 2]
    assert await session.execute("SELECT ?", ([1, 2],)).scalar() == [1, 2]
    assert await session.execute("SELECT count(*) FROM t").scalar() == 0


async def test_a_list_where_no_list_belongs_is_an_error(session: AsyncSession) -> None:
    """Of the server's, which is remembered for nothing."""
    for value in ([1], [1, 2.5]):
        with pytest.raises(SQLSpecError):
            await session.execute("SELECT ?::date", (value,))
        await session.rollback()
    with pytest.raises(StatementError):
        await session.execute("INSERT INTO no_such_table VALUES (?)", ([1],))
    await session.rollback()


async def test_no_more_is_remembered_than_statements_are_prepared(config: PostgreSQLConfig) -> None:
    """However many texts there are."""
    few = config.merge(type(config)(statement_cache_size=3))
    async with few.provide_session() as session:
        for number in range(20):
            assert await session.execute(f"SELECT ?::jsonb, {number}", ([number],)).first()
        raw: Any = await session.connection()

        assert len(raw._prepared._names) <= 3


async def test_what_was_learned_is_not_asked_again(
    postgresql_url: str, postgresql_proxy: FaultProxy, postgresql_server: PostgreSQLServer
) -> None:
    """A session with a list and an array of enums is three round trips, too."""
    url = postgresql_url.replace(f":{postgresql_server.port}/", f":{postgresql_proxy.port}/")
    async with SQLSpec() as spec:
        spec.register_config(PostgreSQLConfig(url=url), "counted")
        async with spec.provide_session() as session:
            await session.execute_script(MADE)
        for trips in (9, 3, 3):
            postgresql_proxy.reset_counts()
            async with spec.provide_session() as session:
                row = await session.execute(
                    "SELECT ?::jsonb AS facts, '{bad}'::mood[] AS moods", ([1],)
                ).one()
            assert row == {"facts": [1], "moods": ["bad"]}
            assert postgresql_proxy.round_trips == trips
