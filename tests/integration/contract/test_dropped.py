"""A connection is dropped while a call is under way: the call fails soon, and nobody closes under it."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.concurrency.deadlines import async_drop_after
from sqlspec.errors import SQLSpecError
from sqlspec.plugin import hookimpl

from .test_overlap import FIRST, SOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec import SQLSpec
    from sqlspec.plugin import ConnectionEvent

    from .sides import Side

LONG = 15.0
"""Seconds that the call would take."""
PATIENCE = 3.0
"""Seconds within which it has failed: one, and what a busy machine adds."""


class Closings:
    """Who closes a sync driver's connection, and whether a call was under way in it."""

    def __init__(self, connection: Any) -> None:
        self.inside = 0
        self.seen: list[int] = []
        for name in ("execute", "execute_many", "execute_script", "stream", "begin_and_execute"):
            setattr(connection, name, self._counted(getattr(connection, name)))
        close = connection.close

        def watched() -> None:
            self.seen.append(self.inside)
            close()

        connection.close = watched

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.inside += 1
            try:
                return call(*arguments, **options)
            finally:
                self.inside -= 1

        return counted


class Events:
    """What happened to the connections."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    @hookimpl
    def sqlspec_connection_event(self, event: ConnectionEvent) -> None:
        """Note it."""
        self.kinds.append(event.kind)


def from_a_thread(connection: Any) -> None:
    """As closing a registry does."""
    thread = threading.Thread(target=connection.drop)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "drop() waits"


def by_a_timer(connection: Any) -> None:
    """As core does at a deadline, in the thread of the event loop."""
    async_drop_after(0.0, connection)


DROPS: dict[str, Callable[[Any], None]] = {"a thread": from_a_thread, "a timer": by_a_timer}


def _inner(connection: Any) -> Any:
    """The driver's own side of a connection; the bridge stands before a sync one."""
    return getattr(connection, "_inner", connection)


async def _fails_soon(under_way: asyncio.Future[Any]) -> BaseException | None:
    """What it raises in time."""
    since = time.monotonic()
    await asyncio.wait([under_way], timeout=LONG)
    assert time.monotonic() - since < PATIENCE
    return under_way.exception()


@pytest.mark.parametrize("drop", DROPS)
@pytest.mark.parametrize("call", FIRST)
async def test_g02_a_call_on_a_dropped_connection_fails_soon(
    side: Side, spec: SQLSpec, call: str, drop: str
) -> None:
    """With an error of ours. The connection is closed once, when nobody is inside, and lent no more."""
    events = Events()
    spec.plugins.register(events)
    closings, error, is_usable = None, None, None
    with pytest.raises(SQLSpecError) as raised:
        async with side.session(spec) as session:
            connection = session._connection if side.in_tasks else session._sync._connection
            if side.database.is_sync and not _is_async(_inner(connection)):
                closings = Closings(_inner(connection))
            under_way = asyncio.ensure_future(FIRST[call](session, side.database.slow(LONG)))
            await asyncio.sleep(SOON)
            assert not under_way.done()
            DROPS[drop](connection)
            error = await _fails_soon(under_way)
            is_usable = connection.is_usable()
            under_way.result()

    assert raised.value is error
    assert is_usable is False
    assert closings is None or await _seen(closings) == [0]
    async with side.session(spec) as session:
        assert (await session.execute("SELECT count(*) FROM item")).scalar() == 0
    assert events.kinds == ["discarded", "opened"]


def _is_async(connection: Any) -> bool:
    return inspect.iscoroutinefunction(connection.close)


async def _seen(closings: Closings) -> list[int]:
    """The thread may need a moment to come back from its call."""
    until = time.monotonic() + PATIENCE
    while not closings.seen and time.monotonic() < until:  # noqa: ASYNC110 - set in a thread
        await asyncio.sleep(0.01)
    return closings.seen


@pytest.mark.parametrize("call", FIRST)
async def test_g20_a_call_of_a_lost_lease_fails_soon(side: Side, spec: SQLSpec, call: str) -> None:
    """Its block is gone, and nobody will end it: whoever comes past drops the connection."""
    block: Any = side.session(spec)
    session = await block.__aenter__()
    under_way = asyncio.ensure_future(FIRST[call](session, side.database.slow(LONG)))
    await asyncio.sleep(SOON)
    assert not under_way.done()

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        del block
        gc.collect()
        in_use = spec.stats("db").in_use
        error = await _fails_soon(under_way)

    assert in_use == 0
    assert [one.category for one in warned if "was dropped" in str(one.message)] == [ResourceWarning]
    assert isinstance(error, SQLSpecError)
    async with side.session(spec) as session:
        assert (await session.execute("SELECT count(*) FROM item")).scalar() == 0
