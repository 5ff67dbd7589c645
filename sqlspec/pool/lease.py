"""A lease: one borrowed connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from .state import Slot

__all__ = ("Lease",)


class Lease(msgspec.Struct, eq=False, weakref=True):  # a Struct, because it is made for every borrower, in C
    """One borrowed connection; it is given back by its pool's `release`.

    Made before there is anything to lend, and watched from then on: when it is dropped instead of
    returned, its slot goes back to the pool.
    """

    slot: Slot | None = None
    """What it holds of the pool; None before it was served, and after it was given back."""
    connection: Any = None
