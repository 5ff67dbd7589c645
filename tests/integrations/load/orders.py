"""What each order does, by its number: the client, the shop and the judge agree on it."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ("REFUSED", "STORED", "Ending", "ending_of", "is_vanishing")

Ending: TypeAlias = Literal["well", "stream", "crash", "refuse", "commit"]
"""How the endpoint ends: with an answer, with a streamed one, with an exception, with an HTTPException, with
work whose COMMIT fails."""

STORED = 201
"""The status of an order that was taken."""
REFUSED = 403
"""That of the HTTPException."""

# One in ten fails in the body, one in ten at COMMIT; one in twenty of all vanishes.
_ENDINGS: dict[int, Ending] = {3: "crash", 13: "refuse", 7: "commit", 17: "commit", 5: "stream", 15: "stream"}


def ending_of(number: int) -> Ending:
    """How the order of this number ends."""
    return _ENDINGS.get(number % 20, "well")


def is_vanishing(number: int) -> bool:
    """Whether its client goes away without waiting for the answer: one in 21, so of every ending some."""
    return number % 21 == 1
