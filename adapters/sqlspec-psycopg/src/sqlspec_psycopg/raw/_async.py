# The source of _sync.py, which tools/print_sync.py prints from it.
"""psycopg's own connection, whose waits are bounded.

Interrupted, psycopg waits up to ten seconds for its server, and under anyio's cancel scopes leaves the query
running there. This one asks the server to stop, and is idle or closed a moment later: for our sessions, and
for an application that uses the driver's connection itself.
"""

from __future__ import annotations

from contextlib import suppress
from socket import SHUT_RDWR, dup, socket
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.rows import tuple_row
from psycopg.types import TypeInfo
from psycopg.types.array import register_array

from sqlspec.plugin import PooledConnection
from sqlspec.plugin.places import with_place
from sqlspec.plugin.postgresql import refuse_copy
from sqlspec_psycopg.cancellation import async_stop
from sqlspec_psycopg.deadlines import CHECK_INTERVAL, async_run, async_wait
from sqlspec_psycopg.notices import NoticeWatch
from sqlspec_psycopg.prepared import ShortStatements
from sqlspec_psycopg.values import TEXT_LOADER, new_adapters

if TYPE_CHECKING:
    from collections.abc import Generator

    from psycopg import pq
    from psycopg.pq.abc import PGresult

__all__ = ("AsyncBoundedConnection", "AsyncSingleStatementCursor")

BUSY, ROWS = TransactionStatus.ACTIVE, ExecStatus.TUPLES_OK


class AsyncSingleStatementCursor(psycopg.AsyncCursor[Any]):
    """A cursor that runs one statement at a time; the server refuses several.

    psycopg sends a statement without parameters as a simple query, which may hold several statements.
    """

    __slots__ = ("done", "returned")

    def __init__(self, connection: AsyncBoundedConnection) -> None:
        super().__init__(connection)
        self.returned: list[PGresult] = []
        """What `executemany` got that has rows; psycopg would keep all results, or none."""
        self.done = 0
        """Rows of `executemany` that the server has run."""

    def _check_results(self, results: list[PGresult]) -> None:
        try:
            super()._check_results(results)
        except psycopg.Error as exc:
            if self._execmany_returning is not None and not isinstance(exc, psycopg.errors.PipelineAborted):
                with_place(exc, self.done)
            raise

    def _set_results(self, results: list[PGresult]) -> None:
        super()._set_results(results)
        if self._execmany_returning is not None:
            self.done += 1
            self.returned += [result for result in results if result.status == ROWS]

    def _execute_send(self, query: Any, *, force_extended: bool = False, binary: bool | None = None) -> None:
        del force_extended
        refuse_copy(query.query)  # what is prepared already is none
        super()._execute_send(query, force_extended=True, binary=binary)


class AsyncBoundedConnection(psycopg.AsyncConnection[Any]):
    """The driver's connection, as sessions and applications use it."""

    def __init__(self, pgconn: pq.abc.PGconn, row_factory: Any = tuple_row) -> None:
        super().__init__(pgconn, row_factory)
        self.deadline: float | None = None
        """The deadline of the call under way (monotonic seconds)."""
        # A duplicate: libpq may close its own at any time, and the number then belongs to another file.
        self._socket = socket(fileno=dup(pgconn.socket))
        self.notices = pgconn.notice_handler = NoticeWatch(pgconn.notice_handler)
        self._prepared = ShortStatements()
        self._all_adapters = new_adapters()
        self.note_set_up()
        self.unknown_types: set[int] = set()
        """Types in results that neither psycopg nor we know yet."""
        self.elements: dict[int, int] = {}
        """The types that were looked up on the server: of each array the elements' type, of others 0."""

    @property
    def adapters(self) -> AdaptersMap:
        """How values are converted: by psycopg, and by us."""
        return self._all_adapters

    async def wait(
        self, gen: Generator[Any, Any, Any], interval: float = CHECK_INTERVAL, timeout: float | None = None
    ) -> Any:
        """Run one of psycopg's generators to its end."""
        if timeout is not None:
            return await super().wait(gen, interval, timeout)
        try:
            if self.deadline is None:
                return await async_wait(gen, self.pgconn.socket, interval)
            return await async_run(gen, self.pgconn, self.deadline)
        except BaseException as exc:
            # Judged here, because psycopg cuts off the tracebacks of exceptions on their way out.
            is_finished = not PooledConnection.is_foreign(exc) and isinstance(exc, psycopg.Error)
            # What the generator itself raised, about a value, has left the connection as it was.
            is_finished = is_finished or getattr(gen, "gi_frame", gen) is None
            if not is_finished and self.pgconn.transaction_status == BUSY:
                await async_stop(self, gen)
            raise

    def shutdown_socket(self) -> None:
        """End all waits on the socket, from any thread."""
        with suppress(OSError):  # shut down or closed before
            self._socket.shutdown(SHUT_RDWR)

    @property
    def socket_fileno(self) -> int:
        """The number of our duplicate of the socket; -1 when it is closed."""
        return self._socket.fileno()

    def finish(self) -> None:
        """Close for good. May be called twice; not while a call is under way in another thread."""
        self.pgconn.finish()
        self._socket.close()

    def note_set_up(self) -> None:
        """What is registered by now is for all owners."""
        self._set_up = AdaptersMap(self._all_adapters), [*self._notice_handlers], [*self._notify_handlers]

    async def restore(self) -> bool:
        """Undo what the application changed on the driver's object. False: that is not possible."""
        if self._pipeline is not None or self._tpc is not None or self._num_transactions:
            return False
        await self.set_autocommit(True)
        await self.set_isolation_level(None)
        await self.set_read_only(None)
        await self.set_deferrable(None)
        self.row_factory = tuple_row
        self.cursor_factory, self.server_cursor_factory = psycopg.AsyncCursor, psycopg.AsyncServerCursor
        adapters, self._notice_handlers[:], self._notify_handlers[:] = self._set_up
        self._all_adapters = AdaptersMap(adapters)
        self.elements = {}  # results may still have the old ones
        self.unknown_types.clear()
        return True

    @property
    def is_unchanged(self) -> bool:
        """Whether the application changed nothing on the driver's object, as far as it can be seen."""
        return (
            self.autocommit
            and (self.isolation_level, self.read_only, self.deferrable) == (None, None, None)
            and self.row_factory is tuple_row
            and (self.cursor_factory, self.server_cursor_factory)
            == (psycopg.AsyncCursor, psycopg.AsyncServerCursor)
            and ([*self._notice_handlers], [*self._notify_handlers]) == self._set_up[1:]
            and not (self._pipeline or self._tpc)
        )

    # --- types and prepared statements ------------------------------------------------------------

    def is_unknown(self, oid: int) -> bool:
        """Whether a type is neither PostgreSQL's own nor registered."""
        return oid not in self.elements and self._all_adapters.types.get(oid) is None

    def is_array(self, oid: int) -> bool:
        """Whether a type is an array, as far as we know."""
        known = self._all_adapters.types.get(oid)
        return bool(self.elements.get(oid)) if known is None else known.array_oid == oid

    def register_type(self, oid: int, element: int | None, delimiter: str) -> None:
        """Register a type, as an array of *element*, or as no array."""
        self.elements[oid] = element or 0
        if element is None:
            self._all_adapters.register_loader(oid, TEXT_LOADER)
        else:
            kind = TypeInfo(f"array_{oid}", element, oid, delimiter=delimiter)
            register_array(kind, self)

    def is_prepared(self, query: bytes) -> bool:
        """Whether psycopg has prepared a statement, for any types of parameters."""
        return any(key[0] == query for key in self._prepared._names)  # noqa: SLF001

    async def flush_prepared(self) -> None:
        """Let the server drop what psycopg has forgotten.

        Before a pipeline: psycopg does it at its end by DEALLOCATE ALL, after it has prepared the pipeline's
        own statement.
        """
        if self._prepared._to_flush:  # noqa: SLF001
            await self.wait(self._prepared.maintain_gen(self))

    def forget_prepared(self, query: bytes | None = None) -> None:
        """Make psycopg prepare a statement again, or all; the server is told with the next statement."""
        prepared = self._prepared
        if query is None:
            prepared.clear()
            return
        for key in [key for key in prepared._names if key[0] == query]:  # noqa: SLF001
            prepared._to_flush.append(prepared._names.pop(key))  # noqa: SLF001

    def __del__(self, *_: Any) -> None:
        # psycopg's own warns of a connection that nobody closed; the pool reports lost leases itself.
        if hasattr(self, "_socket"):
            self.finish()
