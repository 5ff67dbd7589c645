"""JSON as data with places.

The standard library's parser tells neither where a key stands nor that one came twice, and recurses freely.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Any

from sqlspec.config.sources.parsed import MAX_NESTING, Parsed, lines_and_columns, unreadable_at

if TYPE_CHECKING:
    from typing import NoReturn

    from sqlspec.config.sources.parsed import Path

_BLANK = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[^\s\[\]{},:\"]+")
_WORDS = {"true": True, "false": False, "null": None}
_MAX_NUMBER = 400
_DECODER = JSONDecoder()


def parse(text: str) -> Parsed:
    """The data of a JSON text whose top is an object. Raises UnreadableError."""
    reader = _Reader(text)
    tables = reader.document()
    return Parsed(tables, lines_and_columns(text, reader.offsets))


def parse_value(text: str) -> Any:
    """A JSON value of any kind, for one that stands in a variable. Raises UnreadableError."""
    return _Reader(text).value_alone()


class _Reader:
    """Reads from left to right; `at` is the next character."""

    def __init__(self, text: str) -> None:
        self.offsets: dict[Path, int] = {}
        self._text, self._at, self._depth, self._lists = text, 0, 0, 0

    def document(self) -> dict[str, Any]:
        self._skip()
        if not self._text.startswith("{", self._at):
            self._refuse("expected an object: { … }")
        found: dict[str, Any] = self.value_alone()
        return found

    def value_alone(self) -> Any:
        self._skip()
        value = self._value(())
        if self._at < len(self._text):
            self._refuse("expected the end of the text")
        return value

    def _value(self, path: Path) -> Any:
        """The value that begins here, and the blanks after it."""
        match self._text[self._at : self._at + 1]:
            case "{":
                value: Any = self._nested(self._object, path)
            case "[":
                value = self._nested(self._array, path)
            case '"':
                value = self._string()
            case _:
                value = self._word()
        self._skip()
        return value

    def _nested(self, read: Any, path: Path) -> Any:
        if self._depth == MAX_NESTING:
            self._refuse(f"nested deeper than {MAX_NESTING} levels")
        self._depth += 1
        self._advance()
        value = read(path)
        self._at += 1
        self._depth -= 1
        return value

    def _object(self, path: Path) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while not self._ends("}", first=not table):
            start = self._at
            if not self._text.startswith('"', start):
                self._refuse("expected a key in double quotes")
            key = self._string()
            if key in table:
                self._refuse("the key is there already", start)
            if not self._lists:
                self.offsets[*path, key] = start
            self._skip()
            if not self._text.startswith(":", self._at):
                self._refuse("expected : after a key")
            self._advance()
            table[key] = self._value((*path, key))
        return table

    def _array(self, path: Path) -> list[Any]:
        items: list[Any] = []
        self._lists += 1
        while not self._ends("]", first=not items):
            items.append(self._value(path))
        self._lists -= 1
        return items

    def _ends(self, bracket: str, *, first: bool) -> bool:
        """Whether the object or array ends here; passes the comma before another entry."""
        if self._text.startswith(bracket, self._at):
            return True
        if first and self._at < len(self._text):
            return False
        if not self._text.startswith(",", self._at):
            self._refuse(f"expected , or {bracket}")
        self._advance()
        if self._text.startswith(bracket, self._at):
            self._refuse(f"expected another entry after the comma, not {bracket}")
        return False

    def _string(self) -> str:
        value: str | None = None
        offset, said = 0, ""
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        except JSONDecodeError as exc:
            offset, said = exc.pos, exc.msg
        if value is None:
            # Raised outside the handler: the exception holds the whole document.
            self._refuse("a text does not end" if said.startswith("Unterminated") else "no JSON text", offset)
        return value

    def _word(self) -> Any:
        start, match = self._at, _WORD.match(self._text, self._at)
        word = match[0] if match else ""
        self._at += len(word)
        if word in _WORDS:
            return _WORDS[word]
        number = _NUMBER.fullmatch(word)
        if number is None or len(word) > _MAX_NUMBER:
            self._refuse("no JSON value; a text stands in double quotes", start)
        if number["fraction"] is None and number["exponent"] is None:
            return int(word)
        value = float(word)
        if abs(value) == float("inf"):
            self._refuse("a number is too large", start)
        return value

    def _advance(self) -> None:
        self._at += 1
        self._skip()

    def _skip(self) -> None:
        self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr] # matches anywhere

    def _refuse(self, reason: str, offset: int | None = None) -> NoReturn:
        raise unreadable_at(self._text, self._at if offset is None else offset, reason)
