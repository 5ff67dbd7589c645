"""A database in memory: one for each registered config, for as long as it is registered."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConfigClosedError, LockTimeoutError, StatementError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """A registry with one database in memory, whose table has one row."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")
        fill(spec)
        yield spec


def fill(spec: SQLSpec, name: str = "main") -> None:
    """One table, one row."""
    with spec.provide_session(name) as session:
        session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        session.execute("INSERT INTO item (id) VALUES (1)")


def count(spec: SQLSpec, name: str = "main") -> int:
    """The rows, as a session of this thread sees them."""
    with spec.provide_session(name) as session:
        return int(session.execute("SELECT count(*) FROM item").scalar())


def test_every_connection_sees_the_same_database(spec: SQLSpec) -> None:
    """Two that are open at once."""
    with spec.provide_session() as first, spec.provide_session() as second:
        assert first.execute("SELECT count(*) FROM item").scalar() == 1
        first.rollback()
        assert second.execute("SELECT count(*) FROM item").scalar() == 1


def test_every_thread_sees_the_same_database(spec: SQLSpec) -> None:
    """Also one that started later."""
    seen: list[int] = []

    thread = threading.Thread(target=lambda: seen.append(count(spec)))
    thread.start()
    thread.join(10)

    assert seen == [1]


def test_every_loop_sees_the_same_database(spec: SQLSpec) -> None:
    """Two loops, one after the other, and threads in between."""

    async def insert(number: int) -> None:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO item (id) VALUES (?)", (number,))

    asyncio.run(insert(2))
    between = count(spec)
    asyncio.run(insert(3))

    assert between == 2
    assert count(spec) == 3


def test_two_configs_are_two_databases(spec: SQLSpec) -> None:
    """Even if they are equal."""
    spec.register_config(SQLiteConfig(), "other")

    with pytest.raises(StatementError, match="no such table"):
        count(spec, "other")


def test_one_config_under_two_names_is_two_databases(spec: SQLSpec) -> None:
    """A registration is a database."""
    spec.register_config(spec.get_config("main"), "other")

    with pytest.raises(StatementError, match="no such table"):
        count(spec, "other")


def test_g46_recycling_loses_nothing() -> None:
    """Every connection is too old at once."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(pool_recycle=0.000001, pool_size=1), "main")
        fill(spec)
        for _ in range(20):
            assert count(spec) == 1

        assert spec.stats("main").opened > 20


def test_g46_trimming_loses_nothing() -> None:
    """Every connection is cold at once."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(pool_idle_timeout=0.000001), "main")
        fill(spec)
        with spec.provide_session() as _, spec.provide_session() as __:
            pass
        gc.collect()

        assert count(spec) == 1


def test_g46_a_changed_connection_takes_nothing_along(spec: SQLSpec) -> None:
    """It is dropped because its state can not be restored; the data stays."""
    with spec.provide_session(autocommit=True) as session:
        session.execute("PRAGMA cache_size=7")

    assert spec.stats("main").idle == 0
    assert count(spec) == 1


def test_closing_and_opening_again_loses_nothing(spec: SQLSpec) -> None:
    """The config stays registered, and its data with it."""
    spec.close()
    with pytest.raises(ConfigClosedError):
        count(spec)
    spec.open()

    assert count(spec) == 1


def test_an_override_covers_it_for_a_while(spec: SQLSpec) -> None:
    """Another database inside the block, the same one after it."""
    with spec.override("main", SQLiteConfig()):
        with pytest.raises(StatementError):
            count(spec)
        fill(spec)
        assert count(spec) == 1

    with spec.provide_session() as session:
        session.execute("INSERT INTO item (id) VALUES (2)")
    assert count(spec) == 2


def test_it_is_gone_when_unregistered(spec: SQLSpec) -> None:
    """The same config, registered again, is a new database."""
    config = spec.get_config("main")
    spec.unregister_config("main")
    spec.register_config(config, "main")

    with pytest.raises(StatementError, match="no such table"):
        count(spec)


def test_it_is_gone_when_replaced(spec: SQLSpec) -> None:
    """So is what `override=True` replaces."""
    spec.register_config(SQLiteConfig(), "main", override=True)

    with pytest.raises(StatementError, match="no such table"):
        count(spec)


def test_a_session_that_is_open_when_it_is_unregistered_ends_in_peace(spec: SQLSpec) -> None:
    """It holds a connection, and that holds the database."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO item (id) VALUES (2)")
        spec.unregister_config("main")

        assert session.execute("SELECT count(*) FROM item").scalar() == 2


def test_alone_a_config_in_memory_lives_for_one_block() -> None:
    """And the next block finds it empty."""
    config = SQLiteConfig()

    with config.provide_session() as session:
        session.execute("CREATE TABLE item (id)")

    with config.provide_session() as session:
        assert session.execute("SELECT count(*) FROM sqlite_master").scalar() == 0


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("call", ["execute", "stream"])
def test_a_reader_beside_a_writer_waits_for_it(*, warm: bool, call: str) -> None:
    """And is told who kept it waiting: not that there is no such table, nor that it can not connect."""
    config = SQLiteConfig(busy_timeout=0.05)
    with SQLSpec() as spec:
        spec.register_config(config, "main")
        if warm:  # with connections that have read the schema when it was empty
            with spec.provide_session(read_only=True), spec.provide_session(read_only=True):
                pass
        fill(spec)

        with spec.provide_session() as writer:
            writer.execute("CREATE TABLE more (id INTEGER)")
            locked = pytest.raises(LockTimeoutError, match="busy_timeout")
            with locked, spec.provide_session(read_only=True) as reader:
                if call == "execute":
                    reader.execute("SELECT count(*) FROM item")
                else:
                    list(reader.stream("SELECT * FROM item"))

        with spec.provide_session(read_only=True) as reader:
            assert reader.execute("SELECT count(*) FROM item").scalar() == 1
            with pytest.raises(StatementError, match="no such table"):
                reader.execute("SELECT * FROM nowhere")
