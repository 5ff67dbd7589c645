"""A cursor that may hold an open result, and may be dropped from anywhere: what both need is here.

Nothing but `interrupt` may be called on a cursor while a call is under way: 2.x refuses, 1.x waits for ever.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn, cast

import duckdb

from sqlspec.errors import SQLSpecError, TransactionAbortedError
from sqlspec.plugin import Connection

from ._compat import drain, drop
from .errors import map_error
from .signals import passing_signals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from weakref import ref

    from sqlspec.plugin import Row

    from .parents import Parent
    from .results import DuckDBCursor, DuckDBResult

__all__ = ("HeldCursor",)


class HeldCursor(Connection[duckdb.DuckDBPyConnection]):
    """The part of a connection that fetches and that ends."""

    def __init__(self, parent: Parent) -> None:
        super().__init__(parent.cursor())
        self._parent = parent
        self._open: ref[DuckDBResult] | ref[DuckDBCursor] | None = None
        """Who reads the result that the driver still holds."""
        self._was_left = False
        """That result's reader has gone."""
        self._late: SQLSpecError | None = None
        """An error that came when a result was fetched, after its statement had returned."""
        self._begun = False
        self._is_in_doubt = False
        """A call ended otherwise than well: only DuckDB knows what became of the transaction."""
        # What may be interrupted: a statement of the owner's, but not BEGIN, COMMIT or ROLLBACK.
        self._may_interrupt = False
        self._is_closed = False

    # --- the open result ------------------------------------------------------------------------

    @passing_signals
    def settle(self, *, as_table: bool) -> None:
        """Fetch the open result, or raise the driver's error."""
        opened, self._open = self._open, None
        reader = None if opened is None else opened()
        doubt = self._is_in_doubt  # an earlier call's, which this one does not settle
        self._may_interrupt = self._is_in_doubt = True
        if reader is not None:
            reader.fill(self.raw, as_table=as_table)
        elif opened is not None:
            drain(self.raw)
        elif self._was_left:
            drop(self.raw)
        self._was_left, self._is_in_doubt = False, doubt

    def _settle_quietly(self, *, as_table: bool = False) -> None:
        """Fetch the open result; its error is for its reader, and for the next call."""
        reader = None if self._open is None else self._open()
        try:
            self.settle(as_table=as_table)
        except Exception as exc:  # noqa: BLE001 - told later, by whom it concerns
            error = self.error_of(exc)
            error.__cause__ = exc
            self._late, self._was_left = error, False
            if reader is not None:
                reader.fail(error)

    def leave(self, cursor: DuckDBCursor) -> None:
        """*cursor* is read no more. Touches nothing: a call may be under way."""
        if self._open is not None and self._open() is cursor:
            self._open, self._was_left = None, True

    def _tell_late(self) -> NoReturn:
        """Nothing is swallowed: who did not read the result that failed learns it here."""
        error, self._late = self._late, None
        if not self._begun:
            raise cast("SQLSpecError", error)
        msg = "the transaction was given up: a result failed while its rows were fetched"
        raise TransactionAbortedError(msg) from error

    @passing_signals
    def fetch(self, count: int) -> Sequence[Row]:
        """The next rows of the open result."""
        self._parent.check()
        self._may_interrupt = self._is_in_doubt = True
        # Ended, if it breaks: 1.x answers with no rows when asked again.
        opened, self._open = self._open, None
        rows = self.raw.fetchmany(count)
        self._is_in_doubt = False
        if rows:
            self._open = opened
        return rows

    # --- the end --------------------------------------------------------------------------------

    def interrupt(self, *, for_good: bool) -> None:
        """Stop the owner's statement; for good, whatever DuckDB is at."""
        if (self._may_interrupt or for_good) and not self._parent.is_inherited:
            with suppress(duckdb.Error):  # closed meanwhile
                self.raw.interrupt()

    def close(self) -> None:
        """Close the cursor, and with the last one the file."""
        if self._is_closed or self._parent.is_inherited:
            return
        self._is_closed, self._open = True, None
        try:
            self.raw.close()
        finally:
            self._parent.let_go()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By DuckDB's classes."""
        return map_error(exc)
