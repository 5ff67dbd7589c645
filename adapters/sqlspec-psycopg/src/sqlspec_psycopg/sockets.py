"""Looking at an idle socket: without reading, and without waiting."""

from __future__ import annotations

import select
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("readable_check",)


def readable_check(fileno: int) -> Callable[[], object]:
    """A function that is true when there is something to read, or the other side has closed."""
    if hasattr(select, "poll"):  # not on Windows
        poll = select.poll()
        poll.register(fileno, select.POLLIN)
        return partial(poll.poll, 0)
    return lambda: select.select([fileno], [], [], 0)[0]
