"""What is done to sockets that redis-py, or asyncio, holds."""

from __future__ import annotations

from contextlib import suppress
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Any

from sqlspec.plugin.network import watch_socket

if TYPE_CHECKING:
    from asyncio import BaseTransport

__all__ = ("cut", "drop_transport", "is_readable")


def is_readable(descriptor: int) -> bool:
    """Whether something has come, be it the end; while nothing is asked, both mean that it is no good."""
    return bool(watch_socket(descriptor)())


def cut(sock: Any) -> None:
    """End a socket's traffic, which wakes a thread that waits there."""
    with suppress(OSError):
        sock.shutdown(SHUT_RDWR)


def drop_transport(transport: BaseTransport) -> None:
    """Drop a connection of asyncio's at once, also when its loop is closed already."""
    abort: Any = getattr(transport, "abort", transport.close)
    try:
        abort()
    except RuntimeError:  # the loop is closed, so nobody will ever do what was to be done later
        cut(transport.get_extra_info("socket"))
        inner = getattr(transport, "_sock", None)
        if inner is not None:
            inner.close()
            transport._sock = None  # type: ignore[attr-defined] # noqa: SLF001 # else it warns when it is freed
