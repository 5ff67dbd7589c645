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

__all__ = ("cause",)

OURS = str(Path(__file__).parents[1])
MOST_HELD = 100
"""Objects that a session refers to; what has more is a list or the like, and may be long."""
# Names of threads that take one job after the other: of anyio, and of concurrent.futures and asyncio.
POOLED = re.compile(r"(AnyIO worker thread)|(.+)_\d+")


def cause(connections: Iterable[Any], waiting: set[int], timed_out: dict[int, float], now: float) -> str:
    """Why nothing became free for the calling thread or task, as far as it can be seen, and what to do.

    *connections* are lent. *waiting*: the idents of the threads in the queue; *timed_out*: of those that have
    left it in vain, and when; the caller is added.
    """
    holder = _nested_in(connections)
    if holder is not None:
        return (
            f"The caller holds one itself, in {holder}: a session within a session needs a second "
            "connection. Use the one that is open, or end it first."
        )
    threads = _shared_threads(waiting | _recent(timed_out, now))
    if threads:
        return (
            f"All {threads} threads of this thread pool wait for a connection, so none is left to give "
            "one back. Let the event loop wait, with the sessions of sqlspec.integrations."
        )
    return "Raise pool_size, or look for sessions that are held too long."


def _recent(timed_out: dict[int, float], now: float) -> set[int]:
    """Those that time out together leave the queue one after the other."""
    timed_out[threading.get_ident()] = now
    for thread in [thread for thread, since in timed_out.copy().items() if since < now - 1]:
        timed_out.pop(thread, None)
    return set(timed_out)


def _nested_in(connections: Iterable[Any]) -> str | None:
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
    held = gc.get_referents(value)
    if len(held) > MOST_HELD or not any(id(one) in leased for one in held):
        return False
    return getattr(value, "is_closed", True) is False


def _shared_threads(waiting: set[int]) -> int:
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
