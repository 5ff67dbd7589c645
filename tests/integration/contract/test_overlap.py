"""Two tasks or two threads at once on one session: the second is refused, and the first notices nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import SessionInUseError, TransactionAbortedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlspec import SQLSpec

    from .sides import Side

LONG = 0.7
"""Seconds that the first call takes, more or less."""
SOON = 0.1
"""Seconds after which it is under way."""


class Boom(Exception):  # noqa: N818 - the application's own
    """What a block raises."""


async def _begin(session: Any) -> None:
    async with session.begin():
        pass


async def _open(session: Any) -> None:
    async for _ in session.stream("SELECT id FROM item"):
        pass


FIRST: dict[str, Callable[[Any, str], Awaitable[Any]]] = {
    "execute": lambda session, slow: session.execute(
        f"INSERT INTO item SELECT 5 + 0 * s.n FROM ({slow}) AS s"
    ),
    "execute_many": lambda session, slow: session.execute_many(
        f"INSERT INTO item SELECT ? + 0 * s.n FROM ({slow}) AS s", [(5,)]
    ),
    "execute_script": lambda session, slow: session.execute_script(f"{slow}; INSERT INTO item VALUES (5)"),
    "stream": lambda session, slow: anext(session.stream(slow)),
}
"""Calls that take long."""

SECOND: dict[str, Callable[[Any, Any], Awaitable[Any]]] = {
    "execute": lambda session, _: session.execute("INSERT INTO item VALUES (6)"),
    "execute_many": lambda session, _: session.execute_many("INSERT INTO item VALUES (?)", [(6,), (7,)]),
    "execute_script": lambda session, _: session.execute_script("INSERT INTO item VALUES (6)"),
    "load": lambda session, _: session.load("item", [(6,), (7,)], ("id",)),
    "opening a stream": lambda session, _: _open(session),
    "closing a stream": lambda _, rows: rows.close(),
    "begin": lambda session, _: _begin(session),
    "commit": lambda session, _: session.commit(),
    "rollback": lambda session, _: session.rollback(),
    "connection": lambda session, _: session.connection(),
}
"""Calls that come meanwhile; the rows are those of a stream that was opened before."""


@pytest.mark.parametrize("first", FIRST)
async def test_g24_the_second_call_is_refused_and_the_first_unaffected(
    side: Side, spec: SQLSpec, first: str
) -> None:
    """Whichever two they are. A stream that was being read gives the rest of its rows afterwards."""
    async with side.session(spec) as session:
        await session.execute("INSERT INTO item VALUES (1)")
        rows = session.stream(side.database.numbers, batch_size=7, schema_type=tuple)
        assert await anext(rows) == (1,)

        under_way = asyncio.ensure_future(FIRST[first](session, side.database.slow(LONG)))
        await asyncio.sleep(SOON)
        refused = [name for name, call in SECOND.items() if await _is_refused(call(session, rows))]
        was_quick = under_way.done()
        await under_way
        rest = [row async for row in rows]

    assert not was_quick, "the first call was over before the others came"
    assert refused == list(SECOND)
    assert rest == [(number,) for number in range(2, 41)]
    async with side.session(spec) as session:
        stored = (await session.execute("SELECT id FROM item ORDER BY id")).scalars()
    assert stored == ([1] if first == "stream" else [1, 5])


async def _is_refused(call: Awaitable[Any]) -> bool:
    try:
        await call
    except SessionInUseError:
        return True
    return False


async def test_g24_a_refused_close_loses_no_rows_of_the_batch_at_hand(side: Side, spec: SQLSpec) -> None:
    """They are in memory, and are read before anything else is asked of the connection."""
    async with side.session(spec) as session:
        rows = session.stream(side.database.numbers, batch_size=7, schema_type=tuple)
        assert await anext(rows) == (1,)

        under_way = asyncio.ensure_future(FIRST["execute"](session, side.database.slow(LONG)))
        await asyncio.sleep(SOON)
        with pytest.raises(SessionInUseError):
            await rows.close()
        at_hand = [await anext(rows) for _ in range(6)]
        with pytest.raises(SessionInUseError):
            await anext(rows)
        await under_way
        following = await anext(rows)

    assert at_hand == [(number,) for number in range(2, 8)]
    assert following == (8,)


async def test_g42_a_block_that_could_not_be_undone_is_not_committed(side: Side, spec: SQLSpec) -> None:
    """It raised while another call was under way: nobody may commit what it was to undo."""
    under_way: Any = None
    with pytest.raises(TransactionAbortedError):
        async with side.session(spec) as session:
            with suppress(Boom):
                async with session.begin():
                    await session.execute("INSERT INTO item VALUES (1)")
                    under_way = asyncio.ensure_future(FIRST["execute"](session, side.database.slow(LONG)))
                    await asyncio.sleep(SOON)
                    raise Boom
            await under_way

    async with side.session(spec) as session:
        assert (await session.execute("SELECT count(*) FROM item")).scalar() == 0
