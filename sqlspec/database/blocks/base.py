"""What a block decides without waiting: which database it means, and whether a connection serves on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn

import msgspec

from sqlspec.errors import (
    CommitOutcomeUnknownError,
    ConfigClosedError,
    DeadlineExceeded,
    DisconnectedError,
    InvalidArgumentError,
    PoolRetiredError,
)

if TYPE_CHECKING:
    from sqlspec.database.database import Database
    from sqlspec.plugin.contract import SessionOptions

__all__ = ("BlockBase", "Lent", "add_outcome")


class Lent(NamedTuple):
    """What a hook made: the object that the block yields, and core's session behind it, or None."""

    yielded: Any
    session: Any


class _Unopened:
    """A method of what the block lends, looked for on the block itself: `with` was forgotten.

    One for each name, because a `__getattr__` would slow down every other attribute.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, block: object, owner: type) -> Any:
        text = (
            f"a block lends what has {self._name}(): write `with spec.provide_session(…) as session:`, or "
            f"`async with`, and in it session.{self._name}()"
        )
        raise AttributeError(text, name=self._name, obj=block)


class BlockBase(msgspec.Struct, eq=False):  # a Struct, because it is made for every session, and in C
    """A lease and what ends it. Used once at a time."""

    _database: Database
    _options: SessionOptions
    _lease: Any = None
    _pool: Any = None
    _session: Any = None
    """Core's own, whatever the block yields; None where an adapter's sessions need no ending."""
    _is_reserved: bool = False
    """The lease was waited for before the block was entered."""
    _lent_at: float = 0.0
    """When observers were told of the lease; 0: they were not."""

    @property
    def database_name(self) -> str:
        """The name of the database that it lends from."""
        return self._database.name

    _lends: ClassVar[str] = "session"
    """What the variable after `as` is called in errors."""

    if not TYPE_CHECKING:  # to type checkers they are not there

        def __await__(self) -> NoReturn:
            """A block is entered: it has nothing to wait for."""
            lends = self._lends
            text = f"leave out await: write `async with spec.provide_{lends}(…) as {lends}:`"
            raise InvalidArgumentError(text)

        execute, execute_many, execute_script = _Unopened(), _Unopened(), _Unopened()
        stream, load = _Unopened(), _Unopened()
        begin, commit, rollback = _Unopened(), _Unopened(), _Unopened()

    def _reserved(self) -> Any:
        """The lease that was waited for before the block was entered. Raises for a block that is open."""
        if not self._is_reserved:
            raise _entered_twice()
        self._is_reserved = False
        try:
            self._pool.finish_acquire(self._lease)
        except BaseException:
            self._lease = None
            self._report_released()
            raise
        return self._lease

    def _async_reserved(self) -> Any:
        """A reservation is for `with`."""
        raise _entered_twice()

    async def _reserve(self) -> None:
        from sqlspec.database.connector import is_core

        if self._lease is not None:
            raise _entered_twice()
        started = time.monotonic()
        try:
            self._resolve_if_stale()
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
                    break
        except BaseException as exc:
            self._report_failed(started, exc)
            raise
        self._report_acquired(started)

    def _cancel_reservation(self) -> None:
        if self._is_reserved:
            lease, self._lease, self._is_reserved = self._lease, None, False
            self._pool.cancel(lease)
            self._report_released()

    # --- what observers hear of the lease -------------------------------------------------------

    def _resolve_if_stale(self) -> None:
        """Plugins or observers came or went since the database looked at them."""
        database = self._database
        if database.plugins_version != database.plugins.version:
            database.resolve_sessions()

    def _report_acquired(self, started: float) -> None:
        if self._database.reports_leases:
            self._lent_at = time.monotonic()
            self._report("acquired", self._lent_at - started)

    def _report_failed(self, started: float, error: BaseException) -> None:
        if self._database.reports_leases:
            self._report("failed", time.monotonic() - started, type(error).__name__)

    def _report_released(self) -> None:
        if self._lent_at:
            lent_at, self._lent_at = self._lent_at, 0.0
            self._report("released", time.monotonic() - lent_at)

    def _report(self, kind: str, seconds: float, error: str | None = None) -> None:
        from sqlspec.plugin.events import LeaseEvent

        name, adapter = self._database.name, self._database.config.adapter
        event = LeaseEvent(name=name, adapter=adapter, kind=kind, seconds=seconds, error=error)
        self._database.observers.emit("sqlspec_lease_event", event)

    def _move_on(self) -> None:
        """Another database has the name by now; that it has none must not be asked about for ever."""
        successor = self._database.successor()
        if successor is self._database:
            raise ConfigClosedError(successor.name)
        self._database = successor
        self._resolve_if_stale()

    def _is_sound(self, lease: Any, ok: bool, *errors: BaseException | None) -> bool:
        """Whether a connection that seems *ok* serves on after *errors*.

        If it broke, or a COMMIT was not answered, its pool lends none of its siblings unseen. A pool of an
        adapter's own has its own ways.
        """
        from sqlspec.pool.base import PoolBase

        pool = self._pool
        if not isinstance(pool, PoolBase):
            return ok
        if not any(map(_is_disconnect, errors)):
            if any(map(_is_unanswered_commit, errors)):
                pool.note_silence(lease)
            return ok
        if ok and lease.connection.is_usable():
            return True  # it was another database's connection that broke
        pool.expire(lease)
        return False

    def _is_sound_raw(self, lease: Any, ok: bool, exc: BaseException) -> bool:
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


def _is_disconnect(error: BaseException | None) -> bool:
    """Whether *error* is, or came of, a connection that broke."""
    for _ in range(10):  # no chain is longer that says anything, and one may run in a circle
        if error is None or isinstance(error, DisconnectedError):
            break
        error = error.__cause__ or error.__context__
    return isinstance(error, DisconnectedError)


def _is_unanswered_commit(error: BaseException | None) -> bool:
    """Whether a COMMIT was given up at its deadline."""
    return isinstance(error, CommitOutcomeUnknownError) and isinstance(error.__cause__, DeadlineExceeded)


def add_outcome(late: BaseException, session: Any, error: BaseException | None) -> None:
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
