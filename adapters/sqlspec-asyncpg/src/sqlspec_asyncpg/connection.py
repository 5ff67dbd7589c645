# pyright: reportMissingTypeStubs=false
"""One asyncpg connection under core's contract.

BEGIN is a message of its own, and COMMIT is one with the reset behind it. So a session with one statement,
which is prepared already, makes three round trips.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.errors import DisconnectedError, NotSupportedError, TransactionAbortedError
from sqlspec.plugin import Outcome, RawResult, TransactionStatus
from sqlspec.plugin.postgresql import FORGET_PREPARED, MAKE_READ_ONLY, UNDO_READ_ONLY, begin_statement

from .driver import FirstWord
from .ending import COMMITTED, ENDED_WELL, is_on_standby, judge
from .errors import map_error
from .statements import STALE, StatementsConnection, is_stale, left

if TYPE_CHECKING:
    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin import Parameters, TransactionOptions

    from .config import AsyncpgConfig
    from .driver import WatchedConnection

__all__ = ("AsyncpgConnection",)

CLEAN_UP = 2.0
# Asked at the end of each transaction, and slow to look up before Python 3.12.
ACTIVE, ABORTED, IDLE = TransactionStatus.ACTIVE, TransactionStatus.ABORTED, TransactionStatus.IDLE


class AsyncpgConnection(StatementsConnection):
    """See `sqlspec.plugin.AsyncConnection` for the contract."""

    def __init__(self, raw: WatchedConnection, config: AsyncpgConfig, reset: str) -> None:
        super().__init__(raw, config)
        self._reset = reset
        self._is_on_standby = is_on_standby(raw)
        self._is_guarded = False
        self._poll = _poller(raw)

    # --- transactions ---------------------------------------------------------------------------

    async def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """BEGIN, with what the session asks for."""
        self._check_loop()
        self._is_used = True
        await self.raw.execute(begin_statement(options), timeout=left(deadline))

    async def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult:
        """BEGIN and the first statement."""
        is_kept = statement in self._prepared
        await self.begin(options, deadline)
        try:
            return await self.execute(statement, parameters, deadline)
        except STALE as exc:
            if not (is_kept and is_stale(exc)):
                raise
        # Nothing has happened in this transaction, and the statement was refused before it ran.
        await self.raw.execute("ROLLBACK", timeout=left(deadline))
        await self.begin(options, deadline)
        return await self.execute(statement, parameters, deadline)

    async def commit(self, deadline: float | None) -> None:
        """COMMIT."""
        if await self.raw.execute("COMMIT", timeout=left(deadline)) != "COMMIT":
            raise _rolled_back()

    async def rollback(self, deadline: float | None) -> None:
        """ROLLBACK, if there is something to undo."""
        if self.raw.is_in_transaction() or self.raw.is_cancelling:
            await self.raw.execute("ROLLBACK", timeout=left(deadline))

    @property
    def transaction_status(self) -> TransactionStatus:
        """The server's word at the end of its last answer."""
        raw = self.raw
        if raw.is_closed():
            return IDLE  # and what was open is undone
        if raw.is_cancelling:
            return TransactionStatus.UNKNOWN
        if not raw.is_in_transaction():
            return IDLE
        return ABORTED if self._ear.status is ABORTED else ACTIVE

    async def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """COMMIT and the reset as one message. What became of the first is known by its own tag."""
        if not commit:
            return await super().finish(commit, reset, deadline)
        error, kept = None, self._is_asyncpg_restored(reset=reset)
        reply = FirstWord()
        await self._listen(reply)
        try:
            # Without a timeout: core's own timer stands behind every COMMIT.
            await self.raw.execute(f"COMMIT; {self._wanted_reset()}" if reset and self._reset else "COMMIT")
        except Exception as exc:  # noqa: BLE001 - judged below, and carried to the caller
            error = self.error_of(exc)
        finally:
            self._ear.reply = None
        committed = judge(reply)
        if committed:
            return ENDED_WELL if error is None and self._is_restored(reset=reset) and kept else COMMITTED
        if committed is None:
            return Outcome(committed=None, reset_ok=False, error=error)
        clean = await self._is_cleaned(reset, time.monotonic() + CLEAN_UP)
        return Outcome(committed=False, reset_ok=clean and kept, error=error or _rolled_back())

    async def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """ROLLBACK and the reset as one message."""
        raw, statements, kept = self.raw, [], self._is_asyncpg_restored(reset=reset)
        is_open = raw.is_in_transaction() or raw.is_cancelling
        if is_open:
            statements.append("ROLLBACK")
        if reset and self._reset and (is_open or not self._config.pgbouncer):
            statements.append(self._wanted_reset())
        elif self._is_guarded:
            statements.append(UNDO_READ_ONLY)
        if statements:
            await self._send_within(left(deadline), "; ".join(statements))
        return kept and self.transaction_status is IDLE and self._is_restored(reset=reset)

    def _wanted_reset(self) -> str:
        # Behind PgBouncer what is prepared by name may be another client's.
        forgets = self._has_prepared and not self._config.pgbouncer
        return f"{self._reset}; {FORGET_PREPARED}" if forgets else self._reset

    async def _send_within(self, seconds: float | None, statements: str) -> None:
        """Run them, or drop the connection.

        Without asyncpg's timeout: while it waits for an earlier cancellation, that one cancels the task, and
        core shields the end of a session from cancellations.
        """
        timer = None if seconds is None else self._loop.call_later(seconds, self.drop)
        try:
            await self.raw.execute(statements)
        finally:
            if timer is not None:
                timer.cancel()

    def _is_asyncpg_restored(self, *, reset: bool) -> bool:
        """What asyncpg keeps for an owner; first, or its loggers would hear of the reset."""
        if not (reset and self.is_raw_lent):
            return True
        self.is_raw_lent = False
        return self.raw.restore()

    def _is_restored(self, *, reset: bool) -> bool:
        """The server's state was reset: ours is too."""
        self._is_guarded = False
        if not reset:
            return True
        self._is_used = self._has_prepared = False
        if self._is_redefined:  # temporary tables are gone now, and their names may mean others
            self._is_redefined = False
            self.forget_all()
        # Promoted meanwhile: what it refused as a standby, the reset does not contain.
        return not self._is_on_standby or is_on_standby(self.raw)

    # --- care -----------------------------------------------------------------------------------

    async def ping(self, deadline: float | None) -> None:
        """Ask the server for a sign of life."""
        await self.raw.execute("SELECT 1", timeout=left(deadline))

    async def reset(self, deadline: float | None) -> bool:
        """Undo what an owner changed besides data."""
        return await self.clean_up(True, deadline)  # noqa: FBT003 - the contract's

    def is_pristine(self) -> bool:
        """Nothing was sent since the last reset, and asyncpg's object not shown."""
        return not (self._is_used or self.is_raw_lent or self._is_guarded)

    async def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:
        """Make an autocommit session read-only."""
        if not options.read_only:
            return
        if self._config.pgbouncer:
            msg = "behind PgBouncer only transactions can be read-only; leave autocommit out"
            raise NotSupportedError(msg)
        if not self._config.read_only:
            self._is_guarded = True
            await self.raw.execute(MAKE_READ_ONLY, timeout=left(deadline))

    async def lend_raw(self, deadline: float | None) -> WatchedConnection:
        """From now on what asyncpg keeps on the client's side counts too."""
        self._is_used = self._has_prepared = True
        return await super().lend_raw(deadline)

    def is_usable(self) -> bool:
        """Open, and silent: an idle server has nothing to say but good-bye."""
        return not self.raw.is_closed() and not (self._poll is not None and self._poll.poll(0))

    async def close(self) -> None:
        """Say good-bye."""
        await self.raw.close()

    def interrupt(self, *, for_good: bool) -> None:
        """A task's statement is stopped by the task's cancellation; here it is about the connection."""
        if not for_good:
            return
        if self._loop.is_closed():
            self.raw.close_without_loop()
        else:
            self.raw.terminate()

    @property
    def fileno(self) -> int | None:
        """The transport's socket."""
        sock = self.raw.transport.get_extra_info("socket")
        return None if sock is None else sock.fileno()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By SQLSTATE. Whatever asyncpg says when it finds its connection gone, that is what it means."""
        if isinstance(exc, (asyncpg.InternalClientError, asyncpg.InterfaceError)) and self.raw.is_closed():
            return DisconnectedError("the connection to PostgreSQL broke; a statement under way may have run")
        return map_error(exc)


# --- small decisions ----------------------------------------------------------------------------


def _rolled_back() -> TransactionAbortedError:
    return TransactionAbortedError("the server rolled back instead of committing: an error was overlooked")


def _poller(raw: WatchedConnection) -> Any:
    """What tells at once whether a socket is readable; not on Windows."""
    sock = raw.transport.get_extra_info("socket")
    if sock is None or not hasattr(select, "poll"):
        return None
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return poll
