# Printed from _async.py by tools/print_sync.py; do not edit.
"""The blocks that lend to one side: a session, or the driver's own connection."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlspec.errors import PoolRetiredError
from sqlspec.plugin.contract import CLEAN_UP_TIMEOUT

from .base import BlockBase, Lent, add_outcome

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("ConnectionBlock", "SessionBlock")

T_co = TypeVar("T_co", covariant=True)


class Block(BlockBase):
    """What both blocks of this side do with their lease."""

    def _acquire(self) -> Any:
        """Borrow from the pool that the database's name leads to now."""
        if self._lease is not None:
            return self._reserved()
        while True:
            try:
                self._pool = pool = self._database.pool or self._database.open_pool()
                self._lease = lease = pool.acquire()
            except PoolRetiredError:
                self._move_on()
            else:
                return lease

    def _acquire_observed(self) -> Any:
        """The same, and observers hear how long it took."""
        started = time.monotonic()
        if self._lease is not None:
            return self._acquire()  # its waiting was reported when it was reserved
        try:
            lease = self._acquire()
        except BaseException as exc:
            self._report_failed(started, exc)
            raise
        try:
            self._report_acquired(started)
        except BaseException:  # interrupted, in an observer
            self._lease = None
            self._pool.release(lease, True)  # untouched
            raise
        return lease

    def _end_use(self, lease: Any) -> bool:
        """Roll back what is open and reset. True: the connection is provably clean."""
        from sqlspec.concurrency.deadlines import drop_after  # not needed to import sqlspec

        connection, reset = lease.connection, self._database.config.reset == "full"
        guard, token = connection.guard, object()
        timer = drop_after(CLEAN_UP_TIMEOUT, connection)
        try:
            if not guard.has_entered(token):
                return False
            until = time.monotonic() + CLEAN_UP_TIMEOUT
            return bool((connection.finish(False, reset, until)).reset_ok)
        finally:
            timer.cancel()
            guard.leave(token, connection)

    def _is_server_sound(self, lease: Any, fault: str, ok: bool) -> bool:
        """What a session has met of its server concerns others, too. Returns whether this one is *ok*."""
        from sqlspec.database.connector import note_silence
        from sqlspec.session.base import SILENT

        if fault is SILENT:
            lease.connection.note_silence()
            note_silence(self._pool, lease)
            return False
        return ok and not self._is_demoted(lease)

    def _is_demoted(self, lease: Any) -> bool:
        """Whether the server takes no writes any more; then no connection to it is lent again."""
        from sqlspec.concurrency.deadlines import drop_after
        from sqlspec.database.connector import expire

        connection = lease.connection
        guard, token = connection.guard, object()
        timer = drop_after(CLEAN_UP_TIMEOUT, connection)
        try:
            if not guard.has_entered(token):
                return True
            is_demoted = bool(connection.is_demoted(time.monotonic() + CLEAN_UP_TIMEOUT))
        except Exception as exc:
            if connection.is_foreign(exc):
                raise
            return True  # it does not answer: it is not lent again
        finally:
            timer.cancel()
            guard.leave(token, connection)
        if is_demoted:
            expire(self._pool, lease)
        return is_demoted


class SessionBlock(Block, Generic[T_co]):
    """Lends a session."""

    def __enter__(self) -> T_co:
        database = self._database
        if database.plugins_version != database.plugins.version:
            database.resolve_sessions()
        pool: Any = database.pool
        if database.reports_leases:
            lease = self._acquire_observed()
        elif pool is None or self._lease is not None or database.has_own_pool:
            lease = self._acquire()
        else:  # as nearly always; written out, because it is done for every session
            self._pool = pool
            try:
                lease = pool.start_acquire()
                if lease.connection is None:
                    pool.finish_acquire(lease)
                self._lease = lease
            except PoolRetiredError:
                lease = self._acquire()
        try:
            made = self._database.sessions[self._options](lease.connection)
        except BaseException:
            self._lease = None
            self._pool.release(lease, True)  # untouched
            self._report_released()
            raise
        session: T_co = made
        if type(made) is Lent:  # by an adapter's hook, or a wrapper around it
            self._session, session = made.session, made.yielded
        else:
            self._session = made
        return session

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, lease, pool = self._session, self._lease, self._pool
        # First: a block that is left is not left again, whatever comes in between.
        self._session = self._lease = None
        ok, error, ended = False, None, False
        try:
            if session is None:
                ok = self._needs_no_end(lease) or self._end_use(lease)
            elif session._end_at_once():  # noqa: SLF001 - the block is its other half
                ok = True
            else:
                ok, error = session._end_block(exc)  # noqa: SLF001
                if session._server_fault is not None:  # noqa: SLF001
                    ok = self._is_server_sound(lease, session._server_fault, ok)  # noqa: SLF001
            ended = exc is None
        finally:
            # A server that went away takes the idle connections along, so their pool must hear of it.
            if exc is not None or not ok:
                ok = self._is_sound(lease, ok, exc, error)
            try:
                # A pool of an adapter's own has its own ways.
                if not ok or self._database.has_own_pool or not pool.try_release(lease):
                    pool.release(lease, ok)
            except BaseException as late:
                if ended:
                    add_outcome(late, session, error)
                raise
            if self._lent_at:
                self._report_released()
        if error is not None:
            raise error


class ConnectionBlock(Block, Generic[T_co]):
    """Lends the driver's own connection, in autocommit mode."""

    _lends = "connection"

    def __enter__(self) -> T_co:
        self._resolve_if_stale()
        is_observed = self._database.reports_leases
        lease = (self._acquire_observed() if is_observed else self._acquire())
        connection: T_co = lease.connection
        if not self._speaks_contract(lease):
            return connection
        try:  # without the guard: nobody else knows of this connection yet
            connection = lease.connection.lend_raw(None)
        except BaseException as exc:
            self._lease = None
            self._pool.release(lease, self._is_sound(lease, False, exc))
            self._report_released()
            raise
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        lease, self._lease = self._lease, None
        ok = False
        try:
            ok = self._needs_no_end(lease) or self._end_use(lease)
        finally:
            if exc is not None:
                ok = self._is_sound_raw(lease, ok, exc)
            self._pool.release(lease, ok)
            if self._lent_at:
                self._report_released()
