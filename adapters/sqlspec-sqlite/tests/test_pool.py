"""Connections are few, lent to one at a time, and come back."""

from __future__ import annotations

import gc
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import PoolTimeoutError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[sqlite3.Connection]]:
    """Every connection that the driver opens from now on."""
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


@pytest.fixture
def spec(path: Path) -> Iterator[SQLSpec]:
    """A registry with a pool of two."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=2, pool_timeout=5), "main")
        yield spec


@pytest.mark.parametrize("dirty", [False, True])
def test_eight_threads_share_two_connections(
    spec: SQLSpec, opened: list[sqlite3.Connection], *, dirty: bool
) -> None:
    """Never more are open, and no two threads hold the same one."""
    most: list[int] = []
    holders: set[int] = set()
    lock = threading.Lock()

    def work(_: int) -> None:
        for _ in range(20):
            with spec.provide_connection("main") as raw:
                with lock:
                    assert id(raw) not in holders
                    holders.add(id(raw))
                    most.append(sum(map(is_open, opened)))
                # A connection whose state was changed is replaced, and the new one must not come before that.
                raw.execute("PRAGMA cache_size=7" if dirty else "SELECT 1").fetchall()
                with lock:
                    holders.remove(id(raw))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))

    assert len(most) == 160
    assert max(most) <= 2


def test_a_hundred_sessions_in_a_row_open_one_connection(
    spec: SQLSpec, opened: list[sqlite3.Connection]
) -> None:
    """Each finds what the one before left."""
    for _ in range(100):
        with spec.provide_session() as session:
            session.execute("SELECT 1")

    assert len(opened) == 1


async def test_a_hundred_sessions_in_a_row_open_one_connection_under_async(
    spec: SQLSpec, opened: list[sqlite3.Connection]
) -> None:
    """In one thread."""
    before = threading.active_count()
    for _ in range(100):
        async with spec.provide_session() as session:
            await session.execute("SELECT 1")

    assert len(opened) == 1
    assert threading.active_count() <= before + 1


def test_a_full_pool_says_what_is_the_matter(path: Path) -> None:
    """After its timeout, with numbers."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=1, pool_timeout=0.2), "main")
        started = time.monotonic()
        with spec.provide_session(), pytest.raises(PoolTimeoutError) as caught, spec.provide_session():
            pass

        waited = time.monotonic() - started
        text = str(caught.value)
        assert 0.15 < waited < 2
        assert all(word in text for word in ("'main'", "pool_size=1", "1 in use", "longest held"))
        with spec.provide_session() as session:
            assert session.execute("SELECT 1").scalar() == 1


async def test_a_full_pool_says_what_is_the_matter_under_async(path: Path) -> None:
    """Likewise."""
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=1, pool_timeout=0.2), "main")
        async with spec.provide_session():
            with pytest.raises(PoolTimeoutError, match=r"pool_size=1, 1 in use"):
                async with spec.provide_session():
                    pass

        async with spec.provide_session() as session:
            assert await session.execute("SELECT 1").scalar() == 1


def test_g20_a_lost_session_is_reclaimed(path: Path) -> None:
    """With a warning; its work is undone, and its place in the pool is free again."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=1, pool_timeout=5), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id)")
        block = spec.provide_session()
        block.__enter__().execute("INSERT INTO item VALUES (1)")

        with pytest.warns(ResourceWarning, match="without being returned"):  # noqa: PT031 - until it is collected
            del block
            gc.collect()

        with spec.provide_session() as session:
            assert session.execute("SELECT count(*) FROM item").scalar() == 0
        assert spec.stats("main").reclaimed == 1


def test_g20_a_lost_session_tells_where_it_came_from(path: Path) -> None:
    """If the config asks for it."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), leak_detection_threshold=1.0), "main")
        block = spec.provide_session()
        block.__enter__()

        with pytest.warns(ResourceWarning, match=r"test_pool\.py"):  # noqa: PT031 - until it is collected
            del block
            gc.collect()


def test_closing_closes_the_drivers_connections(
    spec: SQLSpec, opened: list[sqlite3.Connection], path: Path
) -> None:
    """All of them, and the file's WAL is gone with the last."""
    with spec.provide_session() as first, spec.provide_session() as second:
        first.execute("CREATE TABLE item (id)")
        first.commit()
        second.execute("SELECT * FROM item")

    spec.close()

    assert len(opened) == 2
    assert not any(map(is_open, opened))
    assert not path.with_name("test.db-wal").exists()


async def test_closing_closes_the_drivers_connections_under_async(
    spec: SQLSpec, opened: list[sqlite3.Connection], path: Path
) -> None:
    """Likewise."""
    async with spec.provide_session() as first, spec.provide_session() as second:
        await first.execute("CREATE TABLE item (id)")
        await first.commit()
        await second.execute("SELECT * FROM item")

    await spec.aclose()

    assert len(opened) == 2
    assert not any(map(is_open, opened))
    assert not path.with_name("test.db-wal").exists()


def test_a_session_may_end_in_another_thread(spec: SQLSpec) -> None:
    """A connection belongs to its session, not to a thread."""
    block = spec.provide_session()
    session = block.__enter__()
    session.execute("CREATE TABLE item (id)")

    thread = threading.Thread(target=block.__exit__, args=(None, None, None))
    thread.start()
    thread.join(10)

    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0
