"""A lease: one borrowed connection, and the net under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from typing import Any

    from .base import PoolBase
    from .state import Slot

__all__ = ("Lease",)


class Lease(msgspec.Struct, eq=False):  # a Struct, because it is made for every borrower, and in C
    """One borrowed connection. Given back by `release`; if dropped instead, the pool takes the slot back."""

    connection: Any
    slot: Slot
    pool: PoolBase | None
    stack: str | None = None
    """Where it was acquired, when the config sets `leak_detection_threshold`."""

    def __del__(self) -> None:
        # May run inside any locked section of the pool, in any thread: so no lock, and no driver.
        pool = self.pool
        if pool is not None:
            self.pool = None
            pool.lost(self.slot, self.stack)
