"""What is said of an error, and its exit code. No traceback, and no text that is not ours."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING

from sqlspec.errors import (
    AmbiguousConfigError,
    ConfigNotFoundError,
    ConfigSourceError,
    SQLSpecError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("FINE", "INTERRUPTED", "PROBLEM", "WRONG_USAGE", "exit_code", "lines_of", "notes_of")

FINE, PROBLEM, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
_USAGE = (AmbiguousConfigError, ConfigNotFoundError, UsageError)


def exit_code(error: BaseException) -> int:
    """2 for what was typed wrong, 1 for what went wrong."""
    return WRONG_USAGE if isinstance(error, _USAGE) else PROBLEM


def lines_of(error: BaseException) -> list[str]:
    """What to print of an error. A text that is not ours may hold a secret, so it is not shown."""
    if isinstance(error, ConfigSourceError):
        return [str(one) for one in error.exceptions]
    if isinstance(error, _USAGE) or type(error) is SQLSpecError:
        return [str(error), *getattr(error, "__notes__", ())]
    if isinstance(error, SQLSpecError):
        return [f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())]
    if isinstance(error, BaseExceptionGroup):
        return [line for one in error.exceptions for line in lines_of(one)]
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return [f"{where}{error.strerror}"]
    return [
        f"{type(error).__name__} in {_place_of(error)}. This is a fault of the program; its text is not shown"
    ]


def notes_of(interruption: BaseException) -> list[str]:
    """What was noted on an interruption, or on the cancellation that it became in the event loop."""
    return [note for exc in _chain(interruption) for note in getattr(exc, "__notes__", ())]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _place_of(error: BaseException) -> str:
    frames = extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an unknown place"
