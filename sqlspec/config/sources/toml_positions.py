"""Where the keys of a TOML text stand.

`tomllib` forgets positions. This scan finds them in a text that `tomllib` has accepted; it decides nothing
else, so a key that it missed would cost an error message its line and no more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlspec.config.sources.parsed import MAX_NESTING, lines_and_columns, unreadable_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from sqlspec.config.sources.parsed import Path

    Token: TypeAlias = tuple[str, str, int]

# A text that does not end counts to the end of its line or file: else each quote would search the rest anew.
_TOKEN = re.compile(
    r"""
    (?P<skip> [ \t\r]+ | \#[^\n]* )
  | (?P<newline> \n )
  | (?P<quoted> \"{3}(?:\\.|[^\\])*?(?:\"{3,5}|\Z) | '{3}.*?(?:'{3,5}|\Z)
              | "(?:\\[^\n]|[^"\\\n])*"? | '[^'\n]*'? )
  | (?P<mark> [\[\]{}=,] )
  | (?P<word> [^\s\[\]{}=,"'#]+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_MAX_PARTS = 64
_MAX_WORD = 1000
_DEPTH = {"[": 1, "{": 1, "]": -1, "}": -1}


def check_size(text: str) -> None:
    """Refuse what `tomllib` should not see; *text* may be anything. Raises UnreadableError.

    It takes time and memory by the square of a key's parts, so that a file of one such key would end the
    process; it recurses into brackets; of a number with too many digits it does not say the place, and of a
    text that does not end it names the end of the file.
    """
    parts = depth = 0
    for kind, token, start in _tokens(text):
        if kind == "mark":
            depth = max(0, depth + _DEPTH.get(token, 0))
        if kind in ("mark", "newline"):
            parts = 0
        else:
            parts += 1 if kind == "quoted" else token.count(".")
        if kind == "quoted" and not _ends(token):
            raise unreadable_at(text, start, "a text does not end")
        if parts > _MAX_PARTS:
            raise unreadable_at(text, start, "a key has too many parts")
        if depth > MAX_NESTING:
            raise unreadable_at(text, start, f"nested deeper than {MAX_NESTING} levels")
        if kind == "word" and len(token) > _MAX_WORD:
            raise unreadable_at(
                text, start, f"a key or value of more than {_MAX_WORD} characters without quotes"
            )


def _ends(quoted: str) -> bool:
    mark = quoted[:3] if quoted[:3] in ("'''", '"""') else quoted[0]
    return len(quoted) >= 2 * len(mark) and quoted.endswith(mark)


def positions(text: str) -> dict[Path, tuple[int, int]]:
    """Line and column of each key in *text* by its path; the first, if a table is opened several times."""
    scan = _Scan()
    for token in _tokens(text):
        scan.feed(token)
    scan.feed(("newline", "\n", len(text)))
    return lines_and_columns(text, scan.found)


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind is not None and kind != "skip":
            yield kind, match[0], match.start()


class _Scan:
    """A walk over tokens: either a key is being read or a value, at some depth of brackets."""

    def __init__(self) -> None:
        self.found: dict[Path, int] = {}
        self._table: Path = ()
        self._path: Path = ()
        self._key: list[Token] = []
        self._open: list[tuple[str, Path, Path]] = []
        self._in_value = self._in_header = False

    def feed(self, token: Token) -> None:
        kind, text, _ = token
        if kind == "newline":
            self._end_of_line()
        elif kind == "mark":
            self._value_mark(text) if self._in_value else self._key_mark(text)
        elif not self._in_value:
            self._key.append(token)

    def _end_of_line(self) -> None:
        if self._in_header:
            self._table = self._record(())
        if not self._open:
            self._expect_key()

    def _expect_key(self) -> None:
        self._key, self._in_value, self._in_header = [], False, False

    def _key_mark(self, mark: str) -> None:
        if mark == "=":
            self._path = self._record(self._table)
            self._in_value = True
        elif mark == "}":
            self._close()
        elif mark == "[":
            self._in_header = True

    def _value_mark(self, mark: str) -> None:
        if mark in "{[":
            self._open.append((mark, self._table, self._path))
        if mark == "{":
            self._table = self._path
            self._expect_key()
        elif mark in "}]":
            self._close()
        elif mark == "," and self._open[-1][0] == "{":
            self._expect_key()

    def _close(self) -> None:
        _, self._table, self._path = self._open.pop()
        self._in_value = True

    def _record(self, table: Path) -> Path:
        path = table + tuple(_names(self._key))
        for depth in range(len(table) + 1, len(path) + 1):
            self.found.setdefault(path[:depth], self._key[0][2])
        return path


def _names(key: list[Token]) -> Iterator[str]:
    for kind, text, _ in key:
        if kind == "quoted":
            yield _unquoted(text)
        else:
            yield from filter(None, text.split("."))


def _unquoted(text: str) -> str:
    import tomllib

    return str(tomllib.loads(f"key = {text}")["key"])
