"""`query_timeout`: no call outlives it, whatever keeps the database from answering."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    InvalidArgumentError,
    InvalidConfigError,
    QueryTimeoutError,
    TransactionAbortedError,
)
from sqlspec_testkit.servers import MariaDBServer, PostgreSQLServer

from .sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

SHORT = 0.3
"""Seconds."""
LONG = 30.0
"""Seconds that the statements take, more or less, if nobody stops them."""
HANG = 25.0
"""Seconds: more than any machine needs to give up, less than the work takes."""
CANARY = "c4n4ry"


async def _stream(session: Any, sql: str, **options: Any) -> list[Any]:
    return [row async for row in session.stream(sql, **options)]


def _insert(side: Side) -> str:
    return f"INSERT INTO item SELECT n FROM ({side.database.slow(LONG)}) AS slow WHERE n > ?"


CALLS: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {
    "execute": lambda session, side, **options: session.execute(side.database.slow(LONG), **options),
    "execute_many": lambda session, side, **options: session.execute_many(
        _insert(side), [(-1,), (-2,)], **options
    ),
    "execute_script": lambda session, side, **options: session.execute_script(
        f"INSERT INTO item VALUES (1); {side.database.slow(LONG)}", **options
    ),
    "stream": lambda session, side, **options: _stream(session, side.database.slow(LONG), **options),
    "load": lambda session, side, **options: session.load(  # noqa: ARG005
        "item", ((number,) for number in itertools.count()), columns=["id"], **options
    ),
}
QUICK: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {
    "execute": lambda session: session.execute("SELECT 1"),
    "execute_many": lambda session: session.execute_many("INSERT INTO item VALUES (?)", [(1,), (2,)]),
    "execute_script": lambda session: session.execute_script("SELECT 1; SELECT 2"),
    "stream": lambda session: _stream(session, "SELECT 1"),
    "load": lambda session: session.load("item", [(1,), (2,)], columns=["id"]),
    "begin": lambda session: _one_in(session.begin(), session),
    "connection": lambda session: session.connection(),
}
"""What a server does at once, if it answers at all."""


async def _one_in(block: Any, session: Any) -> None:
    async with block:  # BEGIN may travel with the statement
        await session.execute("SELECT 1")


async def stopped(work: Coroutine[Any, Any, Any]) -> QueryTimeoutError:
    """The error by which *work* ends, neither at once nor late."""
    task, begun = asyncio.ensure_future(work), time.monotonic()
    done, _ = await asyncio.wait([task], timeout=HANG)
    assert done, "it hangs"
    error = task.exception()
    assert isinstance(error, QueryTimeoutError), error
    assert time.monotonic() - begun >= SHORT
    return error


async def count(side: Side, spec: SQLSpec) -> Any:
    """How many rows another session sees."""
    async with side.session(spec) as session:
        return (
            await session.execute("SELECT count(*) FROM item").scalar()
            if side.in_tasks
            else (await session.execute("SELECT count(*) FROM item")).scalar()
        )


# --- a busy server ------------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("is_autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_g57_a_long_call_is_stopped(side: Side, spec: SQLSpec, call: str, is_autocommit: bool) -> None:
    """Nothing of it is stored, and the next session is served."""

    async def work() -> None:
        async with side.session(spec, autocommit=is_autocommit) as session:
            await CALLS[call](session, side, query_timeout=SHORT)

    error = await stopped(work())

    assert f"query_timeout={SHORT:g} s" in str(error)
    # A script's first statement stands for itself in autocommit mode.
    assert await count(side, spec) == (is_autocommit and call == "execute_script")
    assert spec.stats("db").in_use == 0


@pytest.mark.parametrize("given", ["config", "session"])
async def test_the_limit_may_come_from_the_config_or_the_session(
    side: Side, spec: SQLSpec, given: str
) -> None:
    """A statement's own goes before both, and infinity is none."""
    if given == "config":
        spec.register_config(spec.get_config("db").replace(query_timeout=SHORT), "db", override=True)
    options = {"query_timeout": SHORT} if given == "session" else {}

    async def work() -> None:
        async with side.session(spec, **options) as session:
            slow = side.database.slow(2 * SHORT)
            await session.execute(slow, query_timeout=LONG)
            await session.execute(slow, query_timeout=math.inf)
            await session.execute(side.database.slow(LONG))

    await stopped(work())
    async with side.session(spec, query_timeout=math.inf) as session:
        await session.execute(side.database.slow(2 * SHORT))


async def test_after_a_limit_the_transaction_can_be_rolled_back(side: Side, spec: SQLSpec) -> None:
    """A server that answers keeps its connection, and the same session goes on."""
    async with side.session(spec) as session:
        await session.execute("INSERT INTO item VALUES (1)")
        await stopped(CALLS["execute_many"](session, side, query_timeout=SHORT))
        await session.rollback()
        await session.execute("INSERT INTO item VALUES (2)")

    assert await count(side, spec) == 1
    assert spec.stats("db").opened == spec.stats("db").size


async def test_a_limit_that_is_not_reached_changes_nothing(side: Side, spec: SQLSpec) -> None:
    """Many short statements under a limit, one after the other; nothing stops those after them."""
    async with side.session(spec, query_timeout=0.2) as session:
        for number in range(200):
            await session.execute("INSERT INTO item VALUES (?)", (number,))
    async with side.session(spec) as session:
        await session.execute(side.database.slow(2 * SHORT))

    assert await count(side, spec) == 200
    assert spec.stats("db").opened == spec.stats("db").size


async def test_a_stop_that_comes_late_stops_nothing_else(side: Side, spec: SQLSpec) -> None:
    """The limit passes when the statement is about to end; the one after it has none."""
    async with side.session(spec, autocommit=True) as session:
        for number in range(60):
            with suppress(QueryTimeoutError):
                await session.execute(side.database.slow(0.01), query_timeout=0.005 + number % 10 / 1000)
            await session.execute("INSERT INTO item VALUES (?)", (number,))

    assert await count(side, spec) == 60
    assert spec.stats("db").opened == spec.stats("db").size


@pytest.mark.parametrize("wrong", [0, -1, math.nan, "1", True])
async def test_what_is_no_time_is_refused(side: Side, spec: SQLSpec, wrong: Any) -> None:
    """Wherever it is given, and nothing is sent."""
    with pytest.raises(InvalidConfigError):
        spec.get_config("db").replace(query_timeout=wrong)
    with pytest.raises(InvalidArgumentError):
        async with side.session(spec, query_timeout=wrong):
            pass
    async with side.session(spec) as session:
        for call in CALLS.values():
            with pytest.raises(InvalidArgumentError):
                await call(session, side, query_timeout=wrong)


async def test_waiting_for_a_lock_ends(side: Side, spec: SQLSpec) -> None:
    """Long before the database itself would give up."""
    if side.database.name == "duckdb":
        pytest.skip("DuckDB does not wait: it refuses at once")
    async with side.session(spec) as session:
        await session.execute("INSERT INTO item VALUES (1)")
    async with side.session(spec) as holder, side.session(spec) as session:
        await holder.execute("UPDATE item SET id = 2")
        await stopped(session.execute("UPDATE item SET id = 3", query_timeout=SHORT))
        await session.rollback()
    assert await count(side, spec) == 1


# --- a server, or a network, that does not answer -----------------------------------------------

FAR = [side for side in SIDES if side.database.url]


@contextmanager
def silent(far: Any, how: str) -> Generator[None]:
    """Nothing answers inside of the block."""
    if how == "frozen server":
        with far.server.frozen():
            yield
    else:
        far.proxy.stall()
        yield
        far.proxy.calm()


class Far:
    """A database behind a proxy."""

    def __init__(self, server: Any, proxy: Any, side: Side) -> None:
        self.server, self.proxy = server, proxy
        self.spec = SQLSpec()
        url = server.url(port=proxy.port)
        self.spec.register_config(side.database.config_type(url=url, pool_size=2, connect_timeout=1.0), "db")


@pytest.fixture(params=FAR, ids=lambda side: side.name)
def far_side(request: pytest.FixtureRequest) -> Any:
    """Each adapter that uses a network."""
    return request.param


@pytest.fixture
async def far(far_side: Side, request: pytest.FixtureRequest) -> Any:
    """Its database, and the proxy before it."""
    name = "mariadb" if far_side.database.name == "asyncmy" else "postgresql"
    server = request.getfixturevalue(f"{name}_server")
    with server.database() as database, server.proxy() as proxy:
        there = Far(server, proxy, far_side)
        config = there.spec.get_config("db")
        there.spec.register_config(
            config.replace(url=server.url(port=proxy.port, database=database)), "db", override=True
        )
        async with far_side.session(there.spec) as session:
            await session.execute("CREATE TABLE item (id INTEGER)")
        yield there
        await (there.spec.aclose() if far_side.in_tasks else asyncio.to_thread(there.spec.close))


@pytest.mark.parametrize("how", ["stalled network", "frozen server"])
@pytest.mark.parametrize("call", QUICK)
async def test_g57_silence_ends_every_call(far_side: Side, far: Far, call: str, how: str) -> None:
    """Also that of the first thing in a session. The connection is gone, and nobody gets it again."""
    if how == "frozen server" and not isinstance(far.server, (PostgreSQLServer, MariaDBServer)):
        pytest.skip("the server is not ours")

    async def work() -> None:
        async with far_side.session(far.spec, query_timeout=SHORT) as session:
            with silent(far, how):
                await stopped(QUICK[call](session))

    task = asyncio.ensure_future(work())
    done, _ = await asyncio.wait([task], timeout=HANG)

    assert done, "the session's end hangs"
    assert task.exception() is None or isinstance(task.exception(), TransactionAbortedError)
    assert await count(far_side, far.spec) == 0
    assert far.spec.stats("db").in_use == 0
    assert far.spec.stats("db").closed >= 1


@pytest.mark.parametrize("how", ["stalled network", "frozen server"])
async def test_g57_a_stream_that_falls_silent_ends(far_side: Side, far: Far, how: str) -> None:
    """Each wait for a batch has its time."""
    if how == "frozen server" and not isinstance(far.server, (PostgreSQLServer, MariaDBServer)):
        pytest.skip("the server is not ours")
    many = far_side.database.numbers.replace("40", "900000")

    async def rest(rows: Any) -> None:
        async for _ in rows:
            pass

    async def work() -> None:
        async with far_side.session(far.spec) as session:
            if far_side.database.name == "asyncmy":
                await session.execute("SET SESSION max_recursive_iterations = 1000000")
            # The first batch comes when all rows are made, which takes MariaDB a while.
            seconds = 6.0 if far_side.database.name == "asyncmy" else 2.0
            rows = session.stream(many, batch_size=100, query_timeout=seconds)
            await anext(rows)
            with silent(far, how):
                await stopped(rest(rows))

    task = asyncio.ensure_future(work())
    done, _ = await asyncio.wait([task], timeout=HANG)

    assert done, "the session's end hangs"
    assert task.exception() is None or isinstance(task.exception(), TransactionAbortedError), task.exception()
    assert await count(far_side, far.spec) == 0


async def test_the_error_says_nothing_of_the_statement(far_side: Side, far: Far) -> None:
    """No text, no value; but whether it may have taken effect."""
    async with far_side.session(far.spec, autocommit=True, query_timeout=SHORT) as session:
        with silent(far, "stalled network"):
            error = await stopped(session.execute(f"SELECT '{CANARY}', ?", (CANARY,)))

    assert "it may have taken effect or not" in str(error)
    assert CANARY not in repr(error) + repr(error.__cause__)
