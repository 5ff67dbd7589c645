"""A sync driver that is slow, or broken, where it is asked about its state: no event loop waits for it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import DatabaseError, IntegrityError, SQLSpecError

from .plain import PlainConfig, PlainConnection, PlainPlugin

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sqlspec.plugin import TransactionStatus

SLOW = 0.3
"""Seconds that the driver needs to answer."""
STANDSTILL = 0.2
"""Seconds that the loop may stand still: 0.1, and what a busy machine adds."""


class SlowConnection(PlainConnection):
    """Takes its time for one of its answers."""

    slow: ClassVar[str] = ""
    """The name of that method."""

    def _pause(self, name: str) -> None:
        if self.slow == name:
            time.sleep(SLOW)

    @property
    def transaction_status(self) -> TransactionStatus:
        """As told."""
        self._pause("transaction_status")
        return super().transaction_status

    def is_pristine(self) -> bool:
        """Never."""
        self._pause("is_pristine")
        return False

    def lend_raw(self, deadline: float | None) -> sqlite3.Connection:
        """As told."""
        self._pause("lend_raw")
        return super().lend_raw(deadline)

    def reset(self, deadline: float | None) -> bool:
        """As told."""
        self._pause("reset")
        return super().reset(deadline)

    def close(self) -> None:
        """As told."""
        self._pause("close")
        super().close()


class BrokenConnection(PlainConnection):
    """Can not say whether a transaction is open, once a statement has failed."""

    has_failed = False

    def execute(self, statement: str, parameters: Any, deadline: float | None) -> Any:
        """As told."""
        try:
            return super().execute(statement, parameters, deadline)
        except sqlite3.Error:
            self.has_failed = True
            raise

    @property
    def transaction_status(self) -> TransactionStatus:
        """As told."""
        if self.has_failed:
            raise ZeroDivisionError
        return super().transaction_status


@pytest.fixture
def register(tmp_path: Any) -> Callable[[type[PlainConnection]], SQLSpec]:
    """A registry for a kind of connection."""

    def make(kind: type[PlainConnection]) -> SQLSpec:
        spec = SQLSpec()
        spec.plugins.register(PlainPlugin(kind))
        spec.register_config(PlainConfig(path=str(tmp_path / "plain.db"), pool_size=1), "db")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        return spec

    return make


@asynccontextmanager
async def standstill() -> AsyncGenerator[list[float]]:
    """The longest time that the loop did nothing else."""
    longest = [0.0]

    async def beat() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            longest[0] = max(longest[0], time.monotonic() - last)
            last = time.monotonic()

    beating = asyncio.ensure_future(beat())
    yield longest
    beating.cancel()


async def _use(spec: SQLSpec) -> None:
    """Every entry point that looks at a connection's state."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1)")
        with pytest.raises(IntegrityError):
            await session.execute("INSERT INTO item VALUES (1)")
        await session.commit()
        async with session.begin():
            await session.execute_many("INSERT INTO item VALUES (?)", [(2,), (3,)])
        async for _ in session.stream("SELECT id FROM item"):
            break
        raw = await session.connection()
        await asyncio.to_thread(raw.execute, "SELECT 1")
    async with spec.provide_session(autocommit=True) as session:
        await session.execute("DELETE FROM item")
    async with spec.provide_connection() as raw:
        await asyncio.to_thread(raw.execute, "SELECT 1")
    await spec.aping()
    spec.stats()
    await spec.aclose()


@pytest.mark.parametrize("slow", ["transaction_status", "is_pristine", "lend_raw", "reset", "close"])
async def test_g24_a_slow_answer_of_the_driver_holds_up_no_loop(
    slow: str, register: Callable[[type[PlainConnection]], SQLSpec]
) -> None:
    """It is asked in a thread, or not at all."""
    spec = register(type("Slow", (SlowConnection,), {"slow": slow}))

    async with standstill() as longest:
        started = time.monotonic()
        await _use(spec)
        took = time.monotonic() - started

    assert took >= SLOW, "nobody asked"
    assert longest[0] < STANDSTILL


@pytest.mark.parametrize("in_tasks", [True, False], ids=["tasks", "threads"])
async def test_g42_a_status_that_raises_hides_no_error(
    in_tasks: bool, register: Callable[[type[PlainConnection]], SQLSpec]
) -> None:
    """What the statement raised comes out, and nothing is committed that nobody can vouch for."""
    spec = register(BrokenConnection)

    raised = await _fail(spec) if in_tasks else await asyncio.to_thread(_fail_in_thread, spec)

    assert isinstance(raised, IntegrityError)
    with pytest.raises(DatabaseError):
        raise raised
    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0
    spec.close()


async def _fail(spec: SQLSpec) -> SQLSpecError | None:
    try:
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO item VALUES (1)")
            await session.execute("INSERT INTO item VALUES (1)")
    except SQLSpecError as exc:
        return exc
    return None


def _fail_in_thread(spec: SQLSpec) -> SQLSpecError | None:
    try:
        with spec.provide_session() as session:
            session.execute("INSERT INTO item VALUES (1)")
            session.execute("INSERT INTO item VALUES (1)")
    except SQLSpecError as exc:
        return exc
    return None
