"""Forks: what a child process inherits and must not use as it is. The one place that listens for them.

A connection belongs to the process that opened it. In a forked child every guard is set to "inherited", so
that the check which each call makes anyway refuses it; and the connection is never freed there, because
freeing it would close the parent's (SQLite rolls back, other drivers send a close message).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from .guard import CallGuard

__all__ = ("Living", "keep_for_ever", "renew_locks_of", "restart_in_child", "retire_in_child", "watch")

T = TypeVar("T")


class Guarded(Protocol):
    """A connection."""

    @property
    def guard(self) -> CallGuard:
        """Who is inside."""
        ...

    def abandon(self) -> None:
        """Make the driver's objects refuse."""
        ...


class Living(dict[ref[Any], T]):
    """What is alive of the things that were put here, each with a value. Nothing lives longer for it.

    When one of them dies no code of Python runs, as it would in a `WeakKeyDictionary`: it may die anywhere,
    in a collection of garbage too, and the exception of a signal that arrives there would reach nobody.
    """

    def put(self, thing: Any, value: T) -> None:
        """Keep *value* for as long as *thing* lives."""
        self[ref(thing, self.pop)] = value

    def living(self) -> list[tuple[Any, T]]:
        """The things, in the order in which they came, and their values."""
        found = ((each(), value) for each, value in self.copy().items())
        return [(thing, value) for thing, value in found if thing is not None]


# Connections, not their guards: a dict can not be held weakly.
_locked: Living[Callable[[Any], None]] = Living()
_connections: Living[None] = Living()
_pooled: Living[Callable[[Any], None]] = Living()
_restarted: Living[Callable[[Any], None]] = Living()


def renew_locks_of(thing: T, renew: Callable[[T], None]) -> None:
    """In a child *renew* makes new locks for *thing*: the threads that held its own are not there."""
    _locked.put(thing, renew)


def watch(connection: Guarded) -> None:
    """In a child *connection* is refused, and never freed."""
    _connections.put(connection, None)


def retire_in_child(thing: T, forget: Callable[[T], None]) -> None:
    """In a child *forget* lets *thing* go of its pools, without touching a connection."""
    _pooled.put(thing, forget)


def restart_in_child(thing: T, restart: Callable[[T], None]) -> None:
    """In a child, when all else is in order, *restart* may start a thread for *thing*."""
    _restarted.put(thing, restart)


def keep_for_ever(thing: object) -> None:
    """Never free *thing*, which the parent still uses."""
    # A list would not do: the interpreter empties it at its end.
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _after_fork_in_child() -> None:
    # What is garbage already must not be closed before it is known to be inherited.
    import gc  # built in; `import sqlspec` does without it

    is_collecting = gc.isenabled()
    gc.disable()
    try:
        _disown()
    finally:
        if is_collecting:
            gc.enable()
    for thing, restart in _restarted.living():
        restart(thing)


def _disown() -> None:
    # In this order: what comes later may take a lock, and a pool finds its connections disowned.
    for thing, renew in _locked.living():
        renew(thing)
    connections = [connection for connection, _ in _connections.living()]
    for connection in connections:
        connection.guard.inherit()
        keep_for_ever(connection)
    _connections.clear()
    for thing, forget in _pooled.living():
        forget(thing)
    for connection in connections:  # last: an adapter's own code
        connection.abandon()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork_in_child)
