"""Which of many rows an error is of, or which statement of a script.

A second step of the authors' door, for adapters that override `execute_many`, `load` or `execute_script`.
"""

from __future__ import annotations

from typing import TypeVar

from .contract import PLACE as _PLACE

__all__ = ("with_place",)

_E = TypeVar("_E", bound=BaseException)


def with_place(exc: _E, place: int) -> _E:
    """Note on an error, the driver's or one of ours, of which row it is, or of which statement of a script.

    *place* is counted from 0 in what the method was given; the first one that was noted stands. Core says it
    in the error's text. Note none where it is not known.
    """
    exc.__dict__.setdefault(_PLACE, place)
    return exc
