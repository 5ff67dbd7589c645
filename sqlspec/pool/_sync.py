# Printed from _async.py by tools/print_sync.py; do not edit.
"""The pool: lends connections, waits where it must, and trusts none that it has not looked at.

LIFO on the shelf, so that few backends stay warm; FIFO in the queue, so that nobody starves. No thread
of its own: connections are made by who needs them, and aged or cold ones closed by who comes past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.concurrency.deadlines import drop_after, within
from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.concurrency.waiters import Waiter

from .base import CLOSE_TIMEOUT, PING_TIMEOUT, PoolBase, is_confined

if TYPE_CHECKING:
    from .state import Lease, Slot

__all__ = ("Pool", "queue")


class Pool(PoolBase):
    """Connections of one config, for the tasks of one event loop."""

    is_confined = is_confined

    def acquire(self, deadline: float | None = None) -> Lease:
        """Borrow a connection; give it back with `release`.

        Waits for a free one until *deadline* (monotonic seconds; default: `pool_timeout` from now) and
        raises `PoolTimeoutError`. A failed connect raises at once, and so does a full queue.
        """
        lease = self.start_acquire()
        if lease.connection is None:
            self.finish_acquire(lease, deadline)
        return lease

    def finish_acquire(self, lease: Lease, deadline: float | None = None) -> None:
        """The part of `acquire` that waits: in the queue, for a ping, for a new connection."""
        now, slot = self._clock(), lease.slot
        if slot is None:
            slot = queue(self, lease, now, deadline)
            now = self._clock()  # what was handed over may have grown old while we waited
        # Ends with a connection that is good, or with room for a new one: each round closes one that is not.
        while slot.connection is not None:
            fault = self._fault(slot, now)
            if fault is None:
                break
            now = self._clock()
            slot = self._exchange(lease, slot, now, fault)
        else:
            self._open(slot)
        # Last: until here a lease that dies gives back a slot, and nothing that somebody may use.
        lease.connection = slot.connection
        if self._leak_threshold is not None:
            self._trace(slot)

    def _fault(self, slot: Slot, now: float) -> str | None:
        """Why a connection must not be lent; it is closed then."""
        if not self._is_young(slot, now):
            return self._retire_aged(slot)
        try:
            if slot.connection.is_usable():
                if self._pre_ping and now >= slot.fresh_until:
                    self._ping(slot)
                return None
        except BaseException as exc:
            if not isinstance(exc, Exception) or is_interruption(exc):
                # Interrupted in the middle of a ping: in doubt, so it serves no longer.
                self._discard(slot, "dead")
                self._mark_closed(slot, "dead")
                raise
            self._note_dead(slot, exc)  # no error of the caller: the next one serves
        self._discard(slot, "dead")
        return "dead"

    def _retire_aged(self, slot: Slot) -> str:
        try:
            self._close_rested(slot, "aged")
        except BaseException:
            self._mark_closed(slot, "aged")  # interrupted: nobody is left to exchange it
            raise
        return "aged"

    def _close_rested(self, slot: Slot, reason: str) -> None:
        """Close what nobody used for a while; who does it came for something else, and is not kept long."""
        # Where one was found dead, the server may not answer the close messages of the others.
        if slot.generation != self._state.generation:
            self._discard(slot, reason)
        elif not self._close(slot, reason, PING_TIMEOUT):
            self._expire(slot.generation)

    def _ping(self, slot: Slot) -> None:
        deadline = self._clock() + PING_TIMEOUT
        # The adapter keeps the deadline by itself; the timer is for a driver that does not wake up.
        timer = drop_after(PING_TIMEOUT, slot.connection)
        try:
            slot.connection.check(deadline)
        finally:
            timer.cancel()

    def _open(self, slot: Slot) -> None:
        started = self._clock()
        try:
            # Not shielded: whoever gives up while a connection is made has no use for it.
            connection = within(self._connect(), self._connect_timeout)
        except BaseException as exc:
            self._mark_failed(slot, exc, started)
            raise
        self._fill(slot, connection, started)

    def release(self, lease: Lease, ok: bool) -> None:
        """Give a connection back. *ok*: it is provably clean; else it is dropped. May be called twice."""
        if ok and self.try_release(lease):
            return
        slot, now = lease.slot, self._clock()
        if slot is None:  # given back; its return may have shown one that is cold
            self._drop_cold(now)
            return
        if self._leak_threshold is not None:
            self._check_held(slot, now)
        with self._lock:
            serves = self._state.release(lease, slot, now, ok)
        self._look_after()
        if serves:
            return
        reason = self._reason(is_good=ok)
        # One that broke in somebody's hands says that the server went away, and the idle ones with it.
        if slot.connection.is_broken:
            self._expire(slot.generation)
        try:
            if ok:
                self._close(slot, reason)
            else:
                self._discard(slot, reason)
        finally:
            self._mark_closed(slot, reason)
            # Only now, so that an interrupt before it leaves the lease lost, and the slot is found.
            lease.slot = None

    def _drop_cold(self, now: float) -> None:
        slot = self._trim(now)
        if slot is not None:
            self._close_rested(slot, "cold")

    def _close(self, slot: Slot, reason: str, seconds: float = CLOSE_TIMEOUT) -> bool:
        """Send the close message. False: it was not answered in time."""
        started = self._clock()
        timer = drop_after(seconds, slot.connection)
        try:
            slot.connection.disconnect()
        except BaseException as exc:
            self._discard(slot, reason)
            if not isinstance(exc, Exception) or is_interruption(exc):
                raise
            return False
        finally:
            timer.cancel()
        self._observe("closed", reason, self._clock() - started)
        return True

    def warm_up(self) -> None:
        """Open `pool_min_size` connections, or raise what hinders it."""
        leases: list[Lease] = []
        try:
            # Counting what others hold: two that warm up at once must not wait for each other.
            while self.stats().size < self._keep:
                leases.append(self.acquire())
        finally:
            for lease in leases:
                self.release(lease, True)  # untouched, so clean

    def close(self, deadline: float | None = None) -> None:
        """Lend no more, and close what is idle; leased connections are dropped when they return.

        Until *deadline* (monotonic seconds; default: ten from now). What is left then is dropped, and what
        does not answer its close message.
        """
        until = self._clock() + CLOSE_TIMEOUT if deadline is None else deadline
        dropped = self._retire()
        try:
            while dropped and (seconds := until - self._clock()) > 0:
                if not self._close(dropped.pop(), "retired", seconds):
                    break
        finally:
            for slot in dropped:
                self._discard(slot, "retired")
            self._sweep()


def queue(pool: PoolBase, lease: Lease, now: float, deadline: float | None) -> Slot:
    """Wait in the queue of *pool*, which need not be of the caller's kind, for a slot for *lease*."""
    # The queue is the one place that waits. All that it decides is decided under the pool's lock.
    until = now + pool.timeout if deadline is None else deadline
    waiter = Waiter(lease, now)
    try:
        slot: Slot | None = pool.enqueue(waiter, now)
        if slot is not None:
            return slot
        waiter.wait(until)
    except BaseException:
        # Served and interrupted at once: what it was given goes to the next in the queue.
        pool.leave_early(waiter)
        raise
    slot = pool.leave(waiter)
    if slot is None:
        raise pool.timed_out(pool.now() - now)
    return slot
