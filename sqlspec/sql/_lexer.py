"""Cut a text at what could be a placeholder or a semicolon, and at nothing else.

One regular expression finds every literal, comment, quoted identifier, placeholder and semicolon;
`re.split` turns the text into `[gap, token, gap, token, …, gap]` in a single call. Joined, the parts are
the text again. Each alternative begins with a fixed character, so that the search skips the rest of the
text at the speed of a character class, and none can backtrack: time is linear whatever the text holds.
What a regular expression can not do (nested comments, dollar quotes) is done by hops over the body.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dialect import Dialect

# Databases agree: letters, digits, underscore, dollar, and everything beyond ASCII. A negated class is
# one bitmap for the matcher; the positive one would be a list of ranges.
IDENT = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_IDENT_START = rf"(?![0-9$]){IDENT}"
_OPERATOR = r"[-+*/<>=~!@#%^&|`?]"
_NEXT_LINE = r"(?:[ \t\f\v]|--[^\n\r]*+)*+[\n\r](?:\s|--[^\n\r]*+[\n\r])*+"
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_WORD = re.compile(r"[A-Za-z_]+")
_IDENT_ASCII = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$")


@lru_cache(64)  # a script may bring a delimiter of its own
def pattern_for(dialect: Dialect, *, dollar_numbers: bool, delimiter: str = ";") -> re.Pattern[str]:
    """The expression that finds the tokens of a dialect; `dollar_numbers` adds the driver's `$1`."""
    alternatives = [re.escape(delimiter), *_marks(dialect), *_strings(dialect), *_identifiers(dialect)]
    alternatives += _comments(dialect)
    alternatives += _dollars(dialect, dollar_numbers=dollar_numbers)
    return re.compile(f"({'|'.join(alternatives)})", re.DOTALL)


def _marks(dialect: Dialect) -> Iterator[str]:
    for operator in sorted(dialect.qmark_operators, key=len, reverse=True):
        # Databases read the longest operator there is: ?|| is not ?| before a bar.
        yield rf"{re.escape(operator)}(?!{_OPERATOR})"
    if dialect.double_qmark:
        yield r"\?\?"
    if dialect.numbered_qmarks:
        yield r"\?[0-9]++"
    yield r"\?"
    yield "::"
    yield rf":{_IDENT_START}{IDENT}*+"


def _strings(dialect: Dialect) -> Iterator[str]:
    if letters := dialect.escape_prefixes:
        # The prefix must be a word of its own: the quote after `nameE` opens a plain string.
        body = r"'(?:[^'\\]|\\.|'')*+'?"
        # A string goes on after a new line, by the rules that it began with.
        yield rf"'(?<=[{letters}]')(?<!{IDENT}[{letters}]'){body[1:]}(?:{_NEXT_LINE}{body})*"
    for quote in dialect.string_quotes:
        body = rf"(?:[^{quote}\\]|\\.)*+" if dialect.backslash_escapes else f"[^{quote}]*+"
        yield f"{quote}{body}{quote}?"


def _identifiers(dialect: Dialect) -> Iterator[str]:
    # A doubled quote needs no rule: it ends one token and begins the next.
    for pair in dialect.identifier_quotes:
        opening, closing = map(re.escape, (pair[0], pair[1]))
        yield rf"{opening}[^\{pair[1]}]*+{closing}?"


def _comments(dialect: Dialect) -> Iterator[str]:
    for opening in dialect.executable_comments:
        yield f"{re.escape(opening)}[0-9]*+"
    yield r"/\*" if dialect.nested_comments else r"/\*(?:.*?\*/|.*)"
    for opening in dialect.line_comments:
        blank = r"(?=\s|\Z)" if opening.endswith(" ") else ""
        yield f"{re.escape(opening.rstrip(' '))}{blank}[^{dialect.newlines}]*+"


def _dollars(dialect: Dialect, *, dollar_numbers: bool) -> Iterator[str]:
    lone = rf"\$(?<!{IDENT}\$)"  # a dollar inside an identifier means nothing
    if dialect.dollar_quotes:
        yield rf"{lone}(?:(?![0-9])[^\x00-/:-@\[-^`{{-\x7f]*+)\$"
    if dollar_numbers:
        yield f"{lone}[0-9]++"
    for sigil in dialect.sigils:
        yield f"{lone if sigil == '$' else re.escape(sigil)}{IDENT}++"


def split(sql: str, pattern: re.Pattern[str], *, hops: bool) -> list[str]:
    """The parts of a text, gaps at even places and tokens at odd ones."""
    if hops and ("/*" in sql or "$" in sql):
        return list(_hop(sql, pattern))
    return pattern.split(sql)


def needs_hops(dialect: Dialect) -> bool:
    """Whether a token of this dialect can end where no regular expression finds it."""
    return dialect.nested_comments or dialect.dollar_quotes


def _hop(sql: str, pattern: re.Pattern[str]) -> Iterator[str]:
    start = 0
    while found := pattern.search(sql, start):
        begin, end = token_span(sql, found)
        yield sql[start:begin]
        yield sql[begin:end]
        start = end
    yield sql[start:]


def token_span(sql: str, found: re.Match[str]) -> tuple[int, int]:
    """Where a token begins and ends, of which the expression has found the whole or the opening."""
    begin, end = found.span()
    opening = found[0]
    if opening == "/*":
        end = _end_of_comment(sql, end)
    elif _is_dollar_quote(opening):
        closing = sql.find(opening, end)
        end = len(sql) if closing < 0 else closing + len(opening)
    return begin, end


def _is_dollar_quote(token: str) -> bool:
    return token[0] == "$" and len(token) > 1 and token[-1] == "$"


def _end_of_comment(sql: str, position: int) -> int:
    depth = 1
    for edge in _COMMENT_EDGE.finditer(sql, position):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    return len(sql)


def is_comment(token: str, dialect: Dialect) -> bool:
    """Whether a token is white space to the database."""
    return token.startswith(comment_openings(dialect))


def comment_openings(dialect: Dialect) -> tuple[str, ...]:
    """How the tokens begin that are comments, and no others."""
    return ("/*", *(opening.rstrip(" ") for opening in dialect.line_comments))


def words(parts: list[str]) -> Iterator[str]:
    """The words outside literals and comments, upper case; lazily."""
    for gap in parts[::2]:
        for word in _WORD.finditer(gap):
            yield word[0].upper()


def first_word(parts: list[str]) -> str:
    """The first word outside literals and comments, upper case; nothing where there is none."""
    found = _WORD.match(parts[0])  # nearly always
    return found[0].upper() if found else next(words(parts), "")


def continues_identifier(character: str) -> bool:
    """Whether an identifier or a number would swallow what is written right beside this character."""
    return character in _IDENT_ASCII or character > "\x7f"
