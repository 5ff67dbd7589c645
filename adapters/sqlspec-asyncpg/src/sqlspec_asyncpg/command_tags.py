"""The tag that ends the answer to a command, as in `INSERT 0 3`."""

from __future__ import annotations

from typing import Any

__all__ = ("row_count",)


def row_count(tag: Any) -> int:
    """The number at the end of a tag; -1 for one without, as `CREATE TABLE`."""
    last = tag.split()[-1] if tag else ""
    return int(last) if last.isdigit() else -1
