"""Opening and closing, overriding and restoring, counting and pinging."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConfigClosedError, ConfigNotFoundError, InvalidArgumentError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path


def tables(spec: SQLSpec, name: str = "main") -> int:
    """How many tables a database has."""
    with spec.provide_session(name) as session:
        count: int = session.execute("SELECT count(*) FROM sqlite_master").scalar()
        return count


def with_table(spec: SQLSpec, name: str = "main") -> None:
    """Leave a table in a database."""
    with spec.provide_session(name) as session:
        session.execute("CREATE TABLE t (id INTEGER)")


def test_nothing_is_opened_before_it_is_used(spec: SQLSpec, tmp_path: Path) -> None:
    """Not even the file."""
    spec.register_config(SQLiteConfig(database=str(tmp_path / "app.db")), "main")

    with spec:
        assert spec.stats("main").size == 0
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["execute", "execute_many", "execute_script", "stream", "load", "begin"])
def test_a_block_that_is_used_as_a_session_names_with(spec: SQLSpec, name: str) -> None:
    """The session comes out of the block."""
    spec.register_config("sqlite://", "db")

    with pytest.raises(AttributeError, match=rf"write `with .* as session:`.* session\.{name}\(\)"):
        getattr(spec.provide_session(), name)
    assert not hasattr(spec.provide_connection(), name)


def test_a_closed_registry_lends_nothing_until_it_is_opened(spec: SQLSpec) -> None:
    """Configs stay registered, and so does what memory holds."""
    spec.register_config(SQLiteConfig(), "main")
    with_table(spec)

    spec.close()
    spec.close()

    with pytest.raises(ConfigClosedError, match="open") as caught, spec.provide_session("main"):
        pass
    assert caught.value.config_name == "main"
    spec.open()
    assert tables(spec) == 1


def test_a_session_that_is_open_at_close_ends_as_it_would_have(spec: SQLSpec, tmp_path: Path) -> None:
    """Its work is committed, and its connection closed then."""
    spec.register_config(SQLiteConfig(database=str(tmp_path / "app.db")), "main")

    with spec.provide_session("main") as session:
        session.execute("CREATE TABLE t (id INTEGER)")
        spec.close()
        session.execute("INSERT INTO t VALUES (1)")

    spec.open()
    with spec.provide_session("main") as session:
        assert session.execute("SELECT count(*) FROM t").scalar() == 1


def test_open_warms_up(spec: SQLSpec) -> None:
    """`pool_min_size` connections, no more."""
    spec.register_config(SQLiteConfig(pool_min_size=3), "main")

    spec.open()

    assert (spec.stats("main").idle, spec.stats("main").opened) == (3, 3)


async def test_aopen_warms_up_and_aclose_closes() -> None:
    """In the running loop."""
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(pool_min_size=2), "main")
        await spec.aopen()
        assert spec.stats("main").idle == 2

    assert spec.stats("main").size == 0
    with pytest.raises(ConfigClosedError):
        async with spec.provide_session("main"):
            pass


async def test_close_in_a_thread_while_a_loop_uses_its_pool() -> None:
    """Callable from anywhere: the session that is open ends in peace, the next is refused."""
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(), "main")

    async with spec.provide_session("main") as session:
        await session.execute("CREATE TABLE t (id INTEGER)")
        await asyncio.to_thread(spec.close)
        await session.execute("INSERT INTO t VALUES (1)")

    with pytest.raises(ConfigClosedError):
        async with spec.provide_session("main"):
            pass
    spec.open()
    async with spec.provide_session("main") as session:
        assert await session.execute("SELECT count(*) FROM t").scalar() == 1
    await spec.aclose()


def test_who_waits_while_a_database_is_unregistered_is_told(spec: SQLSpec) -> None:
    """Not left to time out."""
    spec.register_config(SQLiteConfig(pool_size=1), "main")
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            with spec.provide_session("main"):
                pass
        except BaseException as exc:  # noqa: BLE001 - judged below
            raised.append(exc)

    with spec.provide_session("main"):
        thread = threading.Thread(target=wait)
        thread.start()
        while not spec.stats("main").waiting:
            pass
        spec.unregister_config("main")
        thread.join(10)

    assert [type(exc) for exc in raised] == [ConfigClosedError]


def test_who_waits_while_a_database_is_replaced_gets_the_new_one(spec: SQLSpec) -> None:
    """It looks its name up again."""
    spec.register_config(SQLiteConfig(pool_size=1), "main")
    seen: list[int] = []

    def count() -> None:
        seen.append(tables(spec))

    with spec.provide_session("main"):
        thread = threading.Thread(target=count)
        thread.start()
        while not spec.stats("main").waiting:
            pass
        spec.register_config(SQLiteConfig(), "main", override=True)
        with_table(spec)
        thread.join(10)

    assert seen in ([0], [1])  # the new database, before or after its table: but served, without an error


def test_override_replaces_inside_its_block_and_restores_after(spec: SQLSpec) -> None:
    """What was replaced keeps its data, in memory too."""
    spec.register_config(SQLiteConfig(), "main")
    with_table(spec)
    test_config = SQLiteConfig()

    with spec.override("main", test_config) as config:
        assert config is test_config
        assert spec.get_config("main") is test_config
        assert tables(spec) == 0

    assert tables(spec) == 1
    with pytest.raises(ConfigNotFoundError):
        spec.provide_session(test_config)


def test_a_key_leads_to_the_override(spec: SQLSpec) -> None:
    """The application's own code need not know that it is under test."""
    main = spec.register_config(SQLiteConfig(), "main")
    with_table(spec)

    with spec.override("main", "sqlite://"), spec.provide_session(main) as session:
        assert session.execute("SELECT count(*) FROM sqlite_master").scalar() == 0


def test_overrides_nest_and_may_end_out_of_order(spec: SQLSpec) -> None:
    """The outermost left restores the original."""
    original = spec.register_config(SQLiteConfig(), "main")
    outer, inner = spec.override("main", SQLiteConfig()), spec.override("main", SQLiteConfig())
    outer.__enter__()
    innermost = inner.__enter__()

    outer.__exit__(None, None, None)
    assert spec.get_config("main") is innermost
    inner.__exit__(None, None, None)

    assert spec.get_config("main") is original


def test_an_override_is_restored_when_its_block_raises(spec: SQLSpec) -> None:
    """As a test that fails would."""
    original = spec.register_config(SQLiteConfig(), "main")

    with pytest.raises(ZeroDivisionError), spec.override("main", SQLiteConfig()):
        _ = 1 // 0

    assert spec.get_config("main") is original


def test_what_an_override_covers_is_closed_and_opened_with_the_rest(spec: SQLSpec) -> None:
    """Else its connections would stay open in a closed registry, and it would lend again when restored."""
    spec.register_config(SQLiteConfig(), "main")
    with_table(spec)
    assert spec.stats("main").size == 1

    with spec.override("main", SQLiteConfig()):
        spec.close()

    assert spec.stats("main").size == 0
    with pytest.raises(ConfigClosedError), spec.provide_session("main"):
        pass
    with spec.override("main", SQLiteConfig()):
        spec.open()
    assert tables(spec) == 1


def test_an_override_is_entered_once(spec: SQLSpec) -> None:
    """A second block is a second override."""
    spec.register_config(SQLiteConfig(), "main")
    block = spec.override("main", SQLiteConfig())

    with block, pytest.raises(InvalidArgumentError, match=r"override\(\)"):
        block.__enter__()


def test_only_what_is_registered_can_be_overridden(spec: SQLSpec) -> None:
    """Else nothing could be restored."""
    with pytest.raises(ConfigNotFoundError), spec.override("main", SQLiteConfig()):
        pass


async def test_an_async_override_waits_until_its_sessions_have_ended() -> None:
    """So that a test's database can be thrown away after the block."""
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")
        ended = False

        async def work() -> None:
            nonlocal ended
            async with spec.provide_session("main") as session:
                await session.execute("SELECT 1")
                await asyncio.sleep(0.05)
            ended = True

        async with spec.override("main", SQLiteConfig()):
            task = asyncio.create_task(work())
            while not spec.stats("main").in_use:  # noqa: ASYNC110 - the pool has no event to wait for
                await asyncio.sleep(0)

        assert ended
        await task


def test_sessions_of_a_replaced_database_end_on_their_own_pool(spec: SQLSpec, tmp_path: Path) -> None:
    """Nothing is committed to the wrong place."""
    spec.register_config(SQLiteConfig(database=str(tmp_path / "old.db")), "main")

    with spec.provide_session("main") as session:
        session.execute("CREATE TABLE t (id INTEGER)")
        spec.register_config(SQLiteConfig(database=str(tmp_path / "new.db")), "main", override=True)
        session.execute("INSERT INTO t VALUES (1)")

    assert tables(spec) == 0
    with SQLiteConfig(database=str(tmp_path / "old.db")).provide_session() as session:
        assert session.execute("SELECT count(*) FROM t").scalar() == 1


def test_stats_of_one_and_of_all(spec: SQLSpec) -> None:
    """Flat, and the parts are the whole."""
    spec.register_config(SQLiteConfig(), "one")
    spec.register_config(SQLiteConfig(), "two")

    with spec.provide_session("one") as session:
        session.execute("SELECT 1")
        stats = spec.stats("one")

    assert (stats.size, stats.idle, stats.in_use, stats.opening) == (1, 0, 1, 0)
    assert set(spec.stats()) == {"one", "two"}
    assert spec.stats()["two"].size == 0


def test_ping_gives_seconds_or_raises(spec: SQLSpec, tmp_path: Path) -> None:
    """Connecting included."""
    from sqlspec.errors import ConnectError

    spec.register_config(SQLiteConfig(), "good")
    spec.register_config(SQLiteConfig(database=str(tmp_path / "no" / "such.db")), "bad")

    assert spec.ping("good") >= 0
    with pytest.raises(ConnectError, match=r"such\.db"):
        spec.ping("bad")


async def test_aping_gives_seconds() -> None:
    """In the running loop."""
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")

        assert await spec.aping() >= 0


def test_a_config_alone_connects_runs_and_closes(tmp_path: Path) -> None:
    """Without a registry, and without a pool."""
    config = SQLiteConfig(database=str(tmp_path / "app.db"))

    with config.provide_session() as session:
        session.execute("CREATE TABLE t (id INTEGER)")
    with config.provide_connection() as raw:
        count = raw.execute("SELECT count(*) FROM t").fetchone()

    assert count == (0,)
    assert not (tmp_path / "app.db-wal").exists()  # the last connection is closed, so SQLite tidied up


async def test_a_config_alone_serves_tasks_too(tmp_path: Path) -> None:
    """By threads of its own, for one block."""
    config = SQLiteConfig(database=str(tmp_path / "app.db"))

    async with config.provide_session() as session:
        assert await session.execute("SELECT 1").scalar() == 1
    async with config.provide_connection() as raw:
        assert raw.execute("SELECT 1").fetchone() == (1,)


def test_a_pool_made_by_hand_is_the_callers_to_close() -> None:
    """Memory lives as long as the pool."""
    pool = SQLiteConfig(pool_size=2).create_pool()

    lease, other = pool.acquire(), pool.acquire()
    lease.connection.raw.execute("CREATE TABLE t (id INTEGER)")
    count = other.connection.raw.execute("SELECT count(*) FROM t").fetchone()
    pool.release(lease, True)
    pool.release(other, True)
    pool.close()

    assert count == (0,)
    assert pool.stats().size == 0


def test_g23_statistics_are_read_while_gc_lets_another_register(spec: SQLSpec) -> None:
    """Gc may start at any allocation, and let another thread run there; here it registers by itself."""
    for number in range(40):
        spec.register_config(SQLiteConfig(), f"db{number}")
    added = 0

    def register(phase: str, _: object) -> None:
        nonlocal added
        if phase == "start" and added < 200:
            added += 1
            spec.register_config(SQLiteConfig(), f"late{added}")

    hoard = [(number, number) for number in range(5_000)]  # else CPython takes tuples from its own stock
    threshold = gc.get_threshold()
    gc.callbacks.append(register)
    try:
        gc.set_threshold(7)
        for _ in range(5):
            assert len(spec.stats()) >= 40
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(register)
    assert hoard


def test_g23_a_config_dies_while_another_is_unregistered(spec: SQLSpec) -> None:
    """Gc may start at any allocation, and free the key of a config that was replaced."""
    kept = [spec.register_config(SQLiteConfig(), f"db{number}") for number in range(300)]
    threshold = gc.get_threshold()
    for allocations in range(20, 300, 20):
        spec.register_config(SQLiteConfig(), "old", override=True)
        gc.collect()
        cycle: list[object] = [spec.register_config(SQLiteConfig(), "passing", override=True)]
        cycle.append(cycle)
        spec.register_config(SQLiteConfig(), "passing", override=True)
        del cycle
        try:
            gc.set_threshold(allocations)
            spec.unregister_config("old")
        finally:
            gc.set_threshold(*threshold)
        assert "old" not in spec
    assert kept


def test_registering_and_looking_up_from_many_threads(spec: SQLSpec) -> None:  # noqa: C901 - two small bodies
    """Every writer succeeds, and no reader sees anything but a whole registry."""
    stop, errors = threading.Event(), list[BaseException]()

    def read() -> None:
        try:
            while not stop.is_set():
                for name in spec.names:
                    assert spec.get_config(name).adapter == "sqlite"
                assert spec.config_types <= {SQLiteConfig}
                spec.stats()
        except BaseException as exc:  # noqa: BLE001 - judged below
            errors.append(exc)

    def write(start: int) -> None:
        try:
            for number in range(start, start + 200):
                spec.register_config(SQLiteConfig(), f"db{number}")
        except BaseException as exc:  # noqa: BLE001
            errors.append(exc)

    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(200 * number,)) for number in range(4)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()

    assert errors == []
    assert len(spec) == 800
