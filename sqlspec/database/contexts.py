"""The blocks that lend: `with` and `async with` around a session or a driver's connection.

A block finds its pool when it is entered, not when it is written down, and looks again when the pool it
found was retired meanwhile by an override.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from sqlspec.errors import ConfigClosedError, DisconnectedError, InvalidArgumentError
from sqlspec.plugin.contract import CLEAN_UP_TIMEOUT, TransactionStatus
from sqlspec.pool import PoolRetiredError

if TYPE_CHECKING:
    from types import TracebackType

    from sqlspec.plugin.contract import SessionOptions

    from .database import Database

__all__ = ("AsyncConnectionContext", "AsyncSessionContext", "ConnectionContext", "SessionContext")

IDLE = TransactionStatus.IDLE  # slow to look up before Python 3.12

S_co = TypeVar("S_co", covariant=True)
A_co = TypeVar("A_co", covariant=True)


class _Block(msgspec.Struct, eq=False):  # a Struct, because it is made for every session, and in C
    """A lease and what ends it. Used once at a time."""

    _database: Database
    _options: SessionOptions
    _lease: Any = None
    _pool: Any = None
    _session: Any = None

    def _acquire(self) -> Any:
        if self._lease is not None:
            raise _entered_twice()
        while True:
            try:
                self._pool = pool = self._database.pool or self._database.open_pool()
                self._lease = lease = pool.acquire()
            except PoolRetiredError:
                self._move_on()
            else:
                return lease

    async def _aacquire(self) -> Any:
        if self._lease is not None:
            raise _entered_twice()
        while True:
            try:
                self._pool = pool = self._database.loop_pool()
                self._lease = lease = await pool.acquire()
            except PoolRetiredError:
                self._move_on()
            else:
                return lease

    def _move_on(self) -> None:
        """Another database has the name by now; that it has none must not be asked about for ever."""
        successor = self._database.successor()
        if successor is self._database:
            raise ConfigClosedError(successor.name)
        self._database = successor

    def _is_sound(self, lease: Any, ok: bool, *errors: BaseException | None) -> bool:  # noqa: FBT001
        """Whether a connection that seems *ok* serves on after *errors*.

        If it broke, its pool lends none of its siblings unseen. A pool of an adapter's own has its own ways.
        """
        from sqlspec.pool.base import PoolBase

        pool = self._pool
        if not (any(map(_is_disconnect, errors)) and isinstance(pool, PoolBase)):
            return ok
        if ok and lease.connection.is_usable():
            return True  # it was another database's connection that broke
        pool.expire(lease)
        return False

    def _is_sound_raw(self, lease: Any, ok: bool, exc: BaseException) -> bool:  # noqa: FBT001
        """The same for a driver's own connection and, most likely, the driver's own error."""
        if isinstance(exc, Exception) and hasattr(lease.connection, "map_error"):
            error = lease.connection.map_error(exc)
            return self._is_sound(lease, ok and not _is_disconnect(error), error)
        return ok


def _is_disconnect(error: BaseException | None) -> bool:
    """Whether *error* is, or came of, a connection that broke."""
    for _ in range(10):  # no chain is longer that says anything, and one may run in a circle
        if error is None or isinstance(error, DisconnectedError):
            break
        error = error.__cause__ or error.__context__
    return isinstance(error, DisconnectedError)


def _tell(late: BaseException, session: Any, error: BaseException | None) -> None:
    """Interrupted while giving back: what the session's end has come to is a note, or nobody would know."""
    if error is not None:
        for note in (str(error), *_notes(error)):
            late.add_note(note)
    elif getattr(session, "_begun", False):  # else there was nothing left to commit
        late.add_note("the transaction was committed")


def _notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


def _entered_twice() -> InvalidArgumentError:
    return InvalidArgumentError("this block is entered already; call provide_session() again for another")


class AsyncSessionContext(_Block, Generic[A_co]):
    """`async with` lends a session."""

    async def __aenter__(self) -> A_co:
        lease = await self._aacquire()
        try:
            self._session = session = self._database.async_session(lease.connection, self._options)
        except BaseException:
            self._lease = None
            await self._pool.release(lease, True)  # noqa: FBT003 - untouched
            raise
        return session  # type: ignore[no-any-return] # the config's type variable says what it is

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, lease = self._session, self._lease
        self._session = self._lease = None
        ok, error, ended = False, None, False
        try:
            finish = getattr(session, "__sqlspec_finish__", None)
            ok, error = (await finish(exc)) if finish is not None else (exc is None, None)
            ended = exc is None
        finally:
            if exc is not None or not ok:
                ok = self._is_sound(lease, ok, exc, error)
            try:
                await self._pool.release(lease, ok)
            except BaseException as late:
                if ended:
                    _tell(late, session, error)
                raise
        if error is not None:
            raise error


class SessionContext(AsyncSessionContext[A_co], Generic[S_co, A_co]):
    """`with` or `async with` lends a session."""

    def __enter__(self) -> S_co:
        lease = self._acquire()
        try:
            self._session = session = self._database.session(lease.connection, self._options)
        except BaseException:
            self._lease = None
            self._pool.release(lease, True)  # noqa: FBT003 - untouched
            raise
        return session  # type: ignore[no-any-return] # the config's type variable says what it is

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, lease = self._session, self._lease
        self._session = self._lease = None
        ok, error, ended = False, None, False
        try:
            finish = getattr(session, "__sqlspec_finish__", None)
            ok, error = finish(exc) if finish is not None else (exc is None, None)
            ended = exc is None
        finally:
            if exc is not None or not ok:
                ok = self._is_sound(lease, ok, exc, error)
            try:
                self._pool.release(lease, ok)
            except BaseException as late:
                if ended:
                    _tell(late, session, error)
                raise
        if error is not None:
            raise error


class AsyncConnectionContext(_Block, Generic[A_co]):
    """`async with` lends the driver's own connection, in autocommit mode."""

    async def __aenter__(self) -> A_co:
        return _lend_raw((await self._aacquire()).connection)  # type: ignore[no-any-return]

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        lease, self._lease = self._lease, None
        ok = False
        try:
            connection, reset = lease.connection, self._database.config.reset == "full"
            ok = _is_untouched(connection, reset=reset)
            if not ok:
                from sqlspec.waiting import async_abort_after

                timer = async_abort_after(CLEAN_UP_TIMEOUT, connection)
                try:
                    until = time.monotonic() + CLEAN_UP_TIMEOUT
                    ok = (await connection.finish(False, reset, until)).reset_ok  # noqa: FBT003
                finally:
                    timer.cancel()
        finally:
            if exc is not None:
                ok = self._is_sound_raw(lease, ok, exc)
            await self._pool.release(lease, ok)


class ConnectionContext(AsyncConnectionContext[A_co], Generic[S_co, A_co]):
    """`with` or `async with` lends the driver's own connection, in autocommit mode."""

    def __enter__(self) -> S_co:
        return _lend_raw(self._acquire().connection)  # type: ignore[no-any-return]

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        lease, self._lease = self._lease, None
        ok = False
        try:
            connection, reset = lease.connection, self._database.config.reset == "full"
            ok = _is_untouched(connection, reset=reset)
            if not ok:
                until = time.monotonic() + CLEAN_UP_TIMEOUT
                ok = connection.finish(False, reset, until).reset_ok  # noqa: FBT003
        finally:
            if exc is not None:
                ok = self._is_sound_raw(lease, ok, exc)
            self._pool.release(lease, ok)


def _lend_raw(connection: Any) -> Any:
    """The driver's object; an adapter with a pool of its own lends its connections as they are."""
    if not hasattr(connection, "raw_lent"):
        return connection
    connection.raw_lent()
    return connection.raw


def _is_untouched(connection: Any, *, reset: bool) -> bool:
    """Known without a round trip: nothing is open and nothing to reset."""
    if not hasattr(connection, "raw_lent"):
        return True
    return connection.transaction_status is IDLE and (not reset or bool(connection.is_pristine()))
