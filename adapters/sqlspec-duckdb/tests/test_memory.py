"""A database in memory: one for each registered config, for as long as it is registered."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import StatementError
from sqlspec_duckdb import DuckDBConfig

if TYPE_CHECKING:
    from collections.abc import Iterator


def fill(spec: SQLSpec, name: str = "main") -> None:
    """One table, one row."""
    with spec.provide_session(name) as session:
        session.execute("CREATE TABLE item (id INTEGER)")
        session.execute("INSERT INTO item VALUES (1)")


def count(spec: SQLSpec, name: str = "main") -> int:
    """The rows, as a session of this thread sees them."""
    with spec.provide_session(name) as session:
        return int(session.execute("SELECT count(*) FROM item").scalar())


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """A registry with one database in memory, whose table has one row."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(pool_size=2), "main")
        fill(spec)
        yield spec


def test_every_thread_and_every_loop_sees_the_same_database(spec: SQLSpec) -> None:
    """One after the other, and two connections at once."""
    seen: list[int] = []

    async def insert() -> None:
        async with spec.provide_session() as one, spec.provide_session() as other:
            await one.execute("INSERT INTO item VALUES (2)")
            await one.commit()
            seen.append(await other.execute("SELECT count(*) FROM item").scalar())

    thread = threading.Thread(target=lambda: seen.append(count(spec)))
    thread.start()
    thread.join(10)
    asyncio.run(insert())
    asyncio.run(insert())

    assert seen == [1, 2, 3]
    assert count(spec) == 3


def test_two_configs_are_two_databases(spec: SQLSpec) -> None:
    """Even if they are equal: DuckDB's own default, one for the process, is never used."""
    spec.register_config(DuckDBConfig(), "other")

    with pytest.raises(StatementError, match="item"):
        count(spec, "other")


def test_g46_memory_survives_the_recycling_of_every_connection() -> None:
    """And trimming, and closing and opening the registry."""
    spec = SQLSpec()
    spec.register_config(DuckDBConfig(pool_recycle=1e-6, pool_idle_timeout=1e-6), "main")
    fill(spec)

    assert [count(spec) for _ in range(3)] == [1, 1, 1]
    spec.close()
    spec.open()
    assert count(spec) == 1
    spec.unregister_config("main")


def test_g46_memory_survives_the_loss_of_every_connection(spec: SQLSpec) -> None:
    """Aborted ones, too."""
    with spec.provide_session() as session:
        session._connection.drop()

    assert count(spec) == 1


def test_an_override_has_a_memory_of_its_own(spec: SQLSpec) -> None:
    """What it covers is there again afterwards."""
    with spec.override("main", DuckDBConfig()), pytest.raises(StatementError):
        count(spec)

    assert count(spec) == 1


def test_a_config_alone_has_one_for_each_block_or_pool() -> None:
    """A pool's memory lives as long as the pool."""
    config = DuckDBConfig()
    with config.provide_session() as session:
        session.execute("CREATE TABLE item (id INTEGER)")
    with config.provide_session(autocommit=True) as session, pytest.raises(StatementError):
        session.execute("FROM item")
