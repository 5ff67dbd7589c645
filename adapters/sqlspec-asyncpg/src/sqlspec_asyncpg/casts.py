"""Statements with casts, for values that are of other types than the server infers."""

from __future__ import annotations

import re
from operator import is_
from typing import TYPE_CHECKING, Any

from sqlspec.plugin.postgresql import split_at_parameters

from .codecs import to_json
from .literals import to_text
from .misfits import cannot_take
from .parameter_types import TEXTS, fits, fits_all, is_settled, plain, type_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("ParameterFit", "is_inferable", "with_types")

MAX_KINDS = 64
MAX_TEXTS = 16
_PLACE = re.compile(r"\$[0-9]+")
# Behind these the server finds a type, whatever the value is.
_INFERABLE = re.compile(
    r"(?:(?:=|<|>|\bLIKE|\bILIKE|\bLIMIT|\bOFFSET|\bIN\s*\(|\bVALUES\s*\(|\)\s*,\s*\()\s*)\Z",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\s*(?:[-+*/%^|&#~<>=!@?\[.]|::)")
_NO_COLUMNS = frozenset(
    {"BY", "FETCH", "FROM", "HAVING", "LIMIT", "OFFSET", "ON", "SET", "USING", "VALUES", "WHERE"}
)
_JSON = frozenset({"json", "jsonb"})
_WORDS = re.compile(r"[A-Za-z_]+|[(),;]")

Variant = tuple[str, "Sequence[Any]"]
"""The text of a statement with casts, and its parameters."""


class ParameterFit:
    """What a prepared statement takes, by the types that the server inferred."""

    __slots__ = ("_statement", "_texts", "kinds", "types")

    def __init__(self, statement: str, types: Sequence[Any]) -> None:
        self._statement, self.types = statement, types
        self._texts: dict[tuple[str | None, ...], str] = {}
        self.kinds: set[tuple[type, ...]] = set()
        """Python types of parameters that asyncpg sends as they are, or refuses."""

    def takes(self, rows: Sequence[Sequence[Any]]) -> bool:
        """Whether all parameters of many rows can go as they are."""
        if set(map(len, rows)) != {len(self.types)}:
            return True  # asyncpg says how many there should be
        return all(
            fits_all(kind, column) for kind, column in zip(self.types, zip(*rows, strict=True), strict=True)
        )

    def variant(
        self,
        values: Sequence[Any],
        *,
        as_text: bool = False,
        refused: int | None = None,
        is_variant: bool = False,
    ) -> Variant | None:
        """A statement for values that do not fit, and the values for it; None if they do.

        *as_text*: by their texts, as in a COPY, and not by their types. *refused* is the place of one that
        asyncpg could not send. Raises `ParameterError` for values that PostgreSQL has nothing for.
        """
        if len(values) != len(self.types):
            return None
        python = tuple(map(type, values))
        if is_variant and python in self.kinds:
            return None
        if all(map(is_settled, self.types, python)):
            if len(self.kinds) < MAX_KINDS:
                self.kinds.add(python)
            if refused is None and all(map(fits, self.types, values)):
                return None
        given = list(map(plain, values))
        casts: list[str | None] = [None] * len(given)
        for place, (kind, value) in enumerate(zip(self.types, given, strict=True)):
            if place == refused or not fits(kind, value):
                cast = _cast(kind, values[place], as_text=as_text)
                if cast is None:
                    raise cannot_take(place, kind.name, values[place])
                casts[place], given[place] = cast
        if not any(casts) and all(map(is_, given, values)):
            return None
        return self._text(tuple(casts)), given

    def _text(self, casts: tuple[str | None, ...]) -> str:
        if not any(casts):
            return self._statement
        if casts not in self._texts:
            if len(self._texts) >= MAX_TEXTS:
                self._texts.clear()
            self._texts[casts] = _with_casts(self._statement, casts)
        return self._texts[casts]


def with_types(statement: str, values: Sequence[Any]) -> Variant | None:
    """A statement that names the types of its values, for one whose types the server can not infer."""
    casts = [_known_type(place, value) for place, value in enumerate(values)]
    if not any(casts):
        return None
    return _with_casts(statement, [cast and f"::{cast}" for cast in casts]), list(map(plain, values))


def _known_type(place: int, value: Any) -> str | None:
    """The type of a value; `ParameterError` if it has neither one nor a text that can be sent."""
    if value is None:
        return None
    try:
        name = type_of(value)
        if name is None:
            _check(to_text(plain(value)))
    except (TypeError, ValueError):
        pass  # which may quote the value, and must not become the context of ours
    else:
        return name
    raise cannot_take(place, "text", value)


def _check(text: str) -> None:
    """Raise `ValueError` for what no text of PostgreSQL's holds."""
    if "\0" in text.encode().decode():
        raise ValueError


def is_inferable(statement: str) -> bool:
    """Whether the server finds a type for every parameter for sure, without knowing the value's."""
    parts, is_listed = split_at_parameters(statement), False
    for at in range(1, len(parts), 2):
        is_place = _PLACE.fullmatch(parts[at]) is not None
        if is_place and (parts[at + 1] or parts[at + 2 : at + 3] != ["::"]):
            is_listed = is_listed and parts[at - 1].strip() == ","
            if not (is_listed or _INFERABLE.search(parts[at - 1])) or _GOES_ON.match(parts[at + 1]):
                return False
        is_listed = is_place
    return True


def _cast(kind: Any, value: Any, *, as_text: bool) -> tuple[str, Any] | None:
    """How the server is told the type of a value, and the value as it is sent; None if it has no type."""
    try:
        return _cast_now(kind, value, as_text=as_text)
    except (TypeError, ValueError):
        return None


def _cast_now(kind: Any, value: Any, *, as_text: bool) -> tuple[str, Any]:
    value_of = plain(value)
    if kind.name in _JSON and isinstance(value_of, (dict, list, tuple)):
        return f"::text::{_name(kind)}", to_json(value_of)
    is_array = kind.kind == "array" and isinstance(value, (list, tuple))
    name = None if as_text or is_array else type_of(value)
    if name is not None:
        return f"::{name}", str(value_of) if name.startswith("text") else value_of
    text = to_text(list(value_of) if is_array else value_of)
    return ("::text" if kind.name in TEXTS else f"::text::{_name(kind)}"), text


def _name(kind: Any) -> str:
    name = kind.name.removesuffix("[]").replace('"', '""')
    brackets = "[]" if kind.kind == "array" else ""
    return f'"{kind.schema}"."{name}"{brackets}'


def _with_casts(statement: str, casts: Sequence[str | None]) -> str:
    parts = split_at_parameters(statement)
    for at in range(1, len(parts), 2):
        if _PLACE.fullmatch(parts[at]):
            cast = casts[int(parts[at][1:]) - 1]
            if cast:
                name = ' AS "?column?"' if _is_column(parts, at) else ""
                parts[at] = f"({parts[at]}{cast}){name}"
    return "".join(parts)


def _is_column(parts: Sequence[str], at: int) -> bool:
    """Whether a parameter is a column of the result by itself: a cast would give it another name."""
    after = "".join(parts[at + 1 :]).lstrip()
    if after and not re.match(r"[,;)]|(?:FROM|WHERE|UNION|ORDER|LIMIT|GROUP|FOR)\b", after, re.IGNORECASE):
        return False
    depth = 0
    for word in reversed(_WORDS.findall(" ".join(parts[:at:2]))):
        depth += (word == ")") - (word == "(")
        if depth < 0 or (not depth and word.upper() in _NO_COLUMNS):
            return False
        if not depth and word.upper() in {"SELECT", "RETURNING"}:
            return True
    return False
