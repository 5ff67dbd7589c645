# Printed from _async.py by tools/print_sync.py; do not edit.
"""psycopg's own connection, whose waits are bounded.

Interrupted, psycopg waits up to ten seconds for its server, and under anyio's cancel scopes leaves the query
running there. This one asks the server to stop, and is idle or closed a moment later: for our sessions, and
for an application that borrowed it.
"""

from __future__ import annotations

from contextlib import suppress
from socket import SHUT_RDWR, dup, socket
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from psycopg.types import TypeInfo
from psycopg.types.array import register_array

from sqlspec.plugin import PooledConnection
from sqlspec_psycopg.values import TEXT_LOADER, new_adapters
from sqlspec_psycopg.waits import run, stop, wait

if TYPE_CHECKING:
    from collections.abc import Generator

    from psycopg import pq
    from psycopg.adapt import AdaptersMap

__all__ = ("PatientConnection", "PlainCursor")

BUSY = TransactionStatus.ACTIVE


class PlainCursor(psycopg.Cursor[Any]):
    """A cursor that runs one statement at a time, and leaves it to the server to say so.

    psycopg sends a statement without parameters in a way that takes several at once.
    """

    __slots__ = ()

    def _execute_send(self, query: Any, *, force_extended: bool = False, binary: bool | None = None) -> None:
        del force_extended
        super()._execute_send(query, force_extended=True, binary=binary)


class PatientConnection(psycopg.Connection[Any]):
    """The driver's connection, as sessions use it and applications borrow it."""

    def __init__(self, pgconn: pq.abc.PGconn, row_factory: Any = tuple_row) -> None:
        super().__init__(pgconn, row_factory)
        self.until: float | None = None
        """The deadline of the call under way (monotonic seconds)."""
        # Our own handle of the socket: what libpq has may be closed, and its number be another's by now.
        self._line = socket(fileno=dup(pgconn.socket))
        self._all_adapters = new_adapters()
        self.strangers: set[int] = set()
        """Types of results that were met for the first time."""
        self._met: dict[int, bool] = {}

    @property
    def adapters(self) -> AdaptersMap:
        """How values travel: psycopg's ways and ours."""
        return self._all_adapters

    def wait(
        self, gen: Generator[Any, Any, Any], interval: float = 0.1, timeout: float | None = None
    ) -> Any:
        """Run a generator of psycopg's to its end."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            if self.until is None:
                return wait(gen, self.pgconn.socket, interval)
            return run(gen, self.pgconn, self.until)
        except BaseException as exc:
            # Asked here, because psycopg cuts the tracebacks of exceptions on their way out.
            is_over = not PooledConnection.is_foreign(exc) and isinstance(exc, psycopg.Error)
            # What the generator itself raised, about a value, has left the connection as it was.
            is_over = is_over or getattr(gen, "gi_frame", gen) is None
            if not is_over and self.pgconn.transaction_status == BUSY:
                stop(self, gen)
            raise

    def hang_up(self) -> None:
        """Cut the line, from any thread; whoever waits on it wakes."""
        with suppress(OSError):  # cut or closed before
            self._line.shutdown(SHUT_RDWR)

    @property
    def fileno_of_line(self) -> int:
        """The number of our own handle of the socket; -1 when it is closed."""
        return self._line.fileno()

    def finish(self) -> None:
        """Close for good. May be called twice; not while a call is under way in another thread."""
        self.pgconn.finish()
        self._line.close()

    def restore(self) -> bool:
        """Make the driver's side as it was before the application had it. False: it can not be."""
        if self._pipeline is not None or self._tpc is not None or self._num_transactions:
            return False
        self.set_autocommit(True)
        self.set_isolation_level(None)
        self.set_read_only(None)
        self.set_deferrable(None)
        self.row_factory = tuple_row
        self.cursor_factory, self.server_cursor_factory = psycopg.Cursor, psycopg.ServerCursor
        self._notice_handlers.clear()
        self._notify_handlers.clear()
        self._all_adapters = new_adapters()
        self._met.clear()
        self.strangers.clear()
        return True

    @property
    def is_as_made(self) -> bool:
        """Whether the application left the driver's side as it was, as far as it can be seen."""
        return (
            self.autocommit
            and (self.isolation_level, self.read_only, self.deferrable) == (None, None, None)
            and self.row_factory is tuple_row
            and (self.cursor_factory, self.server_cursor_factory)
            == (psycopg.Cursor, psycopg.ServerCursor)
            and not (self._notice_handlers or self._notify_handlers or self._pipeline or self._tpc)
        )

    # --- what psycopg knows and keeps -------------------------------------------------------------

    def is_strange(self, oid: int) -> bool:
        """Whether a type is neither PostgreSQL's own nor met before."""
        return oid not in self._met and self._all_adapters.types.get(oid) is None

    def is_array(self, oid: int) -> bool:
        """Whether it is, as far as we know."""
        known = self._all_adapters.types.get(oid)
        return self._met.get(oid, False) if known is None else known.array_oid == oid

    def meet(self, oid: int, element: int | None, delimiter: str) -> None:
        """From now on a type is known, as an array of *element* or as no array."""
        self._met[oid] = element is not None
        if element is None:
            self._all_adapters.register_loader(oid, TEXT_LOADER)
        else:
            kind = TypeInfo(f"array_{oid}", element, oid, delimiter=delimiter)
            register_array(kind, self)

    def forget_prepared(self, query: bytes | None = None) -> None:
        """Have psycopg prepare a statement anew, or all; the server hears of it with the next one."""
        kept = self._prepared
        if query is None:
            kept.clear()
            return
        for key in [key for key in kept._names if key[0] == query]:  # noqa: SLF001
            kept._to_flush.append(kept._names.pop(key))  # noqa: SLF001

    def __del__(self, *_: Any) -> None:
        # Whose lease was lost is the pool's to report.
        if hasattr(self, "_line"):
            self.finish()
