"""What ends where nobody looked: lost sessions, the collector, forked children, other threads and loops."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sqlite3
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConfigClosedError, PoolError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlspec_sqlite.connection import SQLiteConnection

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def in_child(work: Callable[[], Any]) -> Any:
    """What *work* gives in a forked child, or its error as a text."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
        pid = os.fork()
    if pid == 0:
        try:
            answer = work()
        except BaseException as exc:  # noqa: BLE001 - told to the parent
            answer = repr(exc)
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        answer = json.loads(file.read())
    os.waitpid(pid, 0)
    return answer


@pytest.fixture
def path(path: Path) -> Path:
    """With a table."""
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE t (id INTEGER)")
    raw.close()
    return path


def new_spec(path: Path, **options: Any) -> SQLSpec:
    """A registry with this file."""
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(database=str(path), busy_timeout=0.5, **options), "main")
    return spec


def ids(spec: SQLSpec) -> list[int]:
    """What is stored."""
    with spec.provide_session() as session:
        return session.execute("SELECT id FROM t").scalars()


async def test_g20_a_lost_session_of_a_task_is_reclaimed(path: Path) -> None:
    """With a warning that tells where it began; its lock is free for the next writer."""
    async with new_spec(path, pool_size=1, leak_detection_threshold=60.0) as spec:
        block: Any = spec.provide_session()
        await (await block.__aenter__()).execute("INSERT INTO t VALUES (1)")

        with pytest.warns(ResourceWarning, match=r"(?s)without being returned.*test_ends_elsewhere\.py"):  # noqa: PT031
            del block
            gc.collect()

        async with spec.provide_session() as session:
            await session.execute("INSERT INTO t VALUES (2)")
            assert await session.execute("SELECT id FROM t").scalars() == [2]
        assert spec.stats("main").reclaimed == 1


@pytest.mark.filterwarnings("ignore:a connection to 'main' was dropped:ResourceWarning")
def test_g45_a_session_dies_in_the_middle_of_anothers_statement(path: Path) -> None:
    """The collector runs inside of SQLite's call: no deadlock, and the dead one's work is undone."""
    with new_spec(path, pool_size=2) as spec:
        doomed: list[Any] = [spec.provide_session(autocommit=True)]
        doomed.append(doomed)
        doomed[0].__enter__().execute("SELECT 1")

        def collect() -> int:
            nonlocal doomed
            doomed = []
            return gc.collect() and 1

        with spec.provide_session() as session:
            session.connection().create_function("collect", 0, collect)
            assert session.execute("SELECT collect()").scalar() == 1
            session.execute("INSERT INTO t VALUES (2)")

        assert ids(spec) == [2]
        assert spec.stats("main").reclaimed == 1


@forks
def test_g18_a_child_reads_the_file_by_a_connection_of_its_own(path: Path) -> None:
    """Forked inside of a transaction, which goes on in the parent alone."""
    with new_spec(path, pool_size=1) as spec:
        with spec.provide_session() as session:
            session.execute("INSERT INTO t VALUES (1)")

            def work() -> Any:
                with spec.provide_session(read_only=True) as own:
                    seen = own.execute("SELECT id FROM t").scalars()
                stats = spec.stats("main")
                spec.close()
                return [seen, stats.opened, stats.in_use]

            assert in_child(work) == [[], 1, 0]
            session.execute("INSERT INTO t VALUES (2)")

        assert ids(spec) == [1, 2]
        assert in_child(lambda: ids(spec)) == [1, 2]


@forks
def test_g18_a_child_writes_while_the_parent_waits(path: Path) -> None:
    """Both write in turn, each by its own connection."""
    with new_spec(path) as spec:
        for number in range(3):
            with spec.provide_session() as session:
                session.execute("INSERT INTO t VALUES (?)", (2 * number,))

            def work(number: int = number) -> Any:
                with spec.provide_session() as session:
                    session.execute("INSERT INTO t VALUES (?)", (2 * number + 1,))

            assert in_child(work) is None

        assert ids(spec) == [0, 1, 2, 3, 4, 5]


@forks
def test_g18_a_pool_made_by_hand_lends_nothing_that_was_inherited(path: Path) -> None:
    """The child makes a pool of its own; the parent's is as it was."""
    config = SQLiteConfig(database=str(path))
    pool = config.create_pool()
    lease = pool.acquire()
    pool.release(lease, True)

    def work() -> Any:
        try:
            pool.acquire()
        except PoolError:
            own = config.create_pool()
            connection = own.acquire().connection
            connection.execute("INSERT INTO t VALUES (1)", None, None)
            return "refused"
        return "lent"

    assert in_child(work) == "refused"
    again = pool.acquire()
    assert again.connection.execute("SELECT id FROM t", None, None).rows == [(1,)]
    pool.release(again, True)
    pool.close()


@pytest.mark.parametrize("how", ["thread", "loop", "override"])
async def test_g21_a_session_in_use_ends_in_peace_wherever_its_pool_is_closed(path: Path, how: str) -> None:
    """From another thread or another loop, or by a config that takes the name: its work is committed."""
    spec = new_spec(path)
    ends: dict[str, Callable[[], object]] = {
        "thread": spec.close,
        "loop": lambda: asyncio.run(spec.aclose()),
        "override": lambda: spec.register_config(
            SQLiteConfig(database=str(path), pool_size=1), "main", override=True
        ),
    }

    async with spec.provide_session() as session:
        await session.execute("INSERT INTO t VALUES (1)")
        thread = threading.Thread(target=ends[how])
        thread.start()
        await asyncio.to_thread(thread.join, 10)
        await session.execute("INSERT INTO t VALUES (2)")

    if how != "override":
        with pytest.raises(ConfigClosedError):
            ids(spec)
        spec.open()
    assert await asyncio.to_thread(ids, spec) == [1, 2]
    await spec.aclose()


@pytest.mark.parametrize("step", ["begin", "commit", "rollback"])
def test_g44_the_steps_of_a_transaction_are_never_interrupted(path: Path, step: str) -> None:
    """`interrupt()` stops a statement, and nothing that decides what becomes of the work."""
    from sqlspec.plugin import TransactionOptions

    seen: list[str] = []
    pool = SQLiteConfig(database=str(path)).create_pool()
    lease = pool.acquire()
    connection: SQLiteConnection = lease.connection
    connection.raw.interrupt = lambda: seen.append(step)  # type: ignore[method-assign]
    if step != "begin":
        connection.begin(TransactionOptions(), None)
        connection.execute("INSERT INTO t VALUES (1)", None, None)
        connection.interrupt(for_good=False)
        assert seen == [step]

    steps: dict[str, Callable[[], object]] = {
        "begin": lambda: connection.begin(TransactionOptions(), None),
        "commit": lambda: connection.commit(None),
        "rollback": lambda: connection.rollback(None),
    }
    steps[step]()
    connection.interrupt(for_good=False)

    assert seen == ([] if step == "begin" else [step])
    connection.rollback(None)
    pool.release(lease, True)
    pool.close()


def test_g44_a_commit_that_waits_is_not_given_up(tmp_path: Path) -> None:
    """It has `commit_timeout`, not `busy_timeout`, and an interrupt that comes meanwhile stops nothing."""
    path = tmp_path / "delete.db"
    with new_spec(path, journal_mode="delete", commit_timeout=10.0) as spec:
        with spec.provide_session() as session:
            session.execute("CREATE TABLE t (id INTEGER)")
        reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()

        with spec.provide_session() as session:
            session.execute("INSERT INTO t VALUES (1)")
            timers = [
                threading.Timer(0.2, lambda: session._connection.interrupt(for_good=False)),
                threading.Timer(0.9, reader.execute, ("ROLLBACK",)),  # busy_timeout is over by then
            ]
            for timer in timers:
                timer.start()

        for timer in timers:
            timer.join(10)
        reader.close()
        assert ids(spec) == [1]
