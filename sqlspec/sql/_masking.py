"""Take the data out of a text: `?` for each literal, and no comments.

The lexer finds the tokens; here it is decided what of them may be shown. Where a text can be read in two
ways, more of it is hidden, or it ends there with `…`. What is masked twice is the same as masked once.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ._lexer import IDENT, comment_openings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dialect import Dialect

CUT = "…"

# Letters glued to a quote: E'', N'', X'', B'', U&'', _utf8''.
_PREFIX = re.compile(r"(?<![\w$])(?:[eEnNxXbB]|[uU]&|_\w+)\Z")
# 0xFF, 1_000, .5, 1.5e-3: all that begins with a digit, and what is glued to it. No digits of identifiers.
_NUMBER = re.compile(r"(?<![\w$])\.?\d[\w.$]*+(?:(?<=[eE])[-+]\d[\w.$]*+)?")
_BLANKS = re.compile(r"[ \t\n\r\f\v]+")
_MINUSES = re.compile(r"-(?=-)")
_WORD = re.compile(r"(?<![\w$.])[A-Za-z_]+")  # and not the end of a number
_STDIN = re.compile(rf"(?<!{IDENT})STDIN(?!{IDENT})", re.IGNORECASE)

# Their values may have the quotes of an identifier: PRAGMA key = "secret".
_QUOTED_VALUES = frozenset(("PRAGMA", "ATTACH"))
_EMPTY = frozenset(("", " "))
# Where SQLite may take a quoted name for a string: behind an operator, and in lists of values.
_OPERATOR = re.compile(r"(?:[=<>|]|\b(?:LIKE|GLOB|MATCH|REGEXP|THEN|ELSE))\s*\Z", re.IGNORECASE)
_LIST = re.compile(r"\b(VALUES|IN)\s*\(|\b(SELECT|SET|ON|WHERE|RETURNING|FROM)\b", re.IGNORECASE)


def mask(parts: list[str], dialect: Dialect, *, is_cut: bool) -> str:
    """The text of these parts without data; `is_cut` if there was more of it."""
    masked = ""
    for piece in _Masker(dialect).pieces(parts):
        # What was dropped between two blanks leaves one.
        masked += piece[1:] if piece[:1] == " " and masked[-1:] in _EMPTY else piece
    masked = masked.rstrip(" ")
    if is_cut and not masked.endswith(CUT):
        masked += CUT
    return _lists(dialect).sub(_one_literal, masked)


class _Masker:
    """What was seen of a text so far, as far as it matters to the rest."""

    def __init__(self, dialect: Dialect) -> None:
        self._strings = (*dialect.string_quotes, "$") if dialect.dollar_quotes else dialect.string_quotes
        self._comments = comment_openings(dialect)
        self._code = dialect.executable_comments
        self._closing = {pair[0]: pair[1] for pair in dialect.identifier_quotes}
        self._minuses = "-- " in dialect.line_comments  # two of them are a comment if a blank comes next
        self._verb = ""  # of the statement that the text has come to
        self._has_data = False  # that statement is COPY … FROM stdin
        self._is_over = False  # … and has ended
        self._in_code = False  # inside of an executable comment
        self._has_quoted_values = dialect.quoted_values
        self._list = ""  # VALUES or IN, whose list has begun
        self._is_value = False  # a value comes next, as far as the text tells
        self._following = ""  # what stands behind the token
        self._literal = ""  # how the last literal began, as long as only white space has followed

    def pieces(self, parts: list[str]) -> Iterator[str]:
        """What may be shown, in order; with `…` at the end if that is not the end of the text."""
        place = 0
        for between, token in zip(parts[::2], [*parts[1::2], ""], strict=True):
            is_string = self._is_string(token)
            gap = _PREFIX.sub("", between) if is_string else between
            end = self._end_of_sql(gap)
            if end >= 0:
                yield self._gap(gap[:end])
                yield CUT if "".join([gap[end:], *parts[place + 1 :]]).strip() else ""
                return
            if gap:
                yield self._gap(gap)
            if self._in_code and "*/" in token:
                yield CUT  # servers that skip the comment end it here, and read the rest in another way
                return
            if token:
                self._following = parts[place + 2][:1]
                yield self._literal_of(token) if is_string else self._token(token)
                if not token.startswith(self._comments):
                    self._is_value = bool(self._list)
            place += 2

    def _end_of_sql(self, gap: str) -> int:
        """Where the text turns into something else; -1 if that is not before the end of this gap."""
        if self._is_over or (self._literal == "$" and gap[:1] == "$"):
            return 0  # the lexer finds no dollar quote right behind another
        if not self._verb and (found := _WORD.search(gap)):
            self._verb = found[0].upper()
        end = gap.find("\\")  # no SQL has one: it begins a command of a client program
        if self._verb != "COPY":
            return end
        data = self._end_of_copy(gap)
        return min({end, data} - {-1}, default=-1)

    def _end_of_copy(self, gap: str) -> int:
        """Where data could begin: in the next line."""
        since = 0
        if not self._has_data:
            found = _STDIN.search(gap)
            self._has_data = found is not None
            since = found.end() if found else len(gap)
        return gap.find("\n", since)

    def _gap(self, gap: str) -> str:
        if self._in_code and "*/" in gap:
            self._in_code = False
        gap = _BLANKS.sub(" ", _NUMBER.sub("?", gap))
        if gap not in _EMPTY:
            self._literal = ""
            if self._has_quoted_values:
                self._look_for_values(gap)
        return _MINUSES.sub("- ", gap) if self._minuses else gap

    def _look_for_values(self, gap: str) -> None:
        for found in _LIST.finditer(gap):
            self._list = (found[1] or "").upper()
        if self._list == "IN" and ")" in gap[max(gap.rfind("("), 0) :]:
            self._list = ""
        self._is_value = bool(self._list or _OPERATOR.search(gap))

    def _is_string(self, token: str) -> bool:
        return token.startswith(self._strings) and (token[0] != "$" or "$" in token[1:])

    def _literal_of(self, token: str) -> str:
        shown = "" if self._literal else "?"  # 'a' 'b' is one literal
        self._literal = token[0]
        return shown

    def _token(self, part: str) -> str:
        if part.startswith(self._comments):
            return self._comment(part)
        if self._is_hidden_name(part):
            return self._literal_of(part)
        self._literal = ""
        if part == ";":
            self._verb, self._is_over = "", self._has_data
        return part

    def _comment(self, token: str) -> str:
        for opening in self._code:
            if token.startswith(opening):
                self._in_code, self._literal = True, ""
                return opening  # without the version, whose digits could run into others
        return " "

    def _is_hidden_name(self, token: str) -> bool:
        """Whether it has the quotes of an identifier, and may be data: a value, or a quote too few."""
        closing = self._closing.get(token[0])
        if closing is None:
            return False
        is_value = self._is_value and token[0] == '"' and self._following != "."
        return is_value or self._verb in _QUOTED_VALUES or len(token) == 1 or token[-1] != closing


@cache
def _lists(dialect: Dialect) -> re.Pattern[str]:
    """Finds the lists behind IN that hold literals alone; a list that is cut off counts. And identifiers."""
    quoted = [rf"{re.escape(pair[0])}[^\{pair[1]}]*+\{pair[1]}" for pair in dialect.identifier_quotes]
    literal = r" ?[-+]? ?\? ?"
    in_list = rf"(?<![\w$])(IN) ?\({literal}(?:,{literal}|,\ ?(?=…))*+(?=\)|…\Z|\Z)"
    return re.compile("|".join([*quoted, in_list]), re.IGNORECASE)


def _one_literal(found: re.Match[str]) -> str:
    return f"{found[1]} (?" if found[1] else found[0]
