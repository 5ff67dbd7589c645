"""What is printed, and how: tables for people, JSON for programs, and both to readers who leave early.

A table that is wider than the terminal is printed as records, a line for each value. Without a terminal it is
as wide as it has to be. Characters that would steer the terminal are shown, and not sent.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ("as_json", "close_output", "complain", "say", "say_json", "say_table", "shown")

_STYLES = {"ok": "green", "loaded": "green", "warning": "yellow", "broken": "red", "problem": "red"}
_GAP = 2


def say(text: str = "") -> None:
    """A line on stdout."""
    click.echo(text)


def complain(text: str) -> None:
    """A line on stderr."""
    click.echo(text, err=True)


def say_json(value: Any) -> None:
    """A value as JSON on stdout."""
    _quietly(as_json(value))


def as_json(value: Any) -> str:
    """JSON with indents. Numbers that JSON has not are texts, as are dates and decimals."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()


def say_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on stdout."""
    lines = [[shown(value) for value in row] for row in rows]
    console = Console(highlight=False, emoji=False, markup=False, soft_wrap=True)
    widths = [max(map(cell_len, column)) for column in zip(headers, *lines, strict=True)]
    whole = sum(widths) + _GAP * (len(widths) - 1)
    if console.is_terminal and whole > console.width:
        texts = _records(headers, lines)
    else:
        texts = [_line(row, widths, style) for row, style in _styled(headers, lines)]
    with console.capture() as printed:  # some versions of rich end the process when the reader has gone
        for text in texts:
            console.print(text)
    _quietly(printed.get().removesuffix("\n"))


def shown(value: object) -> str:
    """A value in a table, on one line and harmless."""
    if value is None:
        return ""
    text = value.hex() if isinstance(value, (bytes, bytearray, memoryview)) else str(value)
    if text.isprintable():
        return text
    return "".join(one if not _steers(one) else repr(one)[1:-1] for one in text)


def close_output() -> None:
    """Nobody reads stdout any more: send the rest nowhere, so that the end of the process is quiet, too."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def _quietly(text: str) -> None:
    try:
        say(text)
    except BrokenPipeError:
        close_output()


def _steers(one: str) -> bool:
    """Whether a character is one for terminals: controls, line ends, and those that turn the direction."""
    return unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _styled(headers: Sequence[str], lines: list[list[str]]) -> list[tuple[Sequence[str], str | None]]:
    return [(headers, "bold"), *((line, None) for line in lines)]


def _line(row: Sequence[str], widths: Sequence[int], style: str | None) -> Text:
    text = Text(style=style or "")
    last = len(row) - 1
    for place, (value, width) in enumerate(zip(row, widths, strict=True)):
        text.append(value, style=None if style else _STYLES.get(value))
        if place < last:
            text.append(" " * (width - cell_len(value) + _GAP))
    text.rstrip()
    return text


def _records(headers: Sequence[str], lines: list[list[str]]) -> list[Text]:
    width = max(map(cell_len, headers), default=0)
    texts: list[Text] = []
    for row in lines:
        if texts:
            texts.append(Text())
        for name, value in zip(headers, row, strict=True):
            text = Text(name + " " * (width - cell_len(name) + _GAP), style="bold")
            text.append(value, style=_STYLES.get(value, "not bold"))
            texts.append(text)
    return texts
