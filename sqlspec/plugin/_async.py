# The source of _sync.py, which tools/print_sync.py prints from it.
"""The connection an adapter writes: six methods to fill in, the rest to override for capability or speed."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlspec.errors import DatabaseError, DeadlineExceeded, DisconnectedError, NotSupportedError, SQLSpecError

from .contract import CLEAN_UP_TIMEOUT, Outcome, RawResult, TransactionStatus
from .turn import Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .contract import Parameters, Row, TransactionOptions

__all__ = ("AsyncConnection", "AsyncCursor")

RawT = TypeVar("RawT")


class AsyncCursor:
    """An open result, read in batches. The default serves one that is in memory already."""

    def __init__(self, result: RawResult, batch_size: int) -> None:
        self.columns = result.columns
        self._rows, self._at, self._batch_size = result.rows, 0, batch_size

    async def fetch(self) -> Sequence[Row]:
        """The next batch of rows; empty at the end."""
        batch = self._rows[self._at : self._at + self._batch_size]
        self._at += len(batch)
        return batch

    async def close(self) -> None:
        """Let the database drop what it holds for this result. May be called twice."""
        self._rows = ()


class AsyncConnection(ABC, Generic[RawT]):
    """One driver connection under core's contract.

    *Owner*: one session at a time; core holds `turn` around every call, so no method is entered twice.
    *Deadlines* are `time.monotonic()` seconds or None; a method that waits raises `DeadlineExceeded`
    when its deadline passes. *Errors*: the driver's own may leave any method: core passes each through
    `map_error` once. *Transactions*: the driver is in autocommit mode until `begin`.
    """

    raw: RawT
    """The driver's own connection."""
    load_batch: int = 5_000
    """Rows that core hands to one `load`, and so has in memory at once."""

    def __init__(self, raw: RawT) -> None:
        self.raw = raw
        # Held around every call, never waited for: who finds it taken is using somebody else's session.
        self.turn = Turn()

    # --- to fill in -----------------------------------------------------------------------------

    @abstractmethod
    async def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement in the driver's own paramstyle and fetch all it returns."""

    @abstractmethod
    async def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """Begin a transaction."""

    @abstractmethod
    async def commit(self, deadline: float | None) -> None:
        """Commit it."""

    @abstractmethod
    async def rollback(self, deadline: float | None) -> None:
        """Undo it. Does nothing when none is open."""

    @abstractmethod
    async def close(self) -> None:
        """Say good-bye to the server and free everything. May be called twice."""

    @abstractmethod
    def abort(self) -> None:
        """Drop the connection now, from any thread: no waiting, no protocol; a pending call fails."""

    @property
    @abstractmethod
    def transaction_status(self) -> TransactionStatus:
        """The driver's own view, without a round trip."""

    # --- statements -----------------------------------------------------------------------------

    async def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row of parameters: all of them, or none."""
        count = 0
        for row in rows:
            count += max((await self.execute(statement, row, deadline)).rowcount, 0)
        return RawResult(rowcount=count)

    async def execute_script(self, statements: Sequence[str], deadline: float | None) -> None:
        """Run statements without parameters, one after another, and drop what they return."""
        for statement in statements:
            await self.execute(statement, None, deadline)

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> AsyncCursor:
        """Open a result that is read in batches. The default holds all of it in memory."""
        return AsyncCursor(await self.execute(statement, parameters, deadline), batch_size)

    async def load(
        self, table: str, columns: Sequence[str], rows: Sequence[Row], deadline: float | None
    ) -> int:
        """Insert *rows* into *table* by the driver's fastest path: all of them, or none. Returns how many."""
        names = ", ".join(map(self.quote, columns))
        marks = ", ".join(self.placeholders(len(columns)))
        statement = f"INSERT INTO {self.quote_path(table)} ({names}) VALUES ({marks})"  # noqa: S608 - all quoted
        await self.execute_many(statement, rows, deadline)
        return len(rows)

    def quote(self, identifier: str) -> str:
        """One identifier, quoted (SQL-92 5.2: double quotes, doubled inside)."""
        return '"' + identifier.replace('"', '""') + '"'

    def quote_path(self, table: str) -> str:
        """A table's name, schema and all, each part quoted."""
        return ".".join(map(self.quote, table.split(".")))

    def placeholders(self, count: int) -> list[str]:
        """The driver's placeholders for *count* values by position."""
        return ["?"] * count

    # --- transactions ---------------------------------------------------------------------------

    async def savepoint(self, name: str, deadline: float | None) -> None:
        """Set a savepoint; core makes the name."""
        await self.execute(f"SAVEPOINT {name}", None, deadline)

    async def release_savepoint(self, name: str, deadline: float | None) -> None:
        """Keep what happened since the savepoint and forget it."""
        await self.execute(f"RELEASE SAVEPOINT {name}", None, deadline)

    async def rollback_to_savepoint(self, name: str, deadline: float | None) -> None:
        """Undo what happened since the savepoint and forget it."""
        await self.execute(f"ROLLBACK TO SAVEPOINT {name}", None, deadline)
        await self.execute(f"RELEASE SAVEPOINT {name}", None, deadline)

    async def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult:
        """`begin` and the first statement, where the driver can send both at once."""
        await self.begin(options, deadline)
        return await self.execute(statement, parameters, deadline)

    async def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """End one owner's use: commit or roll back, then forget the owner's state.

        Raises nothing of the driver's. An error of COMMIT itself is told apart from an error of what follows
        it, and from no answer. What follows a COMMIT has its own two seconds, whatever COMMIT was given.
        An async adapter must not cancel its own task in here, as `asyncio.timeout` does: core would take that
        for the caller's cancellation. A `loop.call_later` that aborts the connection does the same.
        """
        error: BaseException | None = None
        committed: bool | None = False
        try:
            if commit:
                await self.commit(deadline)
                committed = True
        except Exception as exc:  # noqa: BLE001 - judged below, and carried to the caller
            error = self.map_error(exc)
            if isinstance(error, (DisconnectedError, DeadlineExceeded)):
                return Outcome(committed=None, reset_ok=False, error=error)
        if commit:
            latest = time.monotonic() + CLEAN_UP_TIMEOUT
            deadline = latest if deadline is None else min(deadline, latest)
        return Outcome(committed=committed, reset_ok=await self._is_cleaned(reset, deadline), error=error)

    async def _is_cleaned(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001
        try:
            return await self.clean_up(reset, deadline)
        except Exception:  # noqa: BLE001 - a connection in doubt is discarded; the caller's result stands
            return False

    async def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001
        """What `finish` does after the COMMIT, or instead of one. Returns whether the connection is clean."""
        if self.transaction_status is not TransactionStatus.IDLE:
            await self.rollback(deadline)
        return await self.reset(deadline) if reset else True

    # --- care -----------------------------------------------------------------------------------

    async def ping(self, deadline: float | None) -> None:
        """Ask the server for a sign of life; raises when there is none."""
        await self.execute("SELECT 1", None, deadline)

    async def reset(self, deadline: float | None) -> bool:  # noqa: ARG002 - for those who override it
        """Undo what an owner changed besides data: settings, temporary objects, locks.

        True: provably as new. False: it can not be told, or costs more than a new connection.
        """
        return True

    def is_pristine(self) -> bool:
        """Known without a round trip to be as `reset` would leave it."""
        return False

    async def prepare(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Set *options* for the statements of an autocommit session; `reset` must undo it."""
        raise self.unsupported("be read-only in autocommit mode")

    def raw_lent(self) -> None:
        """The driver's object is about to be handed to the application: note what `reset` must restore."""

    def interrupt(self) -> None:
        """Stop the running statement, from any thread, if that is possible; never BEGIN, COMMIT, ROLLBACK."""

    def is_usable(self) -> bool:
        """A look without a round trip: False when the connection is known to be dead. Never raises."""
        return True

    def map_error(self, exc: BaseException) -> SQLSpecError:
        """The driver's exception as one of ours, without secrets, parameters or values in its text."""
        if isinstance(exc, SQLSpecError):
            return exc
        return DatabaseError(f"the driver raised {type(exc).__name__}")

    def unsupported(self, what: str) -> NotSupportedError:
        """The error for something this adapter can not do."""
        return NotSupportedError(f"{type(self).__name__} can not {what}")
