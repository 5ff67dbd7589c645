"""Leases that nobody holds any more, and die when they are told to."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlspec.pool.base import PoolBase

__all__ = ("CollectingLock", "Doomed", "collecting_at")


class Doomed:
    """Leases in garbage cycles: the collector finds them, one at each `kill`."""

    def __init__(self, leases: list[Any]) -> None:
        self._cells: list[list[Any]] = []
        self._is_collecting = False
        for lease in leases:
            cell: list[Any] = [lease]
            cell.append(cell)
            self._cells.append(cell)
        leases.clear()

    def __len__(self) -> int:
        return len(self._cells)

    def kill(self) -> None:
        """One lease dies here, by the collector, or inside of another's death."""
        if not self._cells:
            return
        cell = self._cells.pop()
        if self._is_collecting:
            cell.clear()
            return
        del cell
        self._is_collecting = True
        gc.collect()
        self._is_collecting = False


class CollectingLock:
    """A pool's lock, under which a lease dies at the start and at the end of every section."""

    def __init__(self, doomed: Doomed) -> None:
        self._lock, self._doomed = Lock(), doomed
        self._owner: int | None = None
        self.sections = 0

    def acquire(self, blocking: bool = True) -> bool:  # noqa: FBT002 - as threading's
        """As a lock does; but who would wait for himself is told so."""
        assert not (blocking and self._owner == get_ident()), "a deadlock"
        if not self._lock.acquire(blocking=blocking):
            return False
        self._owner = get_ident()
        self.sections += 1
        self._doomed.kill()
        return True

    def release(self) -> None:
        """As a lock does."""
        self._doomed.kill()
        self._owner = None
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


@contextmanager
def collecting_at(number: int, pool: PoolBase, doomed: Doomed) -> Generator[list[int]]:
    """A lease dies at the *number*-th step inside of the pool's locked sections; gives what is left to go.

    A pool for one thread has its say without the lock: there every step counts.
    """
    lock, left = pool._lock, [number]

    def step(_frame: object, _event: str, _function: object) -> None:
        if pool.is_confined or lock.locked():
            left[0] -= 1
            if left[0] == 0:
                doomed.kill()

    sys.setprofile(step)
    try:
        yield left
    finally:
        sys.setprofile(None)
