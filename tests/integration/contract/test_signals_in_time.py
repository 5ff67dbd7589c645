"""A timer's signal comes while a driver waits in C, while the pool waits, or while a loop runs."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.redis import RedisConfig
from sqlspec.errors import DatabaseError, SQLSpecError

from .databases import ASYNCMY, ASYNCPG, PSYCOPG, SQLITE, Database
from .signals import KINDS, SHAPES, Alarm, own_kinds
from .test_signals import REDIS, lost

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

__all__ = ("lost",)

SOON = 0.15
"""Seconds until the signal; by then the statement is under way."""
LONG = 30.0
"""Seconds that the statement would take."""
PATIENCE = 15.0
"""Seconds within which the exception has come out."""

WAYS: dict[str, Callable[[Any, str], Any]] = {
    "execute": lambda session, slow: session.execute(slow),
    "parameters": lambda session, slow: session.execute(f"SELECT s.n + ? FROM ({slow}) AS s", (1,)),
    "execute_many": lambda session, slow: session.execute_many(
        f"INSERT INTO item SELECT ? + 0 * s.n FROM ({slow}) AS s", [(1,), (2,)]
    ),
    "execute_script": lambda session, slow: session.execute_script(f"INSERT INTO item VALUES (1); {slow}"),
    "stream": lambda session, slow: next(session.stream(slow)),
}


def _listen(client: Any) -> None:
    with client.pubsub() as subscription:
        subscription.subscribe("news")
        for _ in subscription.listen():
            pass


COMMANDS: dict[str, Callable[[Any], Any]] = {
    "a command": lambda client: client.blpop("nothing", timeout=LONG),
    "a pipeline": lambda client: client.pipeline(transaction=False).blpop("nothing", timeout=LONG).execute(),
    "a subscription": _listen,
}
ALL_SHAPES = tuple(SHAPES)


def _pairs(kinds: tuple[type[Exception], ...]) -> list[tuple[str, type[Exception]]]:
    """Each kind of exception, each shape of a handler, and the two that are the hardest to tell."""
    pairs = [(ALL_SHAPES[place % len(ALL_SHAPES)], kind) for place, kind in enumerate(kinds)]
    return [*pairs, ("function that deletes its arguments", kinds[-1])]


def _registry(database: Database, request: pytest.FixtureRequest) -> SQLSpec:
    spec = SQLSpec()
    spec.register_config(database.config(request, pool_size=1, pool_timeout=5.0), "db")
    if database is not REDIS:
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER)")
    return spec


def _interrupted(spec: SQLSpec, alarm: Alarm, work: Callable[[Any], Any]) -> BaseException | None:
    """What comes out of a session whose work a signal interrupts."""
    since = time.monotonic()
    try:
        with alarm.after(SOON), spec.provide_session() as session:
            work(session)
    except Exception as exc:  # noqa: BLE001 - which, is what the test is about
        assert time.monotonic() - since < PATIENCE
        return exc
    return None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("database", [SQLITE, PSYCOPG], ids=lambda database: database.name)
def test_g51_a_statement_is_left_with_the_handlers_exception(
    database: Database, way: str, request: pytest.FixtureRequest
) -> None:
    """Nothing of the session is stored, and the pool's only place serves the next."""
    spec = _registry(database, request)
    # Python runs the handler when SQLite's call has returned. Some machines count twice as fast as assumed.
    slow = database.slow(6 * SOON if database is SQLITE else LONG)

    for shape, kind in _pairs(own_kinds(database.name)):
        alarm = Alarm(shape, kind)
        caught = _interrupted(spec, alarm, lambda session: WAYS[way](session, slow))
        assert caught is alarm.raised, f"{kind.__name__} from a {shape}"
        with spec.provide_session() as session:
            assert session.execute("SELECT count(*) FROM item").scalar() == 0
    spec.close()


@pytest.mark.parametrize("command", COMMANDS)
def test_g51_a_command_is_left_with_the_handlers_exception(
    command: str, request: pytest.FixtureRequest
) -> None:
    """Redis: whose reply is still owed is not lent again."""
    spec = _registry(REDIS, request)

    for shape, kind in _pairs(own_kinds("redis")):
        alarm = Alarm(shape, kind)
        caught = _interrupted(spec, alarm, COMMANDS[command])
        assert caught is alarm.raised, f"{kind.__name__} from a {shape}"
        with spec.provide_session(RedisConfig) as client:
            assert client.set("item", kind.__name__) is True
            assert client.get("item") in {kind.__name__, kind.__name__.encode()}
    spec.close()


def test_g51_a_commit_that_was_left_says_that_nobody_knows(request: pytest.FixtureRequest) -> None:
    """PostgreSQL is slow at it: the exception has a note, whatever becomes of the work."""
    spec = _registry(PSYCOPG, request)
    with spec.provide_session() as session:
        session.execute_script(
            "CREATE FUNCTION dawdle() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$ "
            "LANGUAGE plpgsql;"
            "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION dawdle()"
        )

    for shape, kind in _pairs(own_kinds("psycopg")):
        alarm = Alarm(shape, kind)
        with alarm.installed():
            caught = _left_in_commit(spec)
        assert caught is alarm.raised, f"{kind.__name__} from a {shape}"
        assert "possibly committed" in " ".join(getattr(caught, "__notes__", ()))
    with spec.provide_session() as session:
        session.execute("SELECT 1")
    spec.close()


def _left_in_commit(spec: SQLSpec) -> BaseException | None:
    try:
        with spec.provide_session() as session:
            session.execute("INSERT INTO item VALUES (1)")
            signal.setitimer(signal.ITIMER_REAL, SOON)
    except Exception as exc:  # noqa: BLE001 - which, is what the test is about
        return exc
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def test_g51_a_wait_for_a_lock_is_left_with_the_handlers_exception(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """SQLite: for that of BEGIN, and for that of COMMIT, which a reader holds up."""
    spec = _registry(SQLITE, request)
    for shape, kind in _pairs(own_kinds("sqlite")):
        alarm = Alarm(shape, kind)
        with closing(sqlite3.connect(tmp_path / "sqlite.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            caught = _interrupted(spec, alarm, lambda session: session.execute("INSERT INTO item VALUES (1)"))
            other.execute("ROLLBACK")
        assert caught is alarm.raised, f"{kind.__name__} from a {shape}"
    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0
    spec.close()


@pytest.mark.parametrize("database", [SQLITE, PSYCOPG, REDIS], ids=lambda database: database.name)
def test_g51_a_wait_for_the_pool_is_left_with_the_handlers_exception(
    database: Database, request: pytest.FixtureRequest
) -> None:
    """Nobody is in the queue any more, and the connection that was waited for goes to the next."""
    spec = _registry(database, request)
    for shape, kind in _pairs(own_kinds(database.name)):
        alarm = Alarm(shape, kind)
        with spec.provide_session():
            caught = _interrupted(spec, alarm, lambda _: None)
            waiting = spec.stats("db").waiting
        assert caught is alarm.raised, f"{kind.__name__} from a {shape}"
        assert waiting == 0
    with spec.provide_session():
        assert spec.stats("db").in_use == 1
    spec.close()


@pytest.mark.parametrize("database", [SQLITE, PSYCOPG, ASYNCPG, ASYNCMY], ids=lambda database: database.name)
def test_g51_a_loop_that_was_left_leaves_a_usable_registry(
    database: Database, request: pytest.FixtureRequest
) -> None:
    """A handler raised in the loop's thread: `asyncio.run` ends, and another one works on with the registry.

    The exception comes out of a callback of the loop's, or of the task that was running: as itself or not
    at all, because asyncio only logs what comes out of some of its callbacks.
    """
    spec = SQLSpec()
    spec.register_config(database.config(request, pool_size=2, pool_timeout=5.0), "db")
    asyncio.run(_use(spec, "CREATE TABLE item (id INTEGER)"))

    for shape, kind in _pairs(KINDS):
        alarm = Alarm(shape, kind)
        caught = _left_in_loop(_store(spec, database.slow(1.0)), alarm)
        assert caught is alarm.raised or not isinstance(caught, SQLSpecError), repr(caught)
        assert asyncio.run(_use(spec, "DELETE FROM item")) in {0, 2}
    spec.close()


def _left_in_loop(program: Coroutine[Any, Any, None], alarm: Alarm) -> BaseException | None:
    try:
        with alarm.after(SOON):
            asyncio.run(program)
    except Exception as exc:  # noqa: BLE001 - which, is what the test is about
        return exc
    return None


async def _use(spec: SQLSpec, sql: str) -> int:
    async with spec.provide_session() as session:
        count = (await session.execute(sql)).rowcount
    await spec.aclose()
    await spec.aopen()
    return count


async def _store(spec: SQLSpec, slow: str) -> None:
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1)")
        await session.execute(slow)
        await session.execute("INSERT INTO item VALUES (2)")


@pytest.mark.parametrize("database", [SQLITE, PSYCOPG], ids=lambda database: database.name)
def test_g51_an_exception_that_is_being_dealt_with_is_not_blamed(
    database: Database, request: pytest.FixtureRequest
) -> None:
    """While the application handles it, an error of the database is one, although Python links the two."""
    spec = _registry(database, request)
    errors: list[tuple[type[Exception], type[Exception], bool]] = []

    for shape, kind in _pairs(own_kinds(database.name)):
        alarm = Alarm(shape, kind)
        try:
            with alarm.installed():
                signal.raise_signal(signal.SIGALRM)
        except Exception as exc:  # noqa: BLE001 - as a task queue's worker does
            with pytest.raises(DatabaseError) as raised, spec.provide_session() as session:
                session.execute("SELECT nothing FROM item")
            errors.append((kind, type(raised.value), alarm.raised is exc))
    assert all(is_raised and error is not kind for kind, error, is_raised in errors)
    spec.close()
