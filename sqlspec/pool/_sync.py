# Printed from _async.py by tools/print_sync.py; do not edit.
"""The pool: lends connections, waits where it must, and trusts none that it has not looked at.

LIFO on the shelf, so that few backends stay warm; FIFO in the queue, so that nobody starves. No thread
of its own: connections are made by who needs them, and aged or cold ones closed by who comes past.
"""

from __future__ import annotations

from typing import Any

from .base import PING_TIMEOUT, PoolBase
from .lease import Lease
from .state import RETIRED, ROOM, Slot
from .waiter import Waiter

__all__ = ("Pool",)


class Pool(PoolBase):
    """Connections of one config, for the tasks of one event loop."""

    def acquire(self, deadline: float | None = None) -> Lease:
        """Borrow a connection; give it back with `release`.

        Waits for a free one until *deadline* (monotonic seconds; default: `pool_timeout` from now) and
        raises `PoolTimeoutError`. A failed connect raises at once.
        """
        now = self._clock()
        with self._lock:
            taken = self._book.take(now)
        if self._lost or self._garbage:
            self._sweep()
        # The common case: a connection that was used a moment ago.
        if type(taken) is Slot and now < taken.fresh_until:
            lease = Lease(taken.connection, taken, self) if not self._traces_leaks else self._lend(taken)
            if taken.connection.is_usable():
                return lease
            lease.pool = None
        return self._look_further(taken, now, deadline)

    def _look_further(self, taken: Any, now: float, deadline: float | None) -> Lease:
        if taken is RETIRED:
            raise self._retired()
        if taken is None:
            taken = self._wait(now, deadline)
        while taken is not ROOM:
            if self._is_good(taken, now):
                return self._lend(taken)
            taken = self._exchange(taken, now)
        return self._lend(self._open())

    def _is_good(self, slot: Slot, now: float) -> bool:
        try:
            if self._is_young(slot, now) and slot.connection.is_usable():
                if self._pre_ping and now >= slot.fresh_until:
                    slot.connection.ping(self._clock() + PING_TIMEOUT)
                return True
        except Exception:  # noqa: BLE001 - a dead connection is no error of the caller: the next one serves
            self.expire()
            self._discard(slot, "ping failed")
            return False
        except BaseException:
            # Interrupted in the middle of a ping: in doubt, so it serves no longer.
            self._discard(slot, "ping was interrupted")
            self._gone(slot)
            raise
        self._close(slot, "too old, or known to be dead")
        return False

    def _open(self) -> Slot:
        started = self._clock()
        try:
            connection = self._connect()
        except BaseException as exc:
            self._room_unused(exc)
            raise
        return self._new_slot(connection, started)

    def _wait(self, now: float, deadline: float | None) -> Any:
        until = now + self._timeout if deadline is None else deadline
        waiter = Waiter()
        taken = self._enqueue(waiter, now)
        if taken is not None:
            return taken
        try:
            waiter.wait(until)
        except BaseException:
            self._return_gift(self._leave(waiter))
            raise
        taken = self._leave(waiter)
        if taken is None:
            raise self._timed_out(self._clock() - now)
        return taken

    def release(self, lease: Lease, ok: bool) -> None:  # noqa: FBT001 - an outcome, by position
        """Give a connection back. *ok*: it is provably clean; else it is dropped. May be called twice."""
        if lease.pool is None:
            return  # given back before
        lease.pool = None
        slot, now = lease.slot, self._clock()
        with self._lock:
            serves = self._book.lay_down(slot, now, ok)
        if self._lost or self._garbage:
            self._sweep()
        if serves:
            if len(self._book.idle) > 1:  # a single one was laid down just now
                self._drop_cold()
            return
        try:
            if ok:
                self._close(slot, "pool was retired or expired")
            else:
                self._discard(slot, "not provably clean")
        finally:
            self._gone(slot)

    def _drop_cold(self) -> None:
        slot = self._trim()
        if slot is not None:
            self._close(slot, "idle for too long")

    def _close(self, slot: Slot, reason: str) -> None:
        started = self._clock()
        try:
            slot.connection.close()
        except BaseException as exc:
            self._discard(slot, "closing failed")
            if not isinstance(exc, Exception):
                raise
        else:
            self._observe("closed", reason, self._clock() - started)

    def warm_up(self) -> None:
        """Open `pool_min_size` connections, or raise what hinders it."""
        leases: list[Lease] = []
        try:
            while len(leases) < self._keep:
                leases.append(self.acquire())
        finally:
            for lease in leases:
                self.release(lease, True)  # noqa: FBT003 - untouched, so clean

    def close(self, deadline: float | None = None) -> None:  # noqa: ARG002 - closing is bounded by the driver
        """Lend no more, and close what is idle; leased connections are dropped when they return."""
        for slot in self._retire():
            self._close(slot, "pool was closed")
        self._sweep()
