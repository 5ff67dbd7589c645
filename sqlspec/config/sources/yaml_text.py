"""YAML as data with places: only what every version of YAML reads in the same way.

PyYAML splits the text into events; no object is ever constructed. What makes YAML dangerous (aliases, merge
keys, tags) or surprising (`no`, `0755`, `1:30`) is refused with what to write instead.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlspec.config.sources.parsed import (
    MAX_NESTING,
    Parsed,
    UnreadableError,
    lines_and_columns,
    unreadable_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from yaml.events import Event, ScalarEvent

    from sqlspec.config.sources.parsed import Path

# Not as an extra of ours: the name of our distribution belongs to another project on the public index.
INSTALL = "pip install 'PyYAML>=6.0'"

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,399})|0x[0-9a-fA-F]{1,64}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,400}\.[0-9]{0,400}|\.[0-9]{1,400})(?:[eE][-+][0-9]{1,3})?")
# What some programs take for a number, a date or a boolean and others for a text, by what it looks like.
_SURPRISES = (
    ("a boolean", re.compile(r"y|n|yes|no|on|off", re.IGNORECASE)),
    ("an octal or binary number", re.compile(r"[-+]?0[0-9_]+|[-+]?0o[0-7]+|[-+]?0[bB][01_]+", re.ASCII)),
    ("a number to the base of 60", re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")),
    ("a date", re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*", re.DOTALL)),
    ("a number that is not finite", re.compile(r"[-+]?\.(?:inf|nan)", re.IGNORECASE)),
    ("a number", re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")),
    (
        "a number",
        re.compile(r"[-+]?(?:0[xX][0-9a-fA-F_]*|[0-9.]*[0-9][0-9_.]*_[0-9_.]*(?:[eE][-+]?[0-9]+)?)"),
    ),
    ("a value of its own", re.compile(r"=|<<")),
)
# What PyYAML says, by the beginnings that hold nothing of the file, and what we say.
_REASONS = {
    "found character '\\t'": "a tab can not stand here; indent with spaces",
    "found a tab character": "a tab can not stand here; indent with spaces",
    "could not find expected ':'": "expected : after a key, on its line",
    "mapping values are not allowed here": "a colon without a key; check the indentation, or quote the text",
    "did not find expected <document start>": "expected the end of the text, or a key at its line's start",
    "expected <block end>": "does not line up with the entries above it",
    "in brackets": "in brackets a text with ${…} stands in quotes",  # our own, for what is not understood
    "expected ',' or": "a bracket does not close",
    "found unexpected end of stream": "a text does not end",
    "found character": "a text that begins with this character stands in quotes",
    "found unknown escape character": "no such escape after \\; in single quotes it is a plain sign",
    "special characters are not allowed": "a control character, or half of a surrogate pair",
}


def parse(text: str) -> Parsed:
    """The data of a YAML text whose top is a mapping, or that is empty. Raises UnreadableError."""
    reader = _Reader(text)
    tables = reader.document()
    return Parsed(tables, lines_and_columns(text, reader.offsets))


class _Reader:
    """Reads events one after the other, `event` being the next."""

    def __init__(self, text: str) -> None:
        self.offsets: dict[Path, int] = {}
        self._text, self._depth, self._lists = text, 0, 0
        self._stream = _events(text)
        self._advance()

    def document(self) -> dict[str, Any]:
        self._advance()
        if self._is("StreamEnd"):
            return {}
        if self._event.version or self._event.tags:  # type: ignore[attr-defined] # a document's start has them
            self._refuse("% begins a directive, which is not used here")
        self._advance()
        self._check_plain()
        tables: Any = {} if self._is_nothing() else self._top()
        self._advance()
        if not self._is("StreamEnd"):
            self._refuse("a second document begins; write one for each file")
        return dict(tables)

    def _is_nothing(self) -> bool:
        event: Any = self._event
        return self._is("Scalar") and event.implicit[0] and not event.value and bool(self._advance())

    def _top(self) -> Any:
        if not self._is("MappingStart"):
            self._refuse("expected names with a colon after them, as in databases:")
        return self._value(())

    def _value(self, path: Path) -> Any:
        """The value that begins with this event; afterwards `event` is the one behind it."""
        self._check_plain()
        if self._is("Scalar"):
            return _scalar(self._text, self._advance())
        if self._depth == MAX_NESTING:
            self._refuse(f"nested deeper than {MAX_NESTING} levels")
        self._depth += 1
        is_mapping = self._is("MappingStart")
        self._advance()
        value: Any = self._mapping(path) if is_mapping else self._sequence(path)
        self._advance()
        self._depth -= 1
        return value

    def _check_plain(self) -> None:
        event: Any = self._event
        if self._is("Alias"):
            self._refuse("an alias (*name) is not read here; use extends, or write it out")
        if event.anchor is not None:
            self._refuse("an anchor (&name) is not read here; use extends, or write it out")
        if event.tag is not None:
            self._refuse("a tag (!name) is not read here; leave it out")

    def _mapping(self, path: Path) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while not self._is("MappingEnd"):
            start = _offset(self._event.start_mark)
            key = self._key()
            if key in table:
                raise unreadable_at(self._text, start, "the key is there already")
            if not self._lists:
                self.offsets[*path, key] = start
            table[key] = self._value((*path, key))
        return table

    def _key(self) -> str:
        self._check_plain()
        if not self._is("Scalar"):
            self._refuse("a key is a text, not a list or a table")
        event: Any = self._event
        if event.implicit[0] and event.value == "<<":
            self._refuse("a merge key (<<) is not read here; use extends")
        key = _scalar(self._text, event)
        if not isinstance(key, str):
            self._refuse("a key is a text; quote it")
        self._advance()
        return key

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        self._lists += 1
        while not self._is("SequenceEnd"):
            items.append(self._value(path))
        self._lists -= 1
        return items

    def _is(self, name: str) -> bool:
        return type(self._event).__name__ == f"{name}Event"

    def _advance(self) -> Any:
        """Go on to the next event; returns the one before."""
        passed = getattr(self, "_event", None)
        self._event: Event = next(self._stream)
        return passed

    def _refuse(self, reason: str) -> NoReturn:
        raise unreadable_at(self._text, _offset(self._event.start_mark), reason)


def _events(text: str) -> Iterator[Event]:
    yaml = _imported()
    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as exc:
        problem, offset = _said(exc)
    else:
        return
    # Raised outside the handler: the exception quotes the file.
    if text[offset - 1 : offset + 1] == "${":
        problem = "in brackets"
    raise unreadable_at(text, offset, _reason(problem))


def _imported() -> Any:
    with suppress(ImportError):
        import yaml

        return yaml
    raise UnreadableError(f"reading YAML needs PyYAML; run: {INSTALL}")


def _said(exc: Any) -> tuple[str, int]:
    mark = getattr(exc, "problem_mark", None)
    if mark is None:  # of the reader, which finds characters that no YAML has
        return str(getattr(exc, "reason", "")), int(getattr(exc, "position", 0))
    return str(exc.problem), _offset(mark)


def _reason(problem: str) -> str:
    for beginning, reason in _REASONS.items():
        if problem.startswith(beginning):
            return f"not YAML: {reason}"
    return "not YAML: can not be understood"


def _offset(mark: Any) -> int:
    return int(mark.index)


def _scalar(text: str, event: ScalarEvent) -> Any:
    """A quoted scalar is a text; a plain one is what every version of YAML takes it for."""
    word = event.value
    if not event.implicit[0]:
        return word
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return int(word, 16 if "x" in word else 10)
    if _FLOAT.fullmatch(word):
        return float(word)
    for meaning, pattern in _SURPRISES:
        if pattern.fullmatch(word):
            reason = f"not every YAML parser reads this as {meaning}; quote it, or write it in another way"
            raise unreadable_at(text, _offset(event.start_mark), reason)
    return word
