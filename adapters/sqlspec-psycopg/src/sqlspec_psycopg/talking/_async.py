# The source of _sync.py, which tools/print_sync.py prints from it.
"""What a session says itself: BEGIN, COMMIT, savepoints, the reset.

All of it goes as plain messages beside psycopg's cursors, and every answer is looked at: so what became of a
COMMIT is known as exactly as the server said it.
"""

from __future__ import annotations

import time
from abc import ABC
from typing import TYPE_CHECKING, Any

from psycopg.pq import ConnStatus, ExecStatus

from sqlspec.errors import DisconnectedError, SQLSpecError, TransactionAbortedError
from sqlspec.plugin import AsyncConnection, Outcome, TransactionStatus
from sqlspec_psycopg.asking import FINE, ask, check
from sqlspec_psycopg.errors import error_of, interruption, map_error
from sqlspec_psycopg.raw._async import AsyncPatientConnection
from sqlspec_psycopg.reset import FORGET_PREPARED, GUARD, UNGUARD, begin
from sqlspec_psycopg.waits import async_run, watch

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from sqlspec.plugin import TransactionOptions
    from sqlspec_psycopg.config import PostgreSQLConfig
    from sqlspec_psycopg.reset import Phrases, Resets

__all__ = ("AsyncTalking",)

GOOD = ConnStatus.OK
IDLE, ACTIVE, ABORTED = TransactionStatus.IDLE, TransactionStatus.ACTIVE, TransactionStatus.ABORTED
# By libpq's numbers: idle, busy, in a transaction, in a failed one, gone. What is gone is undone.
STATUS = (IDLE, TransactionStatus.UNKNOWN, ACTIVE, ABORTED, IDLE)
ENDED_WELL = Outcome(committed=True, reset_ok=True)
CLEAN_UP_TIMEOUT = 2.0


class AsyncTalking(AsyncConnection[AsyncPatientConnection], ABC):
    """The half of a connection that is about transactions."""

    def __init__(self, raw: AsyncPatientConnection, config: PostgreSQLConfig) -> None:
        super().__init__(raw)
        self._pgconn = raw.pgconn
        self._behind_pgbouncer = config.pgbouncer
        self._prepare_threshold = 5 if config.cached_statements and not config.pgbouncer else None
        self._prepared_max = config.cached_statements
        self._cursor: Any = None
        self._is_readable = watch(self._pgconn.socket)
        self._is_touched = self._is_guarded = self._is_ending = self._has_prepared = False
        self._streams = 0
        self._learned: dict[str, dict[tuple[int, ...], dict[int | str, int]]] = {}
        """What statements with lists take: by their text and by the types of what is no list."""

    async def settle(self, resets: Resets, until: float) -> None:
        """Finish the connect: our own settings of the driver, and what this server's reset consists of."""
        await self._restore_driver()
        self._resets = resets
        server = self._server()
        phrases = resets.get(server)
        if phrases is None:
            phrases = resets.learn(server, await self._possible(resets.candidates, until))
        self._phrases: Phrases = phrases
        self._is_standby = self._pgconn.parameter_status(b"in_hot_standby") == b"on"

    def _server(self) -> object:
        pgconn = self._pgconn
        return pgconn.host, pgconn.port, pgconn.parameter_status(b"in_hot_standby")

    async def _possible(self, statements: tuple[bytes, ...], until: float) -> tuple[bytes, ...]:
        """Those of *statements* that the server runs for us: mostly all of them, found in one message."""
        if all(result.status in FINE for result in await self._ask(b";".join(statements), until)):
            return statements
        return tuple(
            [
                one
                for one in statements
                if all(result.status in FINE for result in await self._ask(one, until))
            ]
        )

    # --- transactions ---------------------------------------------------------------------------

    async def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """BEGIN, with its options."""
        self._is_touched = True
        check(await self._say(begin(options), deadline))

    async def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:
        """Make an autocommit session read-only; the reset undoes it."""
        if options.read_only:
            if self._behind_pgbouncer:
                raise self.unsupported("be read-only in autocommit mode behind PgBouncer")
            self._is_touched = self._is_guarded = True
            check(await self._say(GUARD, deadline))

    async def commit(self, deadline: float | None) -> None:
        """COMMIT."""
        check(await self._say(b"COMMIT", deadline))

    async def rollback(self, deadline: float | None) -> None:
        """ROLLBACK, if there is something to undo."""
        if self.transaction_status is not IDLE:
            check(await self._say(b"ROLLBACK", deadline))

    async def savepoint(self, name: str, deadline: float | None) -> None:
        """Set a savepoint."""
        check(await self._say(f"SAVEPOINT {name}".encode(), deadline))

    async def release_savepoint(self, name: str, deadline: float | None) -> None:
        """Keep what happened since the savepoint and forget it."""
        check(await self._say(f"RELEASE {name}".encode(), deadline))

    async def rollback_to_savepoint(self, name: str, deadline: float | None) -> None:
        """Undo what happened since the savepoint and forget it, in one message."""
        check(await self._say(f"ROLLBACK TO {name};RELEASE {name}".encode(), deadline))

    @property
    def transaction_status(self) -> TransactionStatus:
        """As libpq has it from each answer of the server."""
        return STATUS[self._pgconn.transaction_status]

    # --- the end --------------------------------------------------------------------------------

    async def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """COMMIT and the reset in one message, whose answers are looked at one by one."""
        if not commit:
            return await super().finish(commit, reset, deadline)
        results: list[PGresult] = []
        error: SQLSpecError | None = None
        try:
            message = self._and_forget(self._phrases.commit_and_reset) if reset else b"COMMIT"
            await self._converse(message, results, deadline)
        except Exception as exc:  # noqa: BLE001 - judged below, and carried to the caller
            error = self.error_of(exc)
        outcome = self._verdict(results, error)
        if outcome.committed is None:
            return outcome
        if outcome.committed and not reset:
            return ENDED_WELL if error is None else outcome
        if outcome.committed:
            clean = error is None and await self._is_reset(results)
            return ENDED_WELL if clean else Outcome(committed=True, reset_ok=False)
        clean = await self._is_cleaned(reset, time.monotonic() + CLEAN_UP_TIMEOUT)
        return Outcome(committed=False, reset_ok=clean, error=outcome.error)

    def _verdict(self, results: list[PGresult], error: SQLSpecError | None) -> Outcome:
        """What became of a COMMIT, by the first answer, which is its own."""
        if not results:
            return Outcome(
                committed=None, reset_ok=False, error=error or DisconnectedError("COMMIT was not answered")
            )
        first = results[0]
        if first.status == ExecStatus.COMMAND_OK:
            if first.command_status == b"COMMIT":
                return Outcome(committed=True, reset_ok=error is None)
            aborted = TransactionAbortedError("the database had given the transaction up; its work is undone")
            return Outcome(committed=False, reset_ok=False, error=aborted)
        # A server that hangs up in the middle does not say whether it was done.
        committed = False if error is None and self._pgconn.status == GOOD else None
        return Outcome(committed=committed, reset_ok=False, error=error_of(first))

    async def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """ROLLBACK, if there is something to undo, and the reset, in one message."""
        status = self.transaction_status
        if status is TransactionStatus.UNKNOWN or self._pgconn.status != GOOD:
            return False
        if not reset:
            await self.rollback(deadline)
            return await self._unguard(deadline) and (not self.is_raw_lent or await self._restore_driver())
        phrases = self._phrases
        message = phrases.reset if status is IDLE else phrases.rollback_and_reset
        return await self._is_reset(await self._say(self._and_forget(message), deadline) if message else [])

    def _and_forget(self, message: bytes) -> bytes:
        return message + FORGET_PREPARED if self._has_prepared and self._phrases.reset else message

    async def reset(self, deadline: float | None) -> bool:
        """Undo what an owner changed besides data."""
        return await self.clean_up(True, deadline)  # noqa: FBT003 - the contract's

    async def _is_reset(self, results: list[PGresult]) -> bool:
        """Whether every part of the reset was done."""
        if not all(result.status in FINE for result in results) or self.transaction_status is not IDLE:
            return False
        if self._is_standby and self._pgconn.parameter_status(b"in_hot_standby") != b"on":
            return False  # it can do more by now than its reset undoes
        if self.is_raw_lent and not await self._restore_driver():
            return False
        self._is_touched = self._is_guarded = self._has_prepared = False
        return True

    async def _unguard(self, deadline: float | None) -> bool:
        if self._is_guarded:
            check(await self._say(UNGUARD, deadline))
            self._is_guarded = False
        return True

    async def _restore_driver(self) -> bool:
        if not await self.raw.restore():
            return False
        self.raw.prepare_threshold, self.raw.prepared_max = self._prepare_threshold, self._prepared_max
        self._cursor, self.is_raw_lent = None, False
        return True

    # --- messages -------------------------------------------------------------------------------

    async def _ask(self, message: bytes, deadline: float | None) -> list[PGresult]:
        """Send statements in one message, and return every answer."""
        results: list[PGresult] = []
        await async_run(ask(self._pgconn, message, results), self._pgconn, deadline)
        return results

    async def _say(self, message: bytes, deadline: float | None) -> list[PGresult]:
        """The same for what must not be interrupted."""
        results: list[PGresult] = []
        await self._converse(message, results, deadline)
        return results

    async def _converse(self, message: bytes, results: list[PGresult], deadline: float | None) -> None:
        self._is_ending = True
        try:
            await async_run(ask(self._pgconn, message, results), self._pgconn, deadline)
        finally:
            self._is_ending = False

    @staticmethod
    def interruption(exc: BaseException) -> BaseException | None:
        """Also where psycopg cut its traceback off."""
        return interruption(exc)

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By SQLSTATE."""
        return map_error(exc)
