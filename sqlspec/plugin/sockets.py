"""What network adapters do to their sockets: keep-alive, and a look without waiting.

A socket is told by its number, because event loops wrap theirs, and some wrappers refuse to set options.
"""

from __future__ import annotations

import sys
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("KeepAlive", "set_keepalive", "watch_socket")

MOST_PROBES = 5


class KeepAlive(NamedTuple):
    """How TCP finds out that the other end has vanished. Whole seconds, as systems take them."""

    idle: int
    """Seconds of silence before the first probe."""
    interval: int
    """Seconds between probes."""
    probes: int
    """Unanswered probes after which the connection is broken."""

    @classmethod
    def of(cls, seconds: float) -> KeepAlive:
        """The first probe after *seconds* of silence, and the verdict before twice as long."""
        idle = ceil(seconds)
        return cls(idle, max(1, idle // (MOST_PROBES + 1)), min(MOST_PROBES, idle))

    def options(self) -> dict[int, int]:
        """The same as options of a socket, for the level `IPPROTO_TCP`."""
        import socket

        if sys.platform == "darwin":  # which has it under another name
            idle = socket.TCP_KEEPALIVE
        else:
            idle = socket.TCP_KEEPIDLE
        return {idle: self.idle, socket.TCP_KEEPINTVL: self.interval, socket.TCP_KEEPCNT: self.probes}


def set_keepalive(fileno: int, keepalive: KeepAlive | None) -> None:
    """Switch TCP keep-alive of a connected socket on, or off for None. A unix socket stays as it is."""
    import socket

    with socket.socket(fileno=socket.dup(fileno)) as own:  # options belong to the connection
        if own.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(keepalive is not None))
        for option, value in keepalive.options().items() if keepalive is not None else ():
            own.setsockopt(socket.IPPROTO_TCP, option, value)


def watch_socket(fileno: int) -> Callable[[], object]:
    """A look at a socket, without waiting: true if there is something to read, or the other end has closed.

    While nothing was asked both mean that the connection is of no use. The look is for one thread at a time,
    and not for a socket that was closed: its number may be another's by then.
    """
    import select

    if sys.platform == "win32":
        return lambda: select.select([fileno], [], [], 0)[0]
    poll = select.poll()  # select() would refuse large numbers
    poll.register(fileno, select.POLLIN)
    return partial(poll.poll, 0)
