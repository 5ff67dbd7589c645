"""The blocks that lend: `with` and `async with` around a session or a driver's connection.

A block finds its pool when it is entered, not when it is written down, and looks again when the pool it
found was retired meanwhile by an override.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from sqlspec.errors import ConfigClosedError, DisconnectedError, InvalidArgumentError, PoolRetiredError
from sqlspec.plugin.contract import CLEAN_UP_TIMEOUT

if TYPE_CHECKING:
    from types import TracebackType

    from sqlspec.plugin.contract import SessionOptions

    from .database import Database

__all__ = ("AsyncConnectionContext", "AsyncSessionContext", "ConnectionContext", "SessionContext")

S_co = TypeVar("S_co", covariant=True)
A_co = TypeVar("A_co", covariant=True)


class _Block(msgspec.Struct, eq=False):  # a Struct, because it is made for every session, and in C
    """A lease and what ends it. Used once at a time."""

    _database: Database
    _options: SessionOptions
    _lease: Any = None
    _pool: Any = None
    _session: Any = None
    """Core's own, whatever the block yields; None where an adapter's sessions need no ending."""
    _is_reserved: bool = False
    """The lease was waited for before the block was entered."""

    def _acquire(self) -> Any:
        if self._lease is not None:
            return self._take_up()
        while True:
            try:
                self._pool = pool = self._database.pool or self._database.open_pool()
                self._lease = lease = pool.acquire()
            except PoolRetiredError:
                self._move_on()
            else:
                return lease

    def _take_up(self) -> Any:
        """Enter a block that has a reservation."""
        if not self._is_reserved:
            raise _entered_twice()
        self._is_reserved = False
        try:
            return self._pool.take_up(self._lease)
        except BaseException:
            self._lease = None
            raise

    async def _reserve(self) -> None:
        from .connector import is_core

        if self._lease is not None:
            raise _entered_twice()
        while True:
            pool: Any = self._database.pool or self._database.open_pool()
            if not is_core(pool):
                return  # its own `acquire` waits, in the thread that enters the block
            try:
                self._lease = await pool.reserve()
            except PoolRetiredError:
                self._move_on()
            else:
                self._pool, self._is_reserved = pool, True
                return

    def _cancel_reservation(self) -> None:
        if self._is_reserved:
            lease, self._lease, self._is_reserved = self._lease, None, False
            self._pool.cancel(lease)

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
        if self._speaks_contract(lease):
            error = lease.connection.mapped(exc)
            return self._is_sound(lease, ok and not _is_disconnect(error), error)
        return ok

    def _speaks_contract(self, lease: Any) -> bool:
        """Whether a connection of the contract is lent; a pool of an adapter's own may lend anything."""
        if not self._database.has_own_pool:
            return True
        from sqlspec.plugin._async import AsyncPooledConnection
        from sqlspec.plugin._sync import PooledConnection

        return isinstance(lease.connection, PooledConnection | AsyncPooledConnection)

    # --- a use without a session of core's ------------------------------------------------------

    def _needs_no_end(self, lease: Any) -> bool:
        """Known without a round trip: nothing is left to roll back or to reset."""
        if not self._speaks_contract(lease):
            return True  # its pool looks itself
        connection = lease.connection
        reset = self._database.config.reset == "full"
        return connection.guard.ended is None and bool(connection.is_clean(reset=reset))

    def _end_use(self, lease: Any) -> bool:
        """Roll back what is open and reset; True: the connection is provably clean."""
        connection, reset = lease.connection, self._database.config.reset == "full"
        guard, token = connection.guard, object()
        try:
            if not guard.has_entered(token):
                return False
            until = time.monotonic() + CLEAN_UP_TIMEOUT
            return bool(connection.finish(False, reset, until).reset_ok)  # noqa: FBT003
        finally:
            guard.leave(token, connection)

    async def _aend_use(self, lease: Any) -> bool:
        """The same for a use by a task."""
        from sqlspec.concurrency.deadlines import async_drop_after

        connection, reset = lease.connection, self._database.config.reset == "full"
        guard, token = connection.guard, object()
        timer = async_drop_after(CLEAN_UP_TIMEOUT, connection)
        try:
            if not guard.has_entered(token):
                return False
            until = time.monotonic() + CLEAN_UP_TIMEOUT
            return bool((await connection.finish(False, reset, until)).reset_ok)  # noqa: FBT003
        finally:
            timer.cancel()
            guard.leave(token, connection)

    def _yielded(self, made: Any) -> Any:
        """What the block yields, of what was made; core's session is kept apart from it."""
        if type(made) is not self._database.Lent:
            self._session = made
            return made
        self._session = made.session
        return made.yielded


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
    elif session is not None and session._begun:  # noqa: SLF001 - else there was nothing left to commit
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
            return self._yielded(self._database.async_session(lease.connection, self._options))  # type: ignore[no-any-return]
        except BaseException:
            self._lease = None
            await self._pool.release(lease, True)  # noqa: FBT003 - untouched
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, lease = self._session, self._lease
        self._session = self._lease = None
        ok, error, ended = False, None, False
        try:
            if session is None:
                ok = self._needs_no_end(lease) or await self._aend_use(lease)
            else:
                ok, error = await session._end_block(exc)  # noqa: SLF001 - the block is its other half
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

    async def reserve(self) -> None:
        """Wait in the running event loop, without a thread, until `with` needs not wait for the pool.

        For programs whose event loop hands this block to a thread: who waits for a connection must not sit
        on a thread that another needs to give one back. Enter the block with `with`, in any thread, or call
        `cancel_reservation`. Raises `PoolTimeoutError` as the block itself would.
        """
        await self._reserve()

    def cancel_reservation(self) -> None:
        """Give back what was reserved, when the block is not entered after all."""
        self._cancel_reservation()

    def __enter__(self) -> S_co:
        lease = self._acquire()
        try:
            return self._yielded(self._database.session(lease.connection, self._options))  # type: ignore[no-any-return]
        except BaseException:
            self._lease = None
            self._pool.release(lease, True)  # noqa: FBT003 - untouched
            raise

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, lease = self._session, self._lease
        self._session = self._lease = None
        ok, error, ended = False, None, False
        try:
            if session is None:
                ok = self._needs_no_end(lease) or self._end_use(lease)
            else:
                ok, error = session._end_block(exc)  # noqa: SLF001 - the block is its other half
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
        lease = await self._aacquire()
        if not self._speaks_contract(lease):
            return lease.connection  # type: ignore[no-any-return]
        try:  # without the guard: nobody else knows of this connection yet
            return await lease.connection.lend_raw(None)  # type: ignore[no-any-return]
        except BaseException as exc:
            self._lease = None
            await self._pool.release(lease, self._is_sound(lease, False, exc))  # noqa: FBT003
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        lease, self._lease = self._lease, None
        ok = False
        try:
            ok = self._needs_no_end(lease) or await self._aend_use(lease)
        finally:
            if exc is not None:
                ok = self._is_sound_raw(lease, ok, exc)
            await self._pool.release(lease, ok)


class ConnectionContext(AsyncConnectionContext[A_co], Generic[S_co, A_co]):
    """`with` or `async with` lends the driver's own connection, in autocommit mode."""

    async def reserve(self) -> None:
        """As of a session's block: wait for the pool in the event loop, before a thread enters the block."""
        await self._reserve()

    def cancel_reservation(self) -> None:
        """Give back what was reserved, when the block is not entered after all."""
        self._cancel_reservation()

    def __enter__(self) -> S_co:
        lease = self._acquire()
        if not self._speaks_contract(lease):
            return lease.connection  # type: ignore[no-any-return]
        try:  # without the guard: nobody else knows of this connection yet
            return lease.connection.lend_raw(None)  # type: ignore[no-any-return]
        except BaseException as exc:
            self._lease = None
            self._pool.release(lease, self._is_sound(lease, False, exc))  # noqa: FBT003
            raise

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
