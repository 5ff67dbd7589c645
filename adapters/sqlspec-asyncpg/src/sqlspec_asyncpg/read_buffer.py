"""One buffer for each event loop, which all of its connections read into.

A loop reads from one connection at a time, and what was read is copied out before it reads again. Without a
buffer of ours asyncio allocates 256 KiB for every read, which may take 40 µs each time.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

__all__ = ("read_buffer_of",)

SIZE = 64 * 1024

_buffers: WeakKeyDictionary[AbstractEventLoop, memoryview] = WeakKeyDictionary()


def read_buffer_of(loop: AbstractEventLoop) -> memoryview:
    """The buffer of *loop*. On Windows each connection has its own, for there a read waits in the buffer."""
    if sys.platform == "win32":
        return memoryview(bytearray(SIZE))
    return _buffers.get(loop) or _buffers.setdefault(loop, memoryview(bytearray(SIZE)))
