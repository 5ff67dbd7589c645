"""How far a long command is: on stderr, and only if that is a terminal."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from .output import complain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Advance = Callable[[int, int], None]

__all__ = ("progress", "report", "undone_on_error")


@contextmanager
def progress(what: str, total: int | None) -> Generator[Advance]:
    """A bar with the number of rows, their rate and the time left; *total* is in any unit, None if unknown.

    Gives the function to call with the rows so far, and what is done of *total*.
    """
    console = Console(stderr=True)
    columns = [BarColumn(bar_width=None), TextColumn("{task.fields[rows]}", markup=False)]
    if total:
        columns = [TaskProgressColumn(), *columns, TimeRemainingColumn(compact=True)]
    started, shown = time.monotonic(), 0.0
    with Progress(
        *columns,
        console=console,
        transient=True,
        expand=True,
        disable=not sys.stderr.isatty(),
        refresh_per_second=5,
    ) as bar:
        task = bar.add_task(what, total=total or None, rows="")

        def advance(rows: int, done: int) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown > 0.1:  # noqa: PLR2004 - faster than this nobody reads
                shown = now
                bar.update(task, completed=done, rows=_rate(rows, now - started))

        yield advance


def report(verb: str, rows: int, started: float) -> None:
    """The last line, of what is done and stored."""
    seconds = time.monotonic() - started
    complain(f"{verb} {rows} rows in {seconds:.1f} s")


@contextmanager
def undone_on_error(place: object) -> Generator[None]:
    """Say of whatever ends the block early that *place* is as it was: its transaction is rolled back."""
    try:
        yield
    except (Exception, asyncio.CancelledError) as exc:
        exc.add_note(f"nothing was changed in {place}")
        raise


def _rate(rows: int, seconds: float) -> str:
    return f"{rows:,} rows, {rows / seconds if seconds else 0:,.0f}/s"
