"""Which file a path means. No driver here: configs ask it when they are registered."""

from __future__ import annotations

import os

__all__ = ("MEMORY", "real_path", "same_file")

MEMORY = ":memory:"


def real_path(path: str) -> str:
    """The one path of a file, wherever we are and whatever links lead to it."""
    return os.path.realpath(path)  # as DuckDB gets it


def same_file(one: str, other: str) -> bool:
    """Whether two paths mean one file, hard links included; it need not be there yet."""
    if real_path(one) == real_path(other):
        return True
    try:
        return os.path.samefile(one, other)  # noqa: PTH121 - of two strings
    except OSError:
        return False
