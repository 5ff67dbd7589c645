"""Turns: who is inside a call on a connection, if anybody.

    token = object()
    try:
        if turn.setdefault(HELD, token) is not token: …    # somebody else is inside
        …
    finally:
        if turn[HELD] is token:
            del turn[HELD]

Not a lock: nobody waits for a turn, and whoever finds it taken must learn so, be it a task of the same
thread. And a signal's exception may come out of any call, that of `Lock.acquire` too, with the lock taken
and nobody the wiser; here the token tells whose turn it is. `setdefault` is one step for all threads, and
the two lines of the `finally` hold no call that a signal could come out of.
"""

from __future__ import annotations

from typing import Final

__all__ = ("HELD", "Turn")

HELD: Final = "held"


class Turn(dict[str, object]):
    """One connection's turn; see the head of this file."""

    __slots__ = ()

    def __missing__(self, key: str) -> None:
        """Nobody's."""
