"""What a thread does with a pool while Ctrl-C comes."""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlspec.errors import ConnectError, PoolTimeoutError
from tests.pool.script import Clock, Driver, new_pool

if TYPE_CHECKING:
    from sqlspec.pool._sync import Pool

__all__ = ("ACTS", "Act")


class Act:
    """A pool of one connection, which is borrowed from the shelf and given back."""

    least = 12
    """As many steps there are, or more."""
    options: dict[str, Any] = {"pool_size": 1}  # noqa: RUF012 - read only

    def __init__(self) -> None:
        self.driver, self.clock = Driver(), Clock()
        self.pool: Pool = new_pool(self.driver, self.clock, **self.options)
        self.lease: Any = None

    def prepare(self) -> None:
        """What was before."""
        self.pool.release(self.pool.acquire(), True)

    def do(self) -> None:
        """What is interrupted."""
        self.pool.release(self.pool.acquire(), True)

    def judge(self) -> None:
        """Afterwards: one more borrower is served at once, and every slot is back."""
        self.lease = None
        gc.collect()
        self.driver.clear()
        pool = self.pool
        pool.release(pool.acquire(0.0), True)
        assert not pool._lock.locked()
        stats = pool.stats()
        assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)
        assert stats.size == stats.idle >= 1
        assert len(pool._state.idle) == len(set(pool._state.idle))
        assert all(slot.connection.raw.ended is None for slot in pool._state.idle)


class First(Act):
    """The first connection is made."""

    least = 20

    def prepare(self) -> None:
        """Nothing."""


class Fails(First):
    """It can not be made, and the next one can."""

    def do(self) -> None:
        self.driver.next("connect").fail()
        with suppress(ConnectError):
            self.pool.acquire()
        super().do()


class Unclean(Act):
    """It comes back in doubt, and is dropped."""

    least = 20

    def do(self) -> None:
        self.pool.release(self.pool.acquire(), False)


class Pinged(Act):
    """It rested, and is asked for a sign of life."""

    least = 20

    def do(self) -> None:
        self.clock.now += 60.0
        super().do()


class Dead(Pinged):
    """It gives none, and another is made."""

    least = 30

    def prepare(self) -> None:
        super().prepare()
        self.driver.next("ping").fail()


class Aged(Act):
    """It is too old, and another is made."""

    least = 30

    def prepare(self) -> None:
        super().prepare()
        self.pool._state.idle[0].expires = self.pool._state.idle[0].fresh_until = 0.0


class Cold(Act):
    """One of two has grown cold."""

    least = 15
    options = {"pool_size": 2, "pool_idle_timeout": 10.0}  # noqa: RUF012

    def prepare(self) -> None:
        both = [self.pool.acquire(), self.pool.acquire()]
        for lease in both:
            self.pool.release(lease, True)
        self.pool._state.idle[0].idle_since -= 60.0


class InVain(Act):
    """The only one is lent: the queue, and away again."""

    least = 20

    def do(self) -> None:
        self.lease = self.pool.acquire()
        with suppress(PoolTimeoutError):
            self.pool.acquire(0.0)
        self.pool.release(self.lease, True)


class Lost(Act):
    """A lease is dropped: its finaliser is interrupted."""

    least = 12

    def do(self) -> None:
        self.lease = self.pool.acquire()
        self.lease = None
        super().do()


class Looked(Act):
    """The counts are read, and everything made until now is given up."""

    least = 12

    def do(self) -> None:
        self.pool.stats()
        self.pool.expire()
        super().do()


ACTS: tuple[type[Act], ...] = (Act, First, Fails, Unclean, Pinged, Dead, Aged, Cold, InVain, Lost, Looked)
