"""A lease: one borrowed connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .state import Slot

__all__ = ("Lease",)


class Lease:  # no __init__ and no Struct: one is made for every borrower, and its attributes are set at once
    """One borrowed connection; it is given back by its pool's `release`.

    Made before there is anything to lend, and watched from then on: when it is dropped instead of
    returned, its slot goes back to the pool.
    """

    slot: Slot | None = None
    """What it holds of the pool; None before it was served, and after it was given back."""
    connection: Any = None
