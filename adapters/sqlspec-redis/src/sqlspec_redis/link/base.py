"""The part of a link that does not wait: who has it, what they did with it, and how it ends."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from sqlspec_redis.errors import mapped

if TYPE_CHECKING:
    from weakref import ref

    from sqlspec import SQLSpecError
    from sqlspec_redis.drivers import AsyncWaiter, Waiter
    from sqlspec_redis.pool.base import Lease

__all__ = ("LinkBase",)


class LinkBase:
    """What the pool lends. Core sees a connection in it, as far as it asks one anything."""

    connection: Any = None
    """redis-py's, once it is open."""
    raw: Any = None
    """The single-connection client, once somebody wanted it."""
    desk: Any = None
    """What its clients take for their pool."""

    def __init__(self, pool: Any, generation: int, now: float) -> None:
        self.pool, self.generation = pool, generation
        self.leased_since = self.idle_since = now
        self.expires = self.fresh_until = float("-inf")
        self.watch: ref[Lease] | None = None
        """Whose it is."""
        self.stack: str | None = None
        """Where it was acquired, when leaks are looked for."""
        self.spare: list[Any] = []
        """Its connection while it is a session's and not in use at this moment."""
        self.waiting: deque[Waiter | AsyncWaiter] = deque()
        """Who waits for it, or for another."""
        self.borrowed: dict[Any, Lease] = {}
        """More connections that its clients need at this moment."""
        self._in_session = False

    def serve(self) -> None:
        """A session begins: its client may use the connection."""
        self.spare.append(self.connection)
        self.desk.is_open = self._in_session = True

    def end(self) -> bool:
        """The borrower is done. True: nothing of what it did can be noticed by the next."""
        if self.connection is None:
            return False
        self._close_desks()
        # One that is not at hand is in use still: somebody kept a pipeline, or has a task at work.
        is_at_hand = bool(self.spare) or not self._in_session
        self.spare.clear()
        self._in_session = False
        if self.waiting:
            self.pool.send_away(self)
        if self.borrowed:
            self._take_back()
        return is_at_hand and self._is_clean()

    def _is_clean(self) -> bool:
        traces = self.connection.traces
        return bool(self.connection.is_open) and not traces.leave_anything(
            but_settings=self.pool.keeps_settings
        )

    def _take_back(self) -> None:
        borrowed, self.borrowed = self.borrowed, {}
        for lease in borrowed.values():
            self.pool.give_back(lease, is_good=False)

    @property
    def has_lost(self) -> bool:
        """Whether the server went away under it."""
        return self.connection is not None and self.connection.traces.is_lost

    def abort(self) -> None:
        """Drop it now; never waits."""
        if self.connection is not None:
            self.connection.drop()

    def forget(self) -> None:
        """In a forked child: let go of what is the parent's."""
        if self.connection is not None:
            self._close_desks()
            self.spare.clear()
            self.connection.forget()

    def _close_desks(self) -> None:
        self.desk.is_open = False
        if self.raw is not None:
            self.raw.connection_pool.is_open = False
            self.raw.connection = None

    # --- what core asks -------------------------------------------------------------------------

    def is_pristine(self) -> bool:
        """The pool looks itself when it comes back."""
        return True

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """The error of core's that means the same as redis-py's."""
        return mapped(exc)

    def interrupt(self, *, for_good: bool) -> None:
        """A command of Redis's is not stopped; the connection can be given up."""
        if for_good:
            self.abort()
