"""A process forks inside a block: the connection is the parent's, and the child can do nothing with it."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import AsyncExitStack, ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.redis import RedisConfig
from sqlspec.errors import SQLSpecError
from tests.pool.forks.child import in_child

from .databases import DUCKDB, PSYCOPG, SQLITE, Database
from .sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "execute": lambda session, _: session.execute("INSERT INTO item VALUES (22)"),
    "execute_many": lambda session, _: session.execute_many("INSERT INTO item VALUES (?)", [(23,), (24,)]),
    "execute_script": lambda session, _: session.execute_script("INSERT INTO item VALUES (25)"),
    "load": lambda session, _: session.load("item", [(26,)], ("id",)),
    "opening a stream": lambda session, _: _next(session.stream("SELECT id FROM item")),
    "reading a stream": lambda _, rows: _read_on(rows),
    "closing a stream": lambda _, rows: rows.close(),
    "begin": lambda session, _: _begin(session),
    "commit": lambda session, _: session.commit(),
    "rollback": lambda session, _: session.rollback(),
    "connection": lambda session, _: session.connection(),
}
ENDS = {"commits": [1, 21], "undoes": [1]}

sync_databases = pytest.mark.parametrize(
    "database", [SQLITE, DUCKDB, PSYCOPG], ids=lambda database: database.name
)
tasks = pytest.mark.parametrize(
    "side", [side for side in SIDES if side.in_tasks], ids=[side.name for side in SIDES if side.in_tasks]
)
ends = pytest.mark.parametrize("end", ENDS)


class Undone(Exception):  # noqa: N818 - the application's own
    """What undoes a session."""


def _next(rows: Any) -> Any:
    return anext(rows) if hasattr(rows, "__anext__") else next(rows)


def _read_on(rows: Any) -> Any:
    """Past the batch that is in memory."""
    if hasattr(rows, "__anext__"):
        return _aread_on(rows)
    return [next(rows) for _ in range(10)]


async def _aread_on(rows: Any) -> None:
    for _ in range(10):
        await anext(rows)


def _begin(session: Any) -> Any:
    block = session.begin()
    return block.__aenter__() if hasattr(block, "__aenter__") else block.__enter__()


def _come_to(call: Callable[[], Any]) -> str:
    """What a call of the child's comes to."""
    try:
        call()
    except SQLSpecError:
        return "refused"
    except Exception as exc:  # noqa: BLE001 - told to the parent
        return repr(exc)
    return "done"


def _refusals(session: Any, rows: Any) -> dict[str, str]:
    return {name: _come_to(partial(call, session, rows)) for name, call in CALLS.items()}


async def _acome_to(call: Callable[[], Any]) -> str:
    try:
        await asyncio.wait_for(_awaited(call), 5)
    except SQLSpecError:
        return "refused"
    except Exception as exc:  # noqa: BLE001 - told to the parent
        return repr(exc)
    return "done"


async def _awaited(call: Callable[[], Any]) -> Any:
    return await call()


async def _arefusals(session: Any, rows: Any) -> dict[str, str]:
    return {name: await _acome_to(partial(call, session, rows)) for name, call in CALLS.items()}


def _in_childs_loop(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """In a child that was forked by a loop: its own loop runs."""
    asyncio._set_running_loop(None)  # the parent's
    return asyncio.run(coroutine)


@ends
@sync_databases
def test_g52_a_session_is_refused_in_a_child(
    database: Database, end: str, request: pytest.FixtureRequest
) -> None:
    """Each call, and the end of its block, which changes nothing: the parent decides about its work."""
    spec = SQLSpec()
    spec.register_config(database.config(request, pool_size=2), "db")
    with spec.provide_session() as session:
        session.execute_script("CREATE TABLE item (id INTEGER); INSERT INTO item VALUES (1)")

    refusals, left = {}, ""
    try:
        with ExitStack() as stack:
            session = stack.enter_context(spec.provide_session())
            session.execute("INSERT INTO item VALUES (21)")
            rows = session.stream(database.numbers, batch_size=7)
            next(rows)
            refusals = in_child(lambda: _refusals(session, rows))
            left = in_child(lambda: _come_to(stack.close))
            assert session.execute("SELECT count(*) FROM item").scalar() == 2
            if end == "undoes":
                raise Undone  # noqa: TRY301 - the block is what is tested
    except Undone:
        pass

    assert refusals == dict.fromkeys(CALLS, "refused")
    assert left == "refused"  # nothing was committed, and whoever expects that is told
    with spec.provide_session() as session:
        assert session.execute("SELECT id FROM item ORDER BY id").scalars() == ENDS[end]
    spec.close()


@ends
@tasks
async def test_g52_a_session_of_a_task_is_refused_in_a_child(side: Side, spec: SQLSpec, end: str) -> None:
    """The same in a loop, which the child does not run."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1)")

    refusals, left = {}, ""
    try:
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(spec.provide_session())
            await session.execute("INSERT INTO item VALUES (21)")
            rows = session.stream(side.database.numbers, batch_size=7)
            await anext(rows)
            refusals = in_child(lambda: _in_childs_loop(_arefusals(session, rows)))
            left = in_child(lambda: _in_childs_loop(_acome_to(stack.aclose)))
            assert (await session.execute("SELECT count(*) FROM item")).scalar() == 2
            if end == "undoes":
                raise Undone  # noqa: TRY301 - the block is what is tested
    except Undone:
        pass

    assert refusals == dict.fromkeys(CALLS, "refused")
    assert left == "refused"
    async with spec.provide_session() as session:
        stored = (await session.execute("SELECT id FROM item ORDER BY id")).scalars()
    assert stored == ENDS[end]


COMMANDS: dict[str, Callable[[Any, Any], Any]] = {
    "a command": lambda client, _: client.set("a", 2),
    "a pipeline": lambda client, _: client.pipeline().set("a", 2).execute(),
    "a pipeline that watches": lambda _, watching: watching.get("a"),
}
# redis-py has an error of its own for a pipeline that lost what it watched.
NOTHING_SENT = {
    "a command": "refused",
    "a pipeline": "refused",
    "a pipeline that watches": "server:WatchError",
}


def test_g52_a_client_of_redis_is_refused_in_a_child(redis_url: str) -> None:
    """Each command; the parent's go on, and what it watches is watched."""
    spec = SQLSpec()
    spec.register_config(RedisConfig(url=redis_url), "db")
    with spec.provide_session(RedisConfig) as client:
        client.set("a", 1)
        watching: Any = client.pipeline()
        watching.watch("a")

        refusals = in_child(lambda: _commands(client, watching))

        assert refusals == NOTHING_SENT
        watching.multi()
        watching.set("a", 3)
        assert watching.execute() == [True]
    spec.close()


def _commands(client: Any, watching: Any) -> dict[str, str]:
    return {name: _come_to(partial(command, client, watching)) for name, command in COMMANDS.items()}


async def test_g52_an_async_client_of_redis_is_refused_in_a_child(redis_url: str) -> None:
    """The same in a loop, which the child does not run."""
    async with SQLSpec() as spec:
        spec.register_config(RedisConfig(url=redis_url), "db")
        async with spec.provide_session(RedisConfig) as client:
            await client.set("a", 1)
            watching: Any = client.pipeline()
            await watching.watch("a")

            refusals = in_child(lambda: _in_childs_loop(_acommands(client, watching)))

            assert refusals == NOTHING_SENT
            watching.multi()
            watching.set("a", 3)
            assert await watching.execute() == [True]


async def _acommands(client: Any, watching: Any) -> dict[str, str]:
    return {name: await _acome_to(partial(command, client, watching)) for name, command in COMMANDS.items()}


PROGRAM = """
import json, os, sys, warnings
from sqlspec import SQLSpec

warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
adapter, options = sys.argv[1:]
spec = SQLSpec()
spec.register_config(spec.plugins.config_type(adapter)(**json.loads(options), pool_size=4), "db")

def have_a_child():
    pid = os.fork()
    if pid == 0:
        sys.exit(0)  # the blocks around are left, finalisers run, and the interpreter ends
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, status

with spec.provide_session() as one, spec.provide_session() as two:
    pass  # two connections that go back to the pool
have_a_child()
"""
REDIS_PROGRAM = """
with spec.provide_session() as client, spec.provide_connection() as raw:
    client.set("a", 1)
    watching = client.pipeline()
    watching.watch("a")
    have_a_child()
    assert client.get("a") in (b"1", "1") and raw.get("a") in (b"1", "1")
    watching.multi()
    watching.set("a", 2)
    watching.execute()
"""
SQL_PROGRAM = """
with spec.provide_session() as session:
    session.execute("CREATE TABLE item (id INTEGER, note VARCHAR(200))")
with spec.provide_connection() as raw, spec.provide_session() as session:
    session.execute_many("INSERT INTO item VALUES (?, ?)", [(n, "x" * 200) for n in range(20000)])
    rows = session.stream("SELECT id FROM item ORDER BY id", batch_size=7)
    next(rows)
    have_a_child()
    assert session.execute("SELECT count(*) FROM item").scalar() == 20000
    assert raw.execute("SELECT 1").fetchone() == (1,)
with spec.provide_session() as session:
    assert session.execute("SELECT count(*) FROM item").scalar() == 20000
"""
END = """
stats = spec.stats("db")
assert stats.opened <= 3 and stats.closed == 0, stats
spec.close()
"""


def _run(adapter: str, program: str, **options: str) -> None:
    """In a process of its own, whose children may end as processes do."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM + program + END, adapter, json.dumps(options)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_g52_a_child_that_ends_leaves_a_file_of_sqlite_alone(mode: str, tmp_path: Path) -> None:
    """A transaction is under way; pages of it are in the file, and a journal that could undo them."""
    path = tmp_path / "a.db"

    _run("sqlite", SQL_PROGRAM, database=str(path), journal_mode=mode)

    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("PRAGMA journal_mode").fetchone() == (mode,)
        assert raw.execute("SELECT count(*), count(DISTINCT id) FROM item").fetchone() == (20000, 20000)


def test_g52_a_child_that_ends_leaves_a_server_alone(postgresql_url: str) -> None:
    """Its sockets are the parent's: nothing is sent, and the sessions there go on."""
    _run("psycopg", SQL_PROGRAM, url=postgresql_url)


def test_g52_a_child_that_ends_leaves_redis_alone(redis_url: str) -> None:
    """The same; a WATCH of the parent's holds."""
    _run("redis", REDIS_PROGRAM, url=redis_url)
