# The source of _sync.py, which tools/print_sync.py prints from it.
"""The pool: lends connections, waits where it must, and trusts none that it has not looked at.

LIFO on the shelf, so that few backends stay warm; FIFO in the queue, so that nobody starves. No thread
of its own: connections are made by who needs them, and aged or cold ones closed by who comes past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.concurrency.deadlines import async_drop_after, async_within
from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.concurrency.waiters import AsyncWaiter

from .base import CLOSE_TIMEOUT, PING_TIMEOUT, PoolBase, async_is_confined

if TYPE_CHECKING:
    from .state import Lease, Slot

__all__ = ("AsyncPool", "async_queue")


class AsyncPool(PoolBase):
    """Connections of one config, for the tasks of one event loop."""

    is_confined = async_is_confined

    async def acquire(self, deadline: float | None = None) -> Lease:
        """Borrow a connection; give it back with `release`.

        Waits for a free one until *deadline* (monotonic seconds; default: `pool_timeout` from now) and
        raises `PoolTimeoutError`. A failed connect raises at once, and so does a full queue.
        """
        lease = self.start_acquire()
        if lease.connection is None:
            await self.finish_acquire(lease, deadline)
        return lease

    async def finish_acquire(self, lease: Lease, deadline: float | None = None) -> None:
        """The part of `acquire` that waits: in the queue, for a ping, for a new connection."""
        now, slot = self._clock(), lease.slot
        if slot is None:
            slot = await async_queue(self, lease, now, deadline)
            now = self._clock()  # what was handed over may have grown old while we waited
        # Ends with a connection that is good, or with room for a new one: each round closes one that is not.
        while slot.connection is not None:
            fault = await self._fault(slot, now)
            if fault is None:
                break
            now = self._clock()
            slot = self._exchange(lease, slot, now, fault)
        else:
            await self._open(slot)
        # Last: until here a lease that dies gives back a slot, and nothing that somebody may use.
        lease.connection = slot.connection
        if self._leak_threshold is not None:
            self._trace(slot)

    async def _fault(self, slot: Slot, now: float) -> str | None:
        """Why a connection must not be lent; it is closed then."""
        if not self._is_young(slot, now):
            return await self._retire_aged(slot)
        try:
            if slot.connection.is_usable():
                if self._pre_ping and now >= slot.fresh_until:
                    await self._ping(slot)
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

    async def _retire_aged(self, slot: Slot) -> str:
        try:
            await self._close_rested(slot, "aged")
        except BaseException:
            self._mark_closed(slot, "aged")  # interrupted: nobody is left to exchange it
            raise
        return "aged"

    async def _close_rested(self, slot: Slot, reason: str) -> None:
        """Close what nobody used for a while; who does it came for something else, and is not kept long."""
        # Where one was found dead, the server may not answer the close messages of the others.
        if slot.generation != self._state.generation:
            self._discard(slot, reason)
        elif not await self._close(slot, reason, PING_TIMEOUT):
            self._expire(slot.generation)

    async def _ping(self, slot: Slot) -> None:
        deadline = self._clock() + PING_TIMEOUT
        # The adapter keeps the deadline by itself; the timer is for a driver that does not wake up.
        timer = async_drop_after(PING_TIMEOUT, slot.connection)
        try:
            await slot.connection.check(deadline)
        finally:
            timer.cancel()

    async def _open(self, slot: Slot) -> None:
        started = self._clock()
        try:
            # Not shielded: whoever gives up while a connection is made has no use for it.
            connection = await async_within(self._connect(), self._connect_timeout)
        except BaseException as exc:
            self._mark_failed(slot, exc, started)
            raise
        self._fill(slot, connection, started)

    async def release(self, lease: Lease, ok: bool) -> None:
        """Give a connection back. *ok*: it is provably clean; else it is dropped. May be called twice."""
        if ok and self.try_release(lease):
            return
        slot, now = lease.slot, self._clock()
        if slot is None:  # given back; its return may have shown one that is cold
            await self._drop_cold(now)
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
                await self._close(slot, reason)
            else:
                self._discard(slot, reason)
        finally:
            self._mark_closed(slot, reason)
            # Only now, so that an interrupt before it leaves the lease lost, and the slot is found.
            lease.slot = None

    async def _drop_cold(self, now: float) -> None:
        slot = self._trim(now)
        if slot is not None:
            await self._close_rested(slot, "cold")

    async def _close(self, slot: Slot, reason: str, seconds: float = CLOSE_TIMEOUT) -> bool:
        """Send the close message. False: it was not answered in time."""
        started = self._clock()
        timer = async_drop_after(seconds, slot.connection)
        try:
            await slot.connection.disconnect()
        except BaseException as exc:
            self._discard(slot, reason)
            if not isinstance(exc, Exception) or is_interruption(exc):
                raise
            return False
        finally:
            timer.cancel()
        self._observe("closed", reason, self._clock() - started)
        return True

    async def warm_up(self) -> None:
        """Open `pool_min_size` connections, or raise what hinders it."""
        leases: list[Lease] = []
        try:
            # Counting what others hold: two that warm up at once must not wait for each other.
            while self.stats().size < self._keep:
                leases.append(await self.acquire())
        finally:
            for lease in leases:
                await self.release(lease, True)  # untouched, so clean

    async def close(self, deadline: float | None = None) -> None:
        """Lend no more, and close what is idle; leased connections are dropped when they return.

        Until *deadline* (monotonic seconds; default: ten from now). What is left then is dropped, and what
        does not answer its close message.
        """
        until = self._clock() + CLOSE_TIMEOUT if deadline is None else deadline
        dropped = self._retire()
        try:
            while dropped and (seconds := until - self._clock()) > 0:
                if not await self._close(dropped.pop(), "retired", seconds):
                    break
        finally:
            for slot in dropped:
                self._discard(slot, "retired")
            self._sweep()


async def async_queue(pool: PoolBase, lease: Lease, now: float, deadline: float | None) -> Slot:
    """Wait in the queue of *pool*, which need not be of the caller's kind, for a slot for *lease*."""
    # The queue is the one place that waits. All that it decides is decided under the pool's lock.
    until = now + pool.timeout if deadline is None else deadline
    waiter = AsyncWaiter(lease, now)
    try:
        slot: Slot | None = pool.enqueue(waiter, now)
        if slot is not None:
            return slot
        await waiter.wait(until)
    except BaseException:
        # Served and interrupted at once: what it was given goes to the next in the queue.
        pool.leave_early(waiter)
        raise
    slot = pool.leave(waiter)
    if slot is None:
        raise pool.timed_out(pool.now() - now)
    return slot
