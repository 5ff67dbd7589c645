"""What a statement gives, by its `schema_type`: checked by mypy and pyright, and run."""
# pyright: strict

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, assert_type

import msgspec

from sqlspec import AsyncExecution, AsyncSession, Result, Session, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Sequence

ADA = "SELECT 1 AS id, 'Ada' AS name"


@dataclass
class User:
    """A row as a dataclass."""

    id: int
    name: str


class Struct(msgspec.Struct):
    """A row as a Struct."""

    id: int
    name: str


class Pair(NamedTuple):
    """A row as a NamedTuple."""

    id: int
    name: str


class Keys(TypedDict):
    """A row as a dict whose keys are known."""

    id: int
    name: str


@contextmanager
def session() -> Generator[Session]:
    """A session on a database of its own."""
    with SQLiteConfig().provide_session() as session:
        yield session


@asynccontextmanager
async def async_session() -> AsyncGenerator[AsyncSession]:
    """The same, async."""
    async with SQLSpec() as spec, spec.provide_session(spec.register_config(SQLiteConfig())) as session:
        yield session


def test_rows_are_dicts_unless_told_otherwise() -> None:
    """`dict[str, Any]`: a column's type is the database's affair."""
    with session() as db:
        result = db.execute(ADA)

        assert isinstance(assert_type(result, Result[dict[str, Any]]), Result)
        assert assert_type(result.one(), dict[str, Any]) == {"id": 1, "name": "Ada"}
        assert assert_type(result.one_or_none(), dict[str, Any] | None) == {"id": 1, "name": "Ada"}
        assert assert_type(result.first(), dict[str, Any] | None) == {"id": 1, "name": "Ada"}
        assert assert_type(result.all(), list[dict[str, Any]]) == [{"id": 1, "name": "Ada"}]
        assert assert_type(list(result), list[dict[str, Any]]) == [{"id": 1, "name": "Ada"}]


def test_a_schema_type_is_the_type_of_the_rows() -> None:
    """Of every method that gives rows."""
    with session() as db:
        result = db.execute(ADA, schema_type=User)

        assert isinstance(assert_type(result, Result[User]), Result)
        assert assert_type(result.one(), User) == User(1, "Ada")
        assert assert_type(result.one_or_none(), User | None) == User(1, "Ada")
        assert assert_type(result.first(), User | None) == User(1, "Ada")
        assert assert_type(result.all(), list[User]) == [User(1, "Ada")]
        assert [assert_type(user, User) for user in result] == [User(1, "Ada")]


def test_every_kind_of_schema_type_is_understood() -> None:
    """Structs, NamedTuples, TypedDicts, tuples and single values."""
    with session() as db:
        assert assert_type(db.execute(ADA, schema_type=Struct).one(), Struct) == Struct(1, "Ada")
        assert assert_type(db.execute(ADA, schema_type=Pair).one(), Pair) == Pair(1, "Ada")
        assert assert_type(db.execute(ADA, schema_type=Keys).one(), Keys) == Keys(id=1, name="Ada")
        assert assert_type(db.execute(ADA, schema_type=tuple[int, str]).one(), tuple[int, str]) == (1, "Ada")
        assert assert_type(db.execute("SELECT 7", schema_type=int).one(), int) == 7
        assert assert_type(db.execute("SELECT 7", schema_type=int).all(), list[int]) == [7]


def test_documents_of_one_column_have_their_types() -> None:
    """A union is taken, too, though the checkers know less of its rows."""
    with session() as db:
        numbers = "SELECT '[1]' AS numbers"

        assert assert_type(db.execute(numbers, schema_type=list[int]).one(), list[int]) == [1]
        assert assert_type(db.execute(numbers, schema_type=list[int]).all(), list[list[int]]) == [[1]]
        assert assert_type(db.execute(numbers, schema_type=tuple[int, ...]).one(), tuple[int, ...]) == (1,)
        assert db.execute(numbers, schema_type=list[int] | None).one() == [1]
        assert db.execute("SELECT 7", schema_type=int | None).one() == 7
        assert list(db.stream("SELECT 7", schema_type=int | str)) == [7]


class Colour(Enum):
    """A value with a name."""

    RED = "red"


def test_a_type_of_single_values_is_what_scalar_gives() -> None:
    """Whatever its kind; of a row's first column only the database knows the type."""
    with session() as db:
        seven, word = "SELECT 7", "SELECT 'red'"

        assert assert_type(db.execute(seven, schema_type=int).scalar(), int) == 7
        assert assert_type(db.execute(seven, schema_type=int).scalar_or_none(), int | None) == 7
        assert assert_type(db.execute(seven, schema_type=int).scalars(), list[int]) == [7]
        assert db.execute(seven, schema_type=int | None).scalar() == 7
        assert assert_type(db.execute(seven, schema_type=Decimal).scalar(), Decimal) == 7
        assert assert_type(db.execute(word, schema_type=str).scalar(), str) == "red"
        assert assert_type(db.execute(word, schema_type=Colour).scalar(), Colour) is Colour.RED
        assert assert_type(db.execute(ADA, schema_type=User).scalar(), Any) == 1
        assert assert_type(db.execute(ADA, schema_type=Pair).scalars(), list[Any]) == [1]


async def test_scalar_of_an_execution_gives_it_too() -> None:
    """The same calls, awaited."""
    async with async_session() as db:
        assert assert_type(await db.execute("SELECT 7", schema_type=int).scalar(), int) == 7
        assert assert_type(await db.execute("SELECT 7", schema_type=int).scalar_or_none(), int | None) == 7
        assert assert_type(await db.execute("SELECT 7", schema_type=int).scalars(), list[int]) == [7]
        assert assert_type((await db.execute("SELECT 7", schema_type=int)).scalar(), int) == 7
        assert assert_type(await db.execute(ADA, schema_type=User).scalar(), Any) == 1


def test_parameters_are_any_sequence_or_mapping() -> None:
    """But no text; see `refused_by_mypy`."""
    with session() as db:
        given: list[Sequence[int]] = [(7,), [7], deque([7]), range(7, 8)]

        assert db.execute("SELECT ?", (7,)).scalar() == 7
        assert db.execute("SELECT ?", [7]).scalar() == 7
        assert [db.execute("SELECT ?", one).scalar() for one in given] == [7, 7, 7, 7]
        assert db.execute("SELECT :n", {"n": 7}).scalar() == 7
        assert db.execute("SELECT :n", MappingProxyType({"n": 7})).scalar() == 7
        assert db.execute("SELECT ?", db.execute("SELECT 7").scalars()).scalar() == 7


def test_scalars_and_counts() -> None:
    """What is in a column is the driver's; counts are ints."""
    with session() as db:
        result = db.execute("SELECT 7 AS n")

        assert assert_type(result.scalar(), Any) == 7
        assert assert_type(result.scalar_or_none(), Any) == 7
        assert assert_type(result.scalars(), list[Any]) == [7]
        assert assert_type(result.columns, tuple[str, ...]) == ("n",)
        assert assert_type(result.rowcount, int) == -1
        assert assert_type(result.lastrowid, int | None) in {None, 0}


def test_streams_have_rows_of_the_type() -> None:
    """One after the other."""
    with session() as db:
        assert [assert_type(user, User) for user in db.stream(ADA, schema_type=User)] == [User(1, "Ada")]
        assert [assert_type(row, dict[str, Any]) for row in db.stream(ADA)] == [{"id": 1, "name": "Ada"}]


async def test_an_execution_is_awaited_for_its_result_or_for_what_is_in_it() -> None:
    """`await execute(…)` is a Result, `await execute(…).one()` is a row."""
    async with async_session() as db:
        execution = db.execute(ADA, schema_type=User)

        assert isinstance(assert_type(execution, AsyncExecution[User]), AsyncExecution)
        assert isinstance(assert_type(await execution, Result[User]), Result)
        assert assert_type((await execution).all(), list[User]) == [User(1, "Ada")]
        assert assert_type(await execution.one(), User) == User(1, "Ada")
        assert assert_type(await execution.all(), list[User]) == [User(1, "Ada")]
        assert assert_type(await execution.first(), User | None) == User(1, "Ada")
        assert assert_type(await execution.scalars(), list[Any]) == [1]
        assert assert_type(await db.execute(ADA).one(), dict[str, Any]) == {"id": 1, "name": "Ada"}
        assert assert_type(await db.execute("SELECT ?", (7,), schema_type=int).one(), int) == 7


async def test_async_streams_have_rows_of_the_type() -> None:
    """Under `async for`."""
    async with async_session() as db:
        users = [assert_type(user, User) async for user in db.stream(ADA, schema_type=User)]
        rows = [assert_type(row, dict[str, Any]) async for row in db.stream(ADA)]

        assert users == [User(1, "Ada")]
        assert rows == [{"id": 1, "name": "Ada"}]


def test_a_time_limit_changes_no_type() -> None:
    """Beside every other option, on every call."""
    with session() as db:
        assert assert_type(db.execute(ADA, query_timeout=9.0).one(), dict[str, Any])
        assert assert_type(db.execute(ADA, schema_type=User, query_timeout=9.0).one(), User).id == 1
        assert assert_type(db.execute("SELECT 7", schema_type=int, query_timeout=9).one(), int) == 7
        many = "INSERT INTO note VALUES (?)"
        db.execute_script("CREATE TABLE note (id INTEGER)", query_timeout=9.0)
        assert_type(db.execute_many(many, [(1,)], query_timeout=9.0), Result[dict[str, Any]])
        assert_type(db.execute_many(many, [(2,)], schema_type=int, query_timeout=9.0), Result[int])
        assert assert_type(db.load("note", [(3,)], ["id"], query_timeout=9.0), int) == 1
        for row in db.stream("SELECT id FROM note", query_timeout=9.0):
            assert_type(row, dict[str, Any])
        for number in db.stream("SELECT id FROM note", schema_type=int, query_timeout=9.0):
            assert_type(number, int)


async def test_a_time_limit_changes_no_type_of_the_async_side() -> None:
    """The same calls, awaited."""
    async with async_session() as db:
        assert assert_type(await db.execute(ADA, query_timeout=9.0).one(), dict[str, Any])
        assert assert_type(await db.execute(ADA, schema_type=User, query_timeout=9.0).one(), User).id == 1
        await db.execute_script("CREATE TABLE note (id INTEGER)", query_timeout=9.0)
        many = await db.execute_many("INSERT INTO note VALUES (?)", [(1,)], query_timeout=9.0)
        assert_type(many, Result[dict[str, Any]])
        async for number in db.stream("SELECT 7", schema_type=int, query_timeout=9.0):
            assert assert_type(number, int) == 7


def test_a_result_is_indexed_by_rows() -> None:
    """One row, or a list of them."""
    with session() as lent:
        users = lent.execute(ADA, schema_type=User)
        assert_type(users[0], User)
        assert_type(users[:1], list[User])
        assert (users[0], users[:1]) == (User(1, "Ada"), [User(1, "Ada")])
