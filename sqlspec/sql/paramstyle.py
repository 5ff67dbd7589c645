"""Render placeholders in the style a driver reads, by PEP 249's words plus `numeric_dollar`.

| paramstyle | `?` becomes | `:name` becomes | the driver gets |
|---|---|---|---|
| qmark | `?` | `?`, repeated | a tuple |
| numeric_dollar | `$1`, `$2`, … | one number for each name | a tuple |
| format | `%s` | `%s`, repeated | a tuple |
| pyformat | `%s` | `%(name)s` | a tuple, or the mapping itself |
| named | `:p1`, `:p2`, … | `:name` | a dict, or the mapping itself |
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlspec.errors import ParameterError

from ._lexer import IDENT, continues_identifier
from .statement import Named, NativeNamed, NativePositional, Numbered, Ordered, Positional, Statement

if TYPE_CHECKING:
    from collections.abc import Callable


class Paramstyle(Struct, frozen=True):
    """How one style writes placeholders."""

    positional: Callable[[int], list[str]]  # as many marks as there are `?`
    named: str  # a format of {name} and {number}
    by_name: bool = False  # the driver takes mappings where the text has names
    numbered: bool = False  # … and mappings where it has `?`, too
    reuses: bool = False  # a name that comes twice is one parameter
    tight: bool = False  # a mark would grow together with the identifier or digit beside it
    percent: bool = False  # a literal % is written %%
    dollar_numbers: bool = False  # $1 is the driver's own


def _repeat(mark: str) -> Callable[[int], list[str]]:
    return lambda count: [mark] * count


def _count(prefix: str) -> Callable[[int], list[str]]:
    def marks(count: int) -> list[str]:
        return [f"{prefix}{number}" for number in range(1, count + 1)]

    ready = marks(64)  # mostly a slice of these will do
    return lambda count: ready[:count] if count <= len(ready) else marks(count)


PARAMSTYLES = {
    "qmark": Paramstyle(_repeat("?"), "?"),
    "numeric_dollar": Paramstyle(_count("$"), "${number}", reuses=True, tight=True, dollar_numbers=True),
    "format": Paramstyle(_repeat("%s"), "%s", percent=True),
    "pyformat": Paramstyle(_repeat("%s"), "%({name})s", by_name=True, percent=True),
    "named": Paramstyle(_count(":p"), ":{name}", by_name=True, numbered=True, tight=True),
}

_OWN_PERCENT = re.compile(r"%(?:%|\([^()%]*+\)[sbt]|[sbt])")
_TIGHT = re.compile(rf"\?(?:(?<={IDENT}\?)|(?={IDENT}))")


def own_marks(parts: list[str], style: Paramstyle) -> list[str]:
    """The driver's %s or %(name)s of a text without `?` and `:name`, outside of literals and comments."""
    if not style.percent:
        return []
    return [mark for part in parts[::2] for mark in _OWN_PERCENT.findall(part) if mark != "%%"]


def is_tight(sql: str) -> bool:
    """Whether a question mark touches an identifier or a digit."""
    return _TIGHT.search(sql) is not None


def put(parts: list[str], index: int, mark: str, style: Paramstyle) -> None:
    """Place a mark, apart from neighbours it would grow together with: LIMIT? is not LIMIT$1."""
    if style.tight:
        before = " " if continues_identifier(parts[index - 1][-1:]) else ""
        after = " " if continues_identifier(parts[index + 1][:1]) else ""
        mark = f"{before}{mark}{after}"
    parts[index] = mark


def positional(sql: str, text: str, count: int, verb: str, style: Paramstyle) -> Statement:
    """The statement of a text written with `?`."""
    kind = Numbered if style.numbered else Positional
    return kind(sql, text, "qmark", count, (), verb)


def named(sql: str, text: str, names: list[str], verb: str, style: Paramstyle) -> Statement:
    """The statement of a text written with `:name`; `names` has every occurrence."""
    unique = tuple(dict.fromkeys(names))
    if style.by_name:
        return Named(sql, text, "named", len(unique), unique, verb)
    order = unique if style.reuses else tuple(names)
    return Ordered(sql, text, "named", len(order), unique, verb, order)


def native(sql: str, text: str, marks: list[str], verb: str, *, numbered_sigils: bool) -> Statement:
    """The statement of a text written with the driver's own *marks*; raises ParameterError for two kinds."""
    names = {mark: name for mark in marks if (name := _name_of(mark, numbered_sigils=numbered_sigils))}
    counted = [mark for mark in marks if mark not in names]
    if not names:
        numbers = [int(mark[1:]) for mark in counted if mark[1:].isdecimal()]
        return NativePositional(sql, text, "native", max(numbers, default=len(counted)), (), verb)
    if counted:
        raise ParameterError(
            f"one text mixes placeholders of different styles: {counted[0]} and {next(iter(names))}"
        )
    unique = tuple(dict.fromkeys(names.values()))
    return NativeNamed(sql, text, "native", len(unique), unique, verb, tuple(names))


def _name_of(mark: str, *, numbered_sigils: bool) -> str:
    """The name by which a driver's own mark takes its value, empty if it takes it by position."""
    if mark[0] == "%":
        return mark[2:-2]
    is_number = mark[0] == "?" or (numbered_sigils and mark[1:].isdecimal())
    return "" if is_number else mark[1:]
