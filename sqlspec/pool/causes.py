"""Why nothing became free: looked for after a caller has waited in vain, from what can be seen then."""

from __future__ import annotations

import gc
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

__all__ = ("nested_in", "shared_threads")

OURS = str(Path(__file__).parents[1])
# Names of threads that take one job after the other: of anyio, and of concurrent.futures and asyncio.
POOLED = re.compile(r"(AnyIO worker thread)|(.+)_\d+")


def nested_in(connections: Iterable[Any]) -> str | None:
    """Which function of the calling thread or task holds a session on one of *connections*, and where."""
    leased = {id(connection) for connection in connections if connection is not None}
    for frame in _callers():
        # A copy, because other threads may share what a frame of a module or a class calls its locals.
        if any(_is_open_on(value, leased) for value in list(frame.f_locals.values())):
            code = frame.f_code
            return f"{code.co_qualname} ({Path(code.co_filename).name}, line {frame.f_lineno})"
    return None


def _callers() -> Iterator[FrameType]:
    """The frames of the application that led here; those of the tasks that await each other, too."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - as `inspect` has it
    while frame is not None:
        if not frame.f_code.co_filename.startswith(OURS):
            yield frame
        frame = frame.f_back


def _is_open_on(value: object, leased: set[int]) -> bool:
    # Asked of the interpreter: an object of the application's is not to run code of its own here.
    if not any(id(held) in leased for held in gc.get_referents(value)):
        return False
    return getattr(value, "is_closed", True) is False


def shared_threads(waiting: set[int]) -> int:
    """How many threads the caller shares its thread pool with, itself included, if all are among *waiting*.

    Else 0. *waiting* holds the idents of threads that wait, or have just waited, for a connection.
    """
    group = _group_of(threading.current_thread())
    if group is None:
        return 0
    idents = {thread.ident for thread in threading.enumerate() if _group_of(thread) == group}
    return len(idents) if len(idents) > 1 and idents <= waiting else 0


def _group_of(thread: threading.Thread) -> str | None:
    match = POOLED.fullmatch(thread.name)
    return None if match is None else match[1] or match[2]
