# pyright: reportMissingTypeStubs=false
"""One asyncpg connection under core's contract.

BEGIN travels ahead of the first statement, and the reset behind COMMIT. So a session with one statement that
is prepared already makes two round trips.
"""

from __future__ import annotations

import time
from asyncio import get_running_loop
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.errors import DeadlineExceeded, DisconnectedError, NotSupportedError, TransactionAbortedError
from sqlspec.plugin import AsyncConnection, AsyncCursor, Outcome, TransactionStatus
from sqlspec.plugin.network import watch_socket
from sqlspec.plugin.postgresql import (
    FORGET_PREPARED,
    MAKE_READ_ONLY,
    TAKES_COPY,
    UNDO_READ_ONLY,
    begin_statement,
    insert_into,
)

from .bulk_load import BulkLoader
from .cursors import declare
from .deadlines import seconds_until
from .ending import COMMITTED, ENDED_WELL, is_on_standby, judge, takes_no_writes
from .errors import map_error
from .statement_cache import StatementCache
from .statement_runner import STALE, StatementRunner, as_tuple, is_stale
from .watched_connection import WatchedConnection, attach_reply
from .wire_tap import CommandTagReader

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin import CopyData, Parameters, RawResult, TransactionOptions
    from sqlspec.plugin.network import Host
    from sqlspec.plugin.postgresql import SchemaChanges
    from sqlspec.plugin.stopping import StopRequest

    from .config import AsyncpgConfig

__all__ = ("AsyncpgConnection",)

CLEAN_UP_TIMEOUT = 2.0
ASK_FOR_COPY = TAKES_COPY.format(name="$1")
# Asked at the end of each transaction, and slow to look up before Python 3.12.
ACTIVE, ABORTED, IDLE = TransactionStatus.ACTIVE, TransactionStatus.ABORTED, TransactionStatus.IDLE


class AsyncpgConnection(AsyncConnection[WatchedConnection]):
    """See `sqlspec.plugin.AsyncConnection` for the contract."""

    load_batch = 20_000  # a COPY costs as much as a thousand rows

    def __init__(
        self,
        raw: WatchedConnection,
        config: AsyncpgConfig,
        reset: str,
        changes: SchemaChanges,
        host: Host,
    ) -> None:
        super().__init__(raw)
        self._config, self._reset, self._tap, self._loop = config, reset, raw.tap, get_running_loop()
        self._host = host
        self._cache = StatementCache(config.cached_statements, changes)
        self._runner = StatementRunner(raw, self._cache)
        self._loader = BulkLoader(raw)
        self._is_on_standby = is_on_standby(raw)
        self._is_read_only = False
        self._was_reader = takes_no_writes(raw)
        self._is_connected = raw.protocol.is_connected
        fileno = self.fileno
        self._is_readable = None if fileno is None else watch_socket(fileno)

    # --- statements -----------------------------------------------------------------------------

    # No coroutine of its own, which would cost another call at each step. Pyright alone minds the type.
    def execute(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, statement: str, parameters: Parameters, deadline: float | None
    ) -> Coroutine[Any, Any, RawResult]:
        """Run one statement and fetch all it returns."""
        return self._runner.execute(statement, parameters, deadline)

    async def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row: all of them, or none."""
        return await self._runner.execute_many(statement, rows, deadline)

    async def execute_script(self, statements: Sequence[str | CopyData], deadline: float | None) -> None:
        """Run statements one after another."""
        await self._runner.execute_script(statements, deadline)

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> AsyncCursor:
        """Open a cursor on the server. Outside of transactions, one whose rows the server keeps."""
        values = parameters if type(parameters) is tuple else as_tuple(parameters)
        await self.raw.await_begin(seconds_until(deadline))
        if self.raw.is_in_transaction():
            return await self._runner.open_portal(statement, values, batch_size, deadline)
        cursor = await declare(self._runner, statement, values, batch_size)
        return cursor or await super().stream(statement, parameters, batch_size, deadline)

    async def load(
        self, table: tuple[str, ...], columns: Sequence[str], rows: Sequence[Any], deadline: float | None
    ) -> int:
        """Binary COPY; INSERT where the table takes none, or where asyncpg would change a value."""
        self._runner.is_used = True
        names, path = ", ".join(map(self.quote, columns)), self.quote_path(table)
        query = f"SELECT {names} FROM {path} LIMIT 0"  # noqa: S608 - all quoted
        if await self.raw.fetchval(ASK_FOR_COPY, path, timeout=seconds_until(deadline)) is not False:
            count = await self._loader.copy(table, columns, rows, query, deadline)
            if count is not None:
                return count
        insert = insert_into(f"{path} ({names})", self.placeholders(len(columns)))
        await self._runner.execute_many(insert, rows, deadline, as_text=True)
        return len(rows)

    def placeholders(self, count: int) -> list[str]:
        """PostgreSQL's own: $1, $2, and so on."""
        return [f"${number}" for number in range(1, count + 1)]

    # --- transactions ---------------------------------------------------------------------------

    async def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """BEGIN, with what the session asks for; sent ahead of the next message, where that can be."""
        self._runner.check_loop()
        self._runner.is_used = True
        # PgBouncer may give what follows to another server; a late answer must not be taken for this one's.
        if self._config.pgbouncer or self.raw.is_cancelling:
            await self.raw.execute(begin_statement(options), timeout=seconds_until(deadline))
        else:
            self.raw.begin_ahead(options)

    async def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult:
        """BEGIN and the first statement."""
        is_cached = statement in self._cache.statements
        await self.begin(options, deadline)
        try:
            return await self._runner.execute(statement, parameters, deadline)
        except STALE as exc:
            if not (is_cached and is_stale(exc)):
                raise
        # Nothing has happened in this transaction, and the statement was refused before it ran.
        await self.raw.execute("ROLLBACK", timeout=seconds_until(deadline))
        await self.begin(options, deadline)
        return await self._runner.execute(statement, parameters, deadline)

    async def commit(self, deadline: float | None) -> None:
        """COMMIT."""
        if await self.raw.commit("COMMIT", deadline) != "COMMIT":
            raise _rolled_back()

    async def rollback(self, deadline: float | None) -> None:
        """ROLLBACK, if there is something to undo."""
        if self._has_open_transaction():
            await self.raw.execute("ROLLBACK", timeout=seconds_until(deadline))

    @property
    def transaction_status(self) -> TransactionStatus:
        """As the server's last answer has it."""
        raw = self.raw
        if raw.is_closed():
            return IDLE  # and what was open is undone
        if raw.is_cancelling:
            return TransactionStatus.UNKNOWN
        if not raw.is_in_transaction():
            return ACTIVE if raw.is_beginning else IDLE
        return ABORTED if self._tap.status is ABORTED else ACTIVE

    async def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """COMMIT and the reset as one message. What became of the first is known by its own tag."""
        if not commit:
            return await super().finish(commit, reset, deadline)
        error, is_restored = None, self._is_driver_restored(reset=reset)
        self.raw.has_local_commit = False
        reply = CommandTagReader()
        await attach_reply(self.raw, reply)
        try:
            # Without a timeout: core's own timer stands behind every COMMIT.
            await self.raw.execute(
                f"COMMIT; {self._reset_statements()}" if reset and self._reset else "COMMIT"
            )
        except Exception as exc:  # noqa: BLE001 - judged below, and carried to the caller
            error = self.error_of(exc)
        finally:
            self._tap.reply = None
        committed = judge(reply)
        if self.raw.has_local_commit:
            return Outcome(committed=None, reset_ok=False, error=self.raw.take_local_commit())
        if committed:
            is_clean = error is None and self._note_reset(reset=reset) and is_restored
            return ENDED_WELL if is_clean else COMMITTED
        if committed is None:
            if deadline is not None and time.monotonic() >= deadline:
                error = DeadlineExceeded("COMMIT was not answered in time")
            return Outcome(committed=None, reset_ok=False, error=error)
        is_clean = await self._is_cleaned(reset, time.monotonic() + CLEAN_UP_TIMEOUT)
        return Outcome(committed=False, reset_ok=is_clean and is_restored, error=error or _rolled_back())

    async def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """ROLLBACK and the reset as one message."""
        statements, is_restored = [], self._is_driver_restored(reset=reset)
        is_open = self._has_open_transaction()
        if is_open:
            statements.append("ROLLBACK")
        if reset and self._reset and (is_open or not self._config.pgbouncer):
            statements.append(self._reset_statements())
        elif self._is_read_only:
            statements.append(UNDO_READ_ONLY)
        if statements:
            await self._send_within(seconds_until(deadline), "; ".join(statements))
        return is_restored and self.transaction_status is IDLE and self._note_reset(reset=reset)

    def _has_open_transaction(self) -> bool:
        raw = self.raw
        return bool(raw.is_in_transaction() or raw.is_beginning or raw.is_cancelling)

    def _reset_statements(self) -> str:
        # Behind PgBouncer what is prepared by name may be another client's.
        forgets = self._runner.has_prepared and not self._config.pgbouncer
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

    def _is_driver_restored(self, *, reset: bool) -> bool:
        """Undo what the owner changed on asyncpg's object; first, or its loggers would get the reset."""
        if not (reset and self.is_raw_lent):
            return True
        self.is_raw_lent = False
        return self.raw.restore()

    def _note_reset(self, *, reset: bool) -> bool:
        """The server has done its reset. False: the reset is not enough any more."""
        self._is_read_only = self.raw.has_local_commit = False
        if not reset:
            return True
        runner = self._runner
        runner.is_used = runner.has_prepared = False
        if runner.has_defined:  # temporary tables are gone now, and their names may mean others
            runner.has_defined = False
            self._cache.clear()
        # Promoted meanwhile: the reset does not contain what the server refused as a standby.
        return not self._is_on_standby or is_on_standby(self.raw)

    # --- care -----------------------------------------------------------------------------------

    def note_set_up(self) -> None:
        """A wrapper may have registered codecs and listeners."""
        self.raw.note_set_up()

    async def ping(self, deadline: float | None) -> None:
        """Ask the server to answer."""
        await self.raw.execute("SELECT 1", timeout=seconds_until(deadline))

    async def is_demoted(self, deadline: float | None) -> bool:
        """It takes no writes now, and did not say so when it was connected to, as PostgreSQL 14 does."""
        if self._was_reader:
            return False
        asked = self.raw.fetchval("SHOW transaction_read_only", timeout=seconds_until(deadline))
        if await asked != "on":
            return False
        self._host.leave()
        return True

    def note_silence(self) -> None:
        """Its host is asked last, if there are several."""
        self._host.leave()

    async def reset(self, deadline: float | None) -> bool:
        """Undo what an owner changed besides data."""
        return await self.clean_up(True, deadline)  # noqa: FBT003 - the contract's

    def is_pristine(self) -> bool:
        """Nothing was sent since the last reset, and asyncpg's object was not lent."""
        return not (self._runner.is_used or self.is_raw_lent or self._is_read_only)

    async def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:
        """Make an autocommit session read-only."""
        if not options.read_only:
            return
        if self._config.pgbouncer:
            msg = "behind PgBouncer only transactions can be read-only; leave autocommit out"
            raise NotSupportedError(msg)
        if not self._config.read_only:
            self._is_read_only = True
            await self.raw.execute(MAKE_READ_ONLY, timeout=seconds_until(deadline))

    async def lend_raw(self, deadline: float | None) -> WatchedConnection:
        """From now on the application may also change asyncpg's object."""
        await self.raw.await_begin(seconds_until(deadline))
        self._runner.is_used = self._runner.has_prepared = True
        return await super().lend_raw(deadline)

    def is_usable(self) -> bool:
        """Open, to a host that is wanted; an idle server sends nothing but that it closes the connection."""
        cache = self._cache
        if cache.known_changes != cache.changes.count and cache.catch_up():
            self.raw.forget_types()
        if not (self._is_connected() and self._host.is_wanted):
            return False
        return self._is_readable is None or not self._is_readable()

    async def close(self) -> None:
        """Send the close message (Terminate)."""
        await self.raw.close()

    def interrupt(self, *, for_good: bool) -> StopRequest | None:
        """Ask the server to stop the running statement, or close the connection at once."""
        if not for_good:
            return self.raw.request_cancel()
        if self._loop.is_closed():
            self.raw.close_without_loop()
        else:
            self.raw.terminate()
        return None

    @property
    def fileno(self) -> int | None:
        """The transport's socket."""
        sock = self.raw.transport.get_extra_info("socket")
        return None if sock is None else sock.fileno()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By SQLSTATE. asyncpg has several errors for a connection that is closed; ours is one."""
        if isinstance(exc, (asyncpg.InternalClientError, asyncpg.InterfaceError)) and self.raw.is_closed():
            return DisconnectedError("the connection to PostgreSQL broke; a statement under way may have run")
        return map_error(exc)


# --- small decisions ----------------------------------------------------------------------------


def _rolled_back() -> TransactionAbortedError:
    return TransactionAbortedError("the server rolled back instead of committing: an error was overlooked")
