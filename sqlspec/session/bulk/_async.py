# The source of _sync.py, which tools/print_sync.py prints from it.
"""What a session sends in bulk: one statement for many rows, a script, a load."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.stoppable import async_stoppable
from sqlspec.errors import StatementError
from sqlspec.result import Result
from sqlspec.session.base import IDLE
from sqlspec.session.bulk.batches import note_case
from sqlspec.session.call._async import AsyncCall
from sqlspec.session.observed import Observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlspec.arguments import Parameters
    from sqlspec.session._async import AsyncSession
    from sqlspec.session.bulk.batches import Batches
    from sqlspec.session.places import Place
    from sqlspec.sql import CopyData

__all__ = ("async_load_batches", "async_run_script", "async_send_many")


async def async_send_many(
    session: AsyncSession, sql: str, rows: Iterable[Parameters], schema_type: Any, seconds: float | None
) -> Result[Any]:
    """Send one statement for all rows, within what is undone if one of them fails."""
    observed = Observed(session._plan.reporter, sql, "execute_many")
    with observed:
        given = rows if isinstance(rows, (list, tuple)) else ()  # others are read once
        async with AsyncCall(session, sql, seconds=seconds, given=given, place=_row) as connection:
            statement = session._plan.statements[sql]
            observed.parameters = native = statement.bind_many(rows)
            observed.batch_size = len(native)
            await session._begin_if_needed()
            sent = connection.execute_many(statement.text, native, session._deadline)
            observed.raw = raw = await async_stoppable(sent, connection)
            session._check_kept()
    return Result(raw, schema_type)


async def async_run_script(
    session: AsyncSession, script: str, seconds: float | None, *, is_alone: bool
) -> None:
    """Run its statements; *is_alone*: the session is in autocommit mode, and nothing is open in it."""
    statements: Sequence[str | CopyData] = ()
    async with AsyncCall(
        session, script, seconds=seconds, place=lambda index: _statement(script, statements, index)
    ) as connection:
        statements = session._plan.statements.script(script, has_own_transactions=is_alone)
        await session._begin_if_needed()
        try:
            await connection.execute_script(statements, session._deadline)
        except BaseException as exc:
            if is_alone:
                await _undo(session, exc)
            raise
        session._check_kept()
        if is_alone and session._status() is not IDLE:
            await connection.rollback(session._clean_up_deadline())
            raise session._left_open()


def _row(index: int) -> Place:
    from sqlspec.session.places import row

    return row(index + 1)


def _statement(script: str, statements: Sequence[str | CopyData], index: int) -> Place:
    from sqlspec.session.places import in_script

    return in_script(script, statements, index)


async def _undo(session: AsyncSession, failure: BaseException) -> None:
    """Roll back what a script in autocommit mode left open; if not now, then when the session ends."""
    session._lent = True
    connection = session._connection
    if connection.is_foreign(failure) or session._status() is IDLE:
        return
    try:
        await connection.rollback(session._clean_up_deadline())
    except Exception as exc:
        if connection.is_foreign(exc):
            raise
        connection.drop()


async def async_load_batches(
    session: AsyncSession, path: tuple[str, ...], batches: Batches, seconds: float | None
) -> int:
    """Load all batches into one table, within what is undone if one of them fails. Returns how many rows."""
    count, table = 0, ".".join(path)
    ends_at = None if seconds is None else time.monotonic() + seconds
    observed = Observed(session._plan.reporter, table, "load", is_over=False)
    try:
        for batch in batches:
            with observed:
                async with AsyncCall(
                    session,
                    f"load {table}",
                    seconds=seconds,
                    ends_at=ends_at,
                    place=lambda index: _row(batches.count + index),
                ) as connection:
                    if session._limit is not None:
                        session._limit.check()
                    sent = connection.load(path, batches.columns, batch, session._deadline)
                    count += await async_stoppable(sent, connection)
                    session._check_kept()
                    observed.rowcount = observed.batch_size = count
    except BaseException as exc:
        if isinstance(exc, StatementError):
            note_case(exc, path, batches.columns)
        observed.end(exc)
        # What has gone in is undone by the block around, or with the transaction, but never kept alone.
        if count and session._trouble is None:
            session._give_up(exc)
        raise
    observed.end()
    return count
