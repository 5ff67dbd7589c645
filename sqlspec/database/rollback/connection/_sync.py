# Printed from _async.py by tools/print_sync.py; do not edit.
"""What a session uses in place of a connection, and in place of an open result."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.stoppable import arrived, stoppable
from sqlspec.database.rollback.base import Interruptible
from sqlspec.database.rollback.rules import BEGINS, COMMITS
from sqlspec.database.rollback.turns._sync import Turn
from sqlspec.errors import NotSupportedError, QueryCancelledError, SessionClosedError
from sqlspec.plugin._sync import Connection, Cursor
from sqlspec.plugin.contract import CLEAN_UP_TIMEOUT, TransactionOptions, TransactionStatus
from sqlspec.plugin.places import with_place
from sqlspec.plugin.postgresql.reset import reset_statements
from sqlspec.plugin.results import fetch_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.concurrency.waiters import Waiter
    from sqlspec.database.rollback.outer._sync import OuterTransaction
    from sqlspec.database.rollback.savepoints import Mark
    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin.contract import Parameters, RawResult, Row, StopRequest
    from sqlspec.plugin.results import LazyResult
    from sqlspec.sql import CopyData

__all__ = ("NestedConnection",)

IDLE, ABORTED = TransactionStatus.IDLE, TransactionStatus.ABORTED
CHECK = "sqlspec_constraints"
CLEAN = "sqlspec_settings"


class NestedCursor(Cursor):
    """An open result. Of an autocommit session it has a savepoint of its own."""

    def __init__(self, owner: NestedConnection, cursor: Cursor, mark: Mark | None) -> None:
        self.columns = cursor.columns
        self._owner, self._cursor, self._mark = owner, cursor, mark

    def fetch(self) -> Sequence[Row]:
        """The next batch."""
        return stoppable(self._fetch_now(), self._owner, cancels=False)

    def _fetch_now(self) -> Sequence[Row]:
        with Turn(self._owner, None) as inner:
            try:
                with Interruptible(self._owner):
                    rows = self._cursor.fetch()
            except BaseException:
                self._owner.undo_own(inner, self._mark)
                self._mark = None
                raise
            self.columns = self._cursor.columns  # some drivers know them only now
            return rows

    def close(self) -> None:
        """Let it go, and keep what the statement did."""
        mark, self._mark = self._mark, None
        with Turn(self._owner, None) as inner:
            try:
                self._cursor.close()
            except BaseException:
                self._owner.undo_own(inner, mark)
                raise
            if mark is not None:
                self._owner.keep(inner, mark, None)

    def discard(self) -> None:
        """Let it go, in whatever state the transaction is."""
        with Turn(self._owner, None, is_end=True):
            self._cursor.discard()


class NestedConnection(Connection[Any]):
    """What a session uses in place of a connection: its transactions are savepoints of the outer one."""

    def __init__(self, outer: OuterTransaction, inner: Connection[Any]) -> None:
        super().__init__(None)
        self.outer, self.inner = outer, inner
        self.load_batch = inner.load_batch
        self.interruption = inner.interruption  # type: ignore[method-assign] # a driver may hide one
        self.may_interrupt = False
        """A statement of the session is under way, and not one of ours around it."""
        self.is_stopped = False
        """The call under way was to be stopped."""
        self._request: StopRequest | None = None
        self.is_inside = False
        """A call of the session is under way on the connection."""
        self.waiter: Waiter | None = None
        """Its place in the queue for the next call; of no meaning when it is over."""
        self._status = IDLE
        self._transaction: Mark | None = None
        self._blocks: dict[str, Mark] = {}
        """The session's own savepoints, by the names that it knows."""
        self._is_read_only = False
        self._is_pristine = True

    # --- savepoints -----------------------------------------------------------------------------

    def _set(self, inner: Connection[Any], deadline: float | None) -> Mark:
        mark = self.outer.savepoints.new(self)
        inner.savepoint(mark.name, deadline)
        self.outer.savepoints.add(mark)
        return mark

    def keep(self, inner: Connection[Any], mark: Mark, deadline: float | None) -> None:
        """Commit, as far as it can be: what a COMMIT would have checked is checked."""
        arrived(self._request)
        savepoints = self.outer.savepoints
        if mark.has_writes and self.outer.rules.is_postgresql and savepoints.is_alone(self):
            try:
                self._check_constraints(inner, deadline)
            except BaseException:
                self.undo_own(inner, mark)
                raise
        lowest = savepoints.keep(mark)
        if lowest is not None:
            inner.release_savepoint(lowest.name, deadline)

    def _check_constraints(self, inner: Connection[Any], deadline: float | None) -> None:
        """Deferred constraints are due now. In a savepoint, because they are deferred again afterwards."""
        inner.savepoint(CHECK, deadline)
        fetch_now(inner.execute("SET CONSTRAINTS ALL IMMEDIATE", None, deadline))
        inner.rollback_to_savepoint(CHECK, deadline)

    def _undo(self, inner: Connection[Any], mark: Mark, deadline: float | None) -> None:
        lowest = self.outer.undo(mark)
        if lowest is not None:
            inner.rollback_to_savepoint(lowest.name, deadline)

    def undo_own(self, inner: Connection[Any], mark: Mark | None) -> None:
        """After an error, which is what the caller shall see: whatever comes of this is noted."""
        arrived(self._request)
        if mark is None:
            return
        try:
            self._undo(inner, mark, time.monotonic() + CLEAN_UP_TIMEOUT)
        except Exception as exc:
            if inner.is_foreign(exc):
                raise
            self.outer.lose(inner.mapped(exc))

    def _begin_statement(
        self, inner: Connection[Any], statement: str, deadline: float | None
    ) -> Mark | None:
        """Before a statement: in an autocommit session it has a savepoint of its own, which is returned."""
        rules = self.outer.rules
        rules.check(statement, read_only=self._is_read_only)
        mark = self._set(inner, deadline) if self._transaction is None else None
        self._is_pristine = False
        if rules.may_write(statement):
            self.outer.savepoints.note_write(self)
        return mark

    # --- statements -----------------------------------------------------------------------------

    def execute(
        self, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult | LazyResult:
        """Run one statement and fetch all it returns."""
        return stoppable(self._execute_now(statement, parameters, deadline), self, cancels=False)

    def _execute_now(
        self, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult | LazyResult:
        with Turn(self, deadline) as inner:
            mark = self._begin_statement(inner, statement, deadline)
            try:
                with Interruptible(self):
                    result = inner.execute(statement, parameters, deadline)
                    fetch_now(result)
            except BaseException:
                self.undo_own(inner, mark)
                raise
            if mark is not None:
                self.keep(inner, mark, deadline)
            return result

    def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row: for all of them, or for none."""
        return stoppable(self._execute_many_now(statement, rows, deadline), self, cancels=False)

    def _execute_many_now(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        with Turn(self, deadline) as inner:
            mark = self._begin_statement(inner, statement, deadline)
            self.is_spoiled = True  # until the last row is in
            try:
                with Interruptible(self):
                    result = inner.execute_many(statement, rows, deadline)
            except BaseException:
                self._note_spoiled(inner)
                self.undo_own(inner, mark)
                raise
            self._note_spoiled(inner)
            if mark is not None:
                self.keep(inner, mark, deadline)
            return result

    def _note_spoiled(self, inner: Connection[Any]) -> None:
        self.is_spoiled, inner.is_spoiled = inner.is_spoiled, False

    def execute_script(self, statements: Sequence[str | CopyData], deadline: float | None) -> None:
        """Run statements. BEGIN and COMMIT among them are those of a savepoint."""
        stoppable(self._execute_script_now(statements, deadline), self, cancels=False)

    def _execute_script_now(self, statements: Sequence[str | CopyData], deadline: float | None) -> Any:
        rules = self.outer.rules
        texts = [one if isinstance(one, str) else one.statement for one in statements]
        kinds = [rules.control(text) for text in texts]
        for text, kind in zip(texts, kinds, strict=True):
            if kind is None:
                rules.check(text, read_only=self._is_read_only)
        with Turn(self, deadline) as inner:
            mark: Mark | None = None
            for place, (one, kind) in enumerate(zip(statements, kinds, strict=True)):
                try:
                    mark = self._run_step(inner, one, kind, mark, deadline)
                except BaseException as exc:
                    if isinstance(exc, Exception):
                        exc.__dict__.pop("_sqlspec_place", None)
                        with_place(exc, place)
                    self.undo_own(inner, mark)
                    raise
            if mark is not None:
                self._transaction = mark  # left open: core rolls it back, and says so

    def _run_step(
        self,
        inner: Connection[Any],
        one: str | CopyData,
        kind: str | None,
        mark: Mark | None,
        deadline: float | None,
    ) -> Mark | None:
        """Run one statement of a script. Returns the savepoint that stands for the script's transaction."""
        if kind is BEGINS:
            return mark or self._set(inner, deadline)
        if kind is not None:
            if mark is not None:
                (self.keep if kind is COMMITS else self._undo)(inner, mark, deadline)
            return None
        if self.is_stopped:  # between two statements
            raise QueryCancelledError("the script was stopped")
        own = self._set(inner, deadline) if self._transaction is mark is None else None
        self._is_pristine = False
        self.outer.savepoints.note_write(self)
        try:
            with Interruptible(self):
                inner.execute_script([one], deadline)
        except BaseException:
            self.undo_own(inner, own)
            raise
        if own is not None:
            self.keep(inner, own, deadline)
        return mark

    def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> Cursor:
        """Open a result that is read in batches."""
        return stoppable(
            self._stream_now(statement, parameters, batch_size, deadline), self, cancels=False
        )

    def _stream_now(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> Cursor:
        with Turn(self, deadline) as inner:
            mark = self._begin_statement(inner, statement, deadline)
            try:
                with Interruptible(self):
                    cursor = inner.stream(statement, parameters, batch_size, deadline)
            except BaseException:
                self.undo_own(inner, mark)
                raise
            return NestedCursor(self, cursor, mark)

    def load(
        self, table: tuple[str, ...], columns: Sequence[str], rows: Sequence[Row], deadline: float | None
    ) -> int:
        """Insert by the driver's fastest path. Core has begun a transaction for it."""
        return stoppable(self._load_now(table, columns, rows, deadline), self, cancels=False)

    def _load_now(
        self, table: tuple[str, ...], columns: Sequence[str], rows: Sequence[Row], deadline: float | None
    ) -> int:
        with Turn(self, deadline) as inner:
            mark = self._begin_statement(inner, "INSERT", deadline)
            self.is_spoiled = True
            try:
                with Interruptible(self):
                    count = inner.load(table, columns, rows, deadline)
            except BaseException:
                self._note_spoiled(inner)
                self.undo_own(inner, mark)
                raise
            self._note_spoiled(inner)
            if mark is not None:
                self.keep(inner, mark, deadline)
            return count

    def quote(self, identifier: str) -> str:
        """As the adapter quotes."""
        return self.inner.quote(identifier)

    def placeholders(self, count: int) -> list[str]:
        """The driver's own."""
        return self.inner.placeholders(count)

    # --- transactions ---------------------------------------------------------------------------

    def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """A savepoint. All sessions are in one transaction, so an isolation level has nothing to say."""
        stoppable(self._begin_now(options, deadline), self, cancels=False)

    def _begin_now(self, options: TransactionOptions, deadline: float | None) -> Any:
        with Turn(self, deadline) as inner:
            self._transaction = self._set(inner, deadline)
            self._is_read_only = options.read_only

    def commit(self, deadline: float | None) -> None:
        """Keep what happened since `begin`, for later sessions to see."""
        stoppable(self._commit_now(deadline), self, cancels=False)

    def _commit_now(self, deadline: float | None) -> Any:
        with Turn(self, deadline) as inner:
            mark, self._transaction = self._transaction, None
            self._blocks.clear()
            if mark is not None:
                self.keep(inner, mark, deadline)

    def rollback(self, deadline: float | None) -> None:
        """Undo it."""
        stoppable(self._rollback_now(deadline), self, cancels=False)

    def _rollback_now(self, deadline: float | None) -> Any:
        if self._transaction is None:
            return
        with Turn(self, deadline, is_end=True) as inner:
            mark, self._transaction = self._transaction, None
            self._blocks.clear()
            self._undo(inner, mark, deadline)

    def savepoint(self, name: str, deadline: float | None) -> None:
        """One of the session's own."""
        stoppable(self._savepoint_now(name, deadline), self, cancels=False)

    def _savepoint_now(self, name: str, deadline: float | None) -> Any:
        with Turn(self, deadline) as inner:
            self._blocks[name] = self._set(inner, deadline)

    def release_savepoint(self, name: str, deadline: float | None) -> None:
        """Keep what came after it."""
        stoppable(self._release_savepoint_now(name, deadline), self, cancels=False)

    def _release_savepoint_now(self, name: str, deadline: float | None) -> Any:
        with Turn(self, deadline) as inner:
            lowest = self.outer.savepoints.keep(self._blocks.pop(name))
            if lowest is not None:
                inner.release_savepoint(lowest.name, deadline)

    def rollback_to_savepoint(self, name: str, deadline: float | None) -> None:
        """Undo what came after it."""
        stoppable(self._rollback_to_savepoint_now(name, deadline), self, cancels=False)

    def _rollback_to_savepoint_now(self, name: str, deadline: float | None) -> Any:
        with Turn(self, deadline, is_end=True) as inner:
            self._undo(inner, self._blocks.pop(name), deadline)

    def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:  # noqa: ARG002
        """Of an autocommit session."""
        self._is_read_only = options.read_only

    @property
    def transaction_status(self) -> TransactionStatus:
        """As this session left it; ABORTED when the outer transaction is gone."""
        if self._transaction is None:
            return IDLE
        return self._status if self.outer.fault is None else ABORTED

    def note_status(self, exc: BaseException | None) -> None:
        """After a call of this session."""
        inner = self.inner
        status = inner.transaction_status
        self._status = status
        if inner.guard.ended is not None or status is IDLE:
            self.outer.lose(inner.abort_error or exc)

    @property
    def abort_error(self) -> SQLSpecError | None:
        """Why the outer transaction has ended, if it has."""
        return self.outer.fault

    # --- the end --------------------------------------------------------------------------------

    def reset(self, deadline: float | None) -> bool:
        """Undo what the session changed besides data, as far as that goes without ending the transaction."""
        if self.outer.rules.is_postgresql:
            with Turn(self, deadline) as inner:
                if not self.outer.savepoints.has_open:  # they would be another session's, too
                    self._reset(inner, deadline)
        self._is_read_only, self._is_pristine = False, True
        return True

    def _reset(self, inner: Connection[Any], deadline: float | None) -> None:
        inner.savepoint(CLEAN, deadline)
        try:
            inner.execute_script(reset_statements(pgbouncer=False), deadline)
        except Exception as exc:
            if inner.is_foreign(exc):
                raise
            inner.rollback_to_savepoint(CLEAN, deadline)  # a role may not do some of it
        else:
            inner.release_savepoint(CLEAN, deadline)

    def is_pristine(self) -> bool:
        """No statement was run."""
        return self._is_pristine

    def lend_raw(self, deadline: float | None) -> Any:  # noqa: ARG002 - the contract's
        """Refused: a COMMIT on it would end the outer transaction."""
        raise NotSupportedError(
            "inside of override(…, rollback=True) the driver's own connection is not lent, because what it "
            "commits could not be undone: provide_connection() and session.connection() need a database of "
            "the test's own, such as a clone of a template"
        )

    def ping(self, deadline: float | None) -> None:
        """Ask the server."""
        stoppable(self._ping_now(deadline), self, cancels=False)

    def _ping_now(self, deadline: float | None) -> Any:
        with Turn(self, deadline) as inner:
            inner.ping(deadline)

    def note_silence(self) -> None:
        """The server did not answer."""
        self.inner.note_silence()

    def is_usable(self) -> bool:
        """Whether the connection is there."""
        return self.guard.ended is None and self.inner.guard.ended is None

    def interrupt(self, *, for_good: bool) -> StopRequest | None:
        """Stop this session's statement; for good, the outer transaction is lost."""
        self.is_stopped = True
        if for_good:
            self.give_up()
        elif self.may_interrupt:
            self._request = self.inner.interrupt(for_good=False)
            return self._request
        elif self.waiter is not None:
            self.outer.turns.stop(self.waiter)
        return None

    def give_up(self) -> None:
        """Nobody knows what the session's last call has done. If it has anything open, all is lost."""
        if self.is_inside or self.outer.savepoints.has_of(self):
            self.outer.lose(SessionClosedError("a session was given up while it used the connection"))
            self.inner.drop()

    @property
    def fileno(self) -> int | None:
        """Of the connection: who gives the session up shuts its socket down."""
        return self.inner.fileno

    def close(self) -> None:
        """Nothing: the connection serves others."""

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """The adapter's."""
        return self.inner.map_error(exc)
