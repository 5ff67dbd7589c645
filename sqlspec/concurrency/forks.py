"""Forks: what a child process must not touch.

A connection belongs to the process that opened it. In a forked child every guard is set to "inherited", so
that the check which each call makes anyway refuses it; and the connection is never freed there, because
freeing it would close the parent's (SQLite rolls back, other drivers send a close message).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from .guard import CallGuard

__all__ = ("watch",)


class Guarded(Protocol):
    """A connection."""

    @property
    def guard(self) -> CallGuard:
        """Who is inside."""
        ...

    def abandon(self) -> None:
        """Make the driver's objects refuse."""
        ...


# The connections, not their guards: a dict can not be held weakly.
_living: WeakSet[Guarded] = WeakSet()


def watch(connection: Guarded) -> None:
    """Remember *connection* for as long as it lives."""
    _living.add(connection)


def _after_fork_in_child() -> None:
    inherited = list(_living)
    for connection in inherited:
        connection.guard.inherit()
        _keep_for_ever(connection)
    _living.clear()
    for connection in inherited:  # last: an adapter's own code
        connection.abandon()


def _keep_for_ever(thing: object) -> None:
    # A list would not do: the interpreter empties it at its end.
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork_in_child)
