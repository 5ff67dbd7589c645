"""What is done to a pool while it is cancelled: each way through acquire, use and release."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from sqlspec import SQLSpec
from sqlspec.pool.state import NEVER
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin, SyncOnlyPlugin

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sqlspec.pool._async import AsyncPool

    from .awaits import Ran

__all__ = ("SCENES", "Scene")

ROWS = [1, 2]
"""What every scene stores, all of it or nothing."""


class Scene:
    """One pool and what becomes of it. The base is the first use of all."""

    least, pairs = 12, 28
    """As many awaits there are, and as many during the clean-up after each; or more."""
    size = 2
    keep = 0
    plugin: type[ScriptedPlugin | SyncOnlyPlugin] = ScriptedPlugin

    def __init__(self) -> None:
        self.script = Script(suspend=True)
        self.spec = SQLSpec()
        self.spec.plugins.register(self.plugin(self.script))
        self.config = ScriptedConfig(pool_size=self.size, pool_min_size=self.keep)
        self.spec.register_config(self.config, "db")
        self.pool = cast("AsyncPool", self.spec._table.find("db").open_async_pool())
        self.others: list[asyncio.Task[Any]] = []

    async def prepare(self) -> None:
        """What was before; nobody is cancelled here."""

    async def work(self) -> None:
        """What is cancelled."""
        async with self.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            await self.meanwhile()
            await session.execute("INSERT 2")

    async def meanwhile(self) -> None:
        """Between the statements."""

    def beside(self, work: Coroutine[Any, Any, Any]) -> None:
        """Somebody else does something at the same time."""
        self.others.append(asyncio.create_task(work))

    async def judge(self, ran: Ran) -> None:
        """Afterwards: nothing is lost, nothing is done twice, and the pool serves on."""
        await asyncio.gather(*self.others)
        await self.judge_pool()
        self.judge_rows(ran)
        server = self.script.server
        assert server.violations == []
        await self.spec.aclose()
        assert server.open == []

    async def judge_pool(self) -> None:
        """Every slot is in its place, nobody waits, and the next one is served."""
        server = self.script.server
        self.script.clear()
        stats = self.pool.stats()
        assert (stats.in_use, stats.opening, stats.waiting, stats.reclaimed) == (0, 0, 0, 0)
        assert stats.size == stats.idle == len(server.open)
        async with self.spec.provide_session("db", autocommit=True) as session:
            assert await session.execute("SELECT").scalars() == server.rows
        assert all(backend.state == "idle" for backend in server.open)

    def judge_rows(self, ran: Ran) -> None:
        """Once or never, as the caller was told."""
        server = self.script.server
        assert server.rows in ([], ROWS)
        assert all(server.count("execute", f"INSERT {row}") <= 1 for row in ROWS)
        if ran.error is None or "was committed" in ran.note:
            assert server.rows == ROWS
        else:
            assert server.rows == []


class Pinged(Scene):
    """A connection that rested is asked for a sign of life."""

    least, pairs = 12, 28

    async def prepare(self) -> None:
        self.pool._state.unchecked = -1.0
        await self.pool.release(await self.pool.acquire(), True)


class Replaced(Scene):
    """What lay on the shelf does not answer, and another is made."""

    least, pairs = 13, 28

    async def prepare(self) -> None:
        self.pool._state.unchecked = -1.0
        await self.pool.release(await self.pool.acquire(), True)
        self.script.next("ping").fail()


class Aged(Scene):
    """What lay on the shelf is too old: it is closed, and another is made."""

    least, pairs = 16, 28

    async def prepare(self) -> None:
        both = [await self.pool.acquire() for _ in range(2)]
        for lease in both:
            await self.pool.release(lease, True)
        for slot in self.pool._state.idle:
            slot.expires = slot.fresh_until = NEVER


class Queued(Scene):
    """The only connection is lent, and handed over."""

    least, pairs = 11, 28
    size = 1

    async def prepare(self) -> None:
        lease = await self.pool.acquire()
        self.beside(self.give_back(lease, ok=True))

    async def give_back(self, lease: Any, *, ok: bool) -> None:
        """In a while."""
        for _ in range(4):
            await asyncio.sleep(0)
        await self.pool.release(lease, ok)


class Room(Queued):
    """The only connection is lent and comes back broken: who waits is given its room, and connects."""

    least, pairs = 13, 28

    async def prepare(self) -> None:
        lease = await self.pool.acquire()
        self.beside(self.give_back(lease, ok=False))


class QueueBehind(Queued):
    """Others wait behind who is cancelled, and are all served."""

    least, pairs = 11, 28

    async def prepare(self) -> None:
        await super().prepare()
        for _ in range(3):
            self.beside(self.borrow())

    async def borrow(self) -> None:
        """One of the others; comes a moment after."""
        await asyncio.sleep(0)
        async with self.spec.provide_session("db") as session:
            await session.execute("SELECT 1")


class Failing(Scene):
    """The body raises."""

    least, pairs = 10, 20

    async def work(self) -> None:
        with suppress(ZeroDivisionError):
            await super().work()
        raise ZeroDivisionError

    async def meanwhile(self) -> None:
        raise ZeroDivisionError


class Expired(Scene):
    """The pool expires while a connection of it is lent: it is closed when it returns."""

    least, pairs = 14, 40

    async def meanwhile(self) -> None:
        self.pool.expire()


class Overridden(Scene):
    """Another config takes the name while a connection is lent."""

    least, pairs = 14, 40

    async def meanwhile(self) -> None:
        self.spec.register_config(ScriptedConfig(pool_size=1), "db", override=True)


class Trimmed(Scene):
    """One on the shelf has grown cold, and is closed by who comes past."""

    least, pairs = 12, 48

    async def prepare(self) -> None:
        both = [await self.pool.acquire() for _ in range(2)]
        for lease in both:
            await self.pool.release(lease, True)
        self.pool._idle_timeout = 3600.0
        self.pool._state.idle[0].idle_since -= 7200.0


class Committed(Scene):
    """Committed early; what comes after is another transaction."""

    least, pairs = 18, 47

    async def work(self) -> None:
        async with self.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            await session.execute("INSERT 2")
            await session.commit()
            await session.execute("SELECT 1")

    def judge_rows(self, ran: Ran) -> None:
        if ran.error is None or "was committed" in ran.note:
            assert self.script.server.rows == ROWS
        assert self.script.server.rows in ([], ROWS)


class Blocks(Committed):
    """Savepoints and many rows at once; the outer block commits before the session ends."""

    least, pairs = 15, 48

    async def work(self) -> None:
        async with self.spec.provide_session("db") as session, session.begin():
            await session.execute_many("INSERT ?", [(1,)])
            async with session.begin():
                await session.execute("INSERT 2")

    def judge_rows(self, ran: Ran) -> None:
        super().judge_rows(ran)
        if "not committed" in ran.note:
            assert self.script.server.rows == []


class Settings(Scene):
    """Without a transaction, but with something to reset."""

    least, pairs = 8, 13

    async def work(self) -> None:
        async with self.spec.provide_session("db", autocommit=True) as session:
            await session.execute("SET x = 1")
            await session.execute("INSERT ?, ?", ROWS)

    def judge_rows(self, ran: Ran) -> None:
        if ran.error is None:
            assert self.script.server.rows == ROWS
        assert self.script.server.rows in ([], ROWS)


class Raw(Scene):
    """The driver's own connection, with a transaction left open."""

    least, pairs = 6, 0

    async def work(self) -> None:
        async with self.spec.provide_connection("db") as raw:
            raw.run("SET x = 1")
            raw.run("BEGIN")
            raw.run("INSERT 1")

    def judge_rows(self, ran: Ran) -> None:
        assert ran.cancelled == (ran.error is not None)
        assert self.script.server.rows == []


class Streamed(Scene):
    """Rows are being read."""

    least, pairs = 12, 28

    async def work(self) -> None:
        async with self.spec.provide_session("db") as session:
            await session.execute("INSERT ?, ?", ROWS)
            assert [row["n"] async for row in session.stream("SELECT", batch_size=1)] == ROWS

    def judge_rows(self, ran: Ran) -> None:
        assert self.script.server.rows == (ROWS if ran.error is None or "was committed" in ran.note else [])


class WarmUp(Scene):
    """Several are opened before the first is needed."""

    least, pairs = 6, 0
    size = keep = 3

    async def work(self) -> None:
        await self.spec.aopen()

    def judge_rows(self, ran: Ran) -> None:
        assert (self.pool.stats().opened >= self.keep) == (ran.error is None)


class Threaded(Scene):
    """A sync driver, whose calls wait in threads."""

    least, pairs = 4, 2
    plugin = SyncOnlyPlugin


class ThreadedAged(Aged):
    """The same, and what lay on the shelf is too old."""

    least, pairs = 5, 2
    plugin = SyncOnlyPlugin


class ThreadedExpired(Expired):
    """The same, and the connection is closed when it returns."""

    least, pairs = 5, 2
    plugin = SyncOnlyPlugin


SCENES: tuple[type[Scene], ...] = (
    Scene,
    Pinged,
    Replaced,
    Aged,
    Queued,
    Room,
    QueueBehind,
    Failing,
    Expired,
    Overridden,
    Trimmed,
    Blocks,
    Committed,
    Settings,
    Raw,
    Streamed,
    WarmUp,
    Threaded,
    ThreadedAged,
    ThreadedExpired,
)
