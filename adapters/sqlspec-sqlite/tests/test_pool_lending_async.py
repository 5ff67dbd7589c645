# The source of test_pool_lending_sync.py, which tools/print_sync.py prints from it.
"""What a pool of SQLite connections lends, what it looks at first, and what it opens. Time is injected."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConnectError, DisconnectedError, PoolFullError, PoolTimeoutError, SQLSpecError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Clock:
    """Moves when told to."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        """What it shows."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The pools'."""
    return Clock()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[sqlite3.Connection]]:
    """Every connection that the driver opens from now on, the oldest first."""
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(*args: object, **options: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)  # type: ignore[call-overload]
        connections.append(connection)
        return connection

    monkeypatch.setattr(sqlite3, "connect", noted)
    yield connections
    connections.clear()


def is_open(connection: sqlite3.Connection) -> bool:
    """Whether the driver would take a statement."""
    try:
        connection.total_changes  # noqa: B018 - it raises when closed
    except sqlite3.ProgrammingError:
        return False
    return True


def statements(connection: sqlite3.Connection) -> list[str]:
    """What it runs from now on."""
    heard: list[str] = []
    connection.set_trace_callback(heard.append)
    return heard


def register(spec: SQLSpec, path: Path, **options: Any) -> None:
    """One file, under the name `main`."""
    spec.register_config(SQLiteConfig(database=str(path), **options), "main")


def pool_of(spec: SQLSpec, clock: Clock | None = None) -> Any:
    """The pool of the running loop, or else that for threads, with this clock."""
    database = spec._table.databases["main"]
    pool: Any
    try:
        pool = database.open_async_pool()
    except SQLSpecError:
        pool = database.open_pool()
    pool._clock = clock or pool._clock
    return pool


def put_a_folder_there(path: Path) -> None:
    """So that SQLite can not open it any more."""
    path.rename(path.with_name("away.db"))
    path.mkdir()


async def with_idle(pool: Any, count: int) -> list[sqlite3.Connection]:
    """So many connections on the shelf, the coldest first."""
    leases = [await pool.acquire() for _ in range(count)]
    raws = [lease.connection.raw for lease in leases]
    for lease in leases:
        await pool.release(lease, True)
    return raws


async def test_the_warmest_connection_is_lent_first(path: Path) -> None:
    """Last in, first out."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=3)
        pool = pool_of(spec)
        raws = await with_idle(pool, 3)

        async with spec.provide_connection("main") as one, spec.provide_connection("main") as other:
            assert (one, other) == (raws[2], raws[1])


async def test_an_opening_that_failed_is_not_cached(tmp_path: Path) -> None:
    """Its cause is in the error at once; when the folder is there, the same pool serves."""
    folder = tmp_path / "missing"
    async with SQLSpec() as spec:
        register(spec, folder / "test.db", pool_size=1)
        for _ in range(3):
            with pytest.raises(ConnectError, match=r"the directory .*missing' does not exist") as caught:
                async with spec.provide_session("main"):
                    pass
            assert isinstance(caught.value.__cause__, sqlite3.Error)
        assert spec.stats("main").size == 0
        pool = pool_of(spec)

        folder.mkdir()
        async with spec.provide_session("main") as session:
            assert await session.execute("SELECT 1").scalar() == 1

        assert pool_of(spec) is pool
        assert (spec.stats("main").opened, spec.stats("main").timeouts) == (1, 0)


async def test_a_timeout_says_who_and_how_many_and_why(path: Path) -> None:
    """The last connect error is its cause: the pool may be full because no more can be opened."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=2, pool_timeout=0.01)
        pool = pool_of(spec)
        lease = await pool.acquire()
        put_a_folder_there(path)
        with pytest.raises(ConnectError):
            await pool.acquire()
        pool._state.limit = 1  # no room: as if another were opening for long

        text = r"'main' became free in .* pool_size=1, 1 in use, longest held for .* s, 0 opening, 0 waiting"
        with pytest.raises(PoolTimeoutError, match=text) as caught:
            await pool.acquire()

        assert isinstance(caught.value.__cause__, ConnectError)
        assert spec.stats("main").timeouts == 1
        await pool.release(lease, True)


async def test_warming_up_opens_the_minimum_and_no_more(path: Path, opened: list[sqlite3.Connection]) -> None:
    """However often."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=5, pool_min_size=3)
        pool = pool_of(spec)

        await pool.warm_up()
        await pool.warm_up()

        assert len(opened) == spec.stats("main").idle == 3


async def test_cold_connections_are_trimmed_by_who_comes_past(
    path: Path, opened: list[sqlite3.Connection], clock: Clock
) -> None:
    """The coldest first, one at each return, down to `pool_min_size`."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=5, pool_min_size=2, pool_idle_timeout=10.0)
        pool = pool_of(spec, clock)
        raws = await with_idle(pool, 5)
        clock.now += 11

        await with_idle(pool, 1)
        assert [is_open(raw) for raw in raws] == [False, True, True, True, True]
        for _ in range(5):
            await with_idle(pool, 1)

        assert sum(map(is_open, opened)) == 2
        assert (spec.stats("main").size, spec.stats("main").cold) == (2, 3)


async def test_an_old_connection_is_replaced_at_checkout(path: Path, clock: Clock) -> None:
    """`pool_recycle`, give or take five percent; ages are spread."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=8, pool_recycle=100.0, pool_idle_timeout=None)
        pool = pool_of(spec, clock)
        raws = await with_idle(pool, 8)
        ages = {slot.expires - clock.now for slot in pool._state.idle}
        clock.now += 94.9
        assert await with_idle(pool, 8) == raws[::-1]

        clock.now += 10.2
        fresh = await with_idle(pool, 8)

        assert len(ages) > 4
        assert all(95.0 <= age <= 105.0 for age in ages)
        assert not set(map(id, fresh)) & set(map(id, raws))
        assert not any(map(is_open, raws))
        assert (spec.stats("main").aged, spec.stats("main").size) == (8, 8)


@pytest.mark.parametrize("pre_ping", [True, False], ids=["pinged", "not pinged"])
async def test_one_that_never_rests_grows_old_too(path: Path, clock: Clock, pre_ping: bool) -> None:
    """A busy pool replaces its connections as a quiet one does."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=1, pool_recycle=100.0, pool_pre_ping=pre_ping)
        pool = pool_of(spec, clock)

        for _ in range(240):
            await with_idle(pool, 1)
            clock.now += 0.45

        assert (spec.stats("main").opened, spec.stats("main").aged) == (2, 1)


@pytest.mark.parametrize(("seconds", "pings"), [(0.4, 0), (0.6, 1)], ids=["a moment", "longer"])
async def test_one_that_rested_is_pinged(path: Path, clock: Clock, seconds: float, pings: int) -> None:
    """And one that did not is not."""
    async with SQLSpec() as spec:
        register(spec, path)
        pool = pool_of(spec, clock)
        (raw,) = await with_idle(pool, 1)
        heard = statements(raw)
        clock.now += seconds

        await with_idle(pool, 1)

        assert len(heard) == pings


async def test_without_pre_ping_none_is(path: Path, clock: Clock) -> None:
    """However long it rested."""
    async with SQLSpec() as spec:
        register(spec, path, pool_pre_ping=False, pool_idle_timeout=None)
        pool = pool_of(spec, clock)
        (raw,) = await with_idle(pool, 1)
        heard = statements(raw)
        clock.now += 3000.0

        await with_idle(pool, 1)

        assert heard == []


async def test_g07_dead_connections_are_nobodys_error_with_pre_ping(path: Path, clock: Clock) -> None:
    """One ping tells of all that rested."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=5)
        pool = pool_of(spec, clock)
        raws = await with_idle(pool, 5)
        for raw in raws:
            raw.close()
        clock.now += 1.0

        for number in range(10):
            async with spec.provide_session("main") as session:
                assert await session.execute("SELECT ?", (number,)).scalar() == number

        stats = spec.stats("main")
        assert (stats.dead, stats.aged, stats.size) == (1, 4, 1)


async def test_g08_dead_connections_are_one_error_without(path: Path) -> None:
    """The first tells of all."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=5, pool_pre_ping=False)
        pool = pool_of(spec)
        raws = await with_idle(pool, 5)
        for raw in raws:
            raw.close()

        failed = 0
        for _ in range(10):
            try:
                async with spec.provide_session("main") as session:
                    await session.execute("SELECT 1")
            except DisconnectedError:
                failed += 1

        assert failed == 1


async def test_one_that_was_dropped_is_not_lent(path: Path, clock: Clock) -> None:
    """Known without a round trip, however short it rested."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=1)
        pool = pool_of(spec, clock)
        lease = await pool.acquire()
        await pool.release(lease, True)
        lease.connection.drop()

        async with spec.provide_session("main") as session:
            assert await session.execute("SELECT 1").scalar() == 1

        assert (spec.stats("main").dead, spec.stats("main").size) == (1, 1)


async def test_nobody_may_wait_where_none_may(path: Path) -> None:
    """`pool_max_waiting=0`: refused at once."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=1, pool_max_waiting=0)
        async with spec.provide_session("main"):
            with pytest.raises(
                PoolFullError, match=r"'main' is free, and pool_max_waiting=0 lets nobody wait"
            ):
                async with spec.provide_session("main"):
                    pass

        assert (spec.stats("main").refused, spec.stats("main").timeouts) == (1, 0)


async def test_each_session_is_counted(path: Path, clock: Clock) -> None:
    """Of what was opened, what is there and what was closed for which reason."""
    async with SQLSpec() as spec:
        register(spec, path, pool_size=3)
        pool = pool_of(spec, clock)
        lease = await pool.acquire()
        clock.now += 2.0
        await pool.release(lease, False)
        await with_idle(pool, 2)

        async with spec.provide_session("main"):
            stats = spec.stats("main")
            assert (stats.size, stats.idle, stats.in_use, stats.opening) == (2, 1, 1, 0)

        assert (stats.opened, stats.closed, stats.unclean) == (3, 1, 1)
        assert stats.hold_seconds == pytest.approx(2.0)
