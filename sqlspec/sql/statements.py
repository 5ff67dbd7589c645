"""The cache of compiled texts: one for each dialect and paramstyle, shared by the whole process."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

from sqlspec.errors import (
    InvalidArgumentError,
    MultipleStatementsError,
    ParameterError,
    TransactionControlError,
    did_you_mean,
)

from ._lexer import first_word, needs_hops, pattern_for, split, words
from ._scan import Scan, scan
from .client_commands import CopyData, drop_client_lines, sections
from .dialect import TWO_PHASE
from .lists import guarded
from .paramstyle import PARAMSTYLES, is_tight, named, native, own_marks, positional, put
from .script import cut, is_blank
from .statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .client_commands import Section
    from .dialect import Dialect

_LIMIT = 16_384  # entries, of about a kilobyte each
_FORGOTTEN = 8  # one of so many, when the cache is full
_CHARACTERS = 1024 * 1024  # of all texts; each is kept twice, as typed and as the driver takes it
_LONGEST = 16 * 1024  # characters; longer texts are most likely generated, and seen once
_PHRASE = 4  # words: the longest phrase of transaction control

_NOTHING = " \t\r\n\f\v;"
_ONLY_QMARKS = {"?"}
OWN_TRANSACTIONS = (
    "the session is the script's transaction. If the script has its own BEGIN and COMMIT, open the session "
    "with provide_session(autocommit=True)"
)


class Statements(dict[str, Statement]):
    """Compiled statements by their text: `statements[sql]` compiles at first sight and remembers.

    Safe to share between threads without a lock: two that meet the same new text both compile it, and
    either result will do. Bounded in number and in characters; when full, every eighth one is forgotten.
    """

    __slots__ = ("_control", "_hops", "_length", "_pattern", "_style", "dialect", "paramstyle")

    def __init__(self, dialect: Dialect, paramstyle: str) -> None:
        super().__init__()
        if paramstyle not in PARAMSTYLES:
            hint = did_you_mean(paramstyle, PARAMSTYLES)
            raise InvalidArgumentError(f"no paramstyle named {paramstyle!r}. {hint}")
        self.dialect, self.paramstyle = dialect, paramstyle
        self._style = PARAMSTYLES[paramstyle]
        self._pattern = pattern_for(dialect, dollar_numbers=self._style.dollar_numbers)
        self._hops = needs_hops(dialect)
        self._control = _phrases(dialect)
        self._length = 0  # of all texts in characters, more or less: threads may count at once

    def __missing__(self, sql: str) -> Statement:
        statement = self.compile(sql)
        if len(sql) <= _LONGEST:
            if len(self) >= _LIMIT or self._length >= _CHARACTERS:
                self._forget()
            self._length += len(sql)
            self[sql] = statement
        return statement

    def _forget(self) -> None:
        # A copy is one step even without the GIL; walking the dict itself could meet another writer.
        # Not the oldest: of texts that come round and round, a few too many, none would ever be found.
        for sql in list(self.copy())[::_FORGOTTEN]:
            self.pop(sql, None)
        self._length = sum(map(len, self.copy()))

    def compile(self, sql: str) -> Statement:
        """Compile one statement, past the cache.

        Raises MultipleStatementsError for a second statement, TransactionControlError for COMMIT or
        the like, ParameterError for a mixture of placeholder styles, InvalidArgumentError for no string.
        """
        parts = self._split(sql)
        if not sql.strip(_NOTHING):
            raise InvalidArgumentError("the statement is empty; write one, such as SELECT 1")
        tokens = parts[1::2]
        if ";" in tokens:
            parts = self._only_statement(parts)
            tokens = parts[1::2]
        verb = first_word(parts)
        if verb in self._control:
            self._refuse_control(parts)
        kinds = set(tokens)
        if kinds == _ONLY_QMARKS and not self._is_delicate(sql):
            parts[1::2] = self._style.positional(len(tokens))
            statement = positional(sql, "".join(parts), len(tokens), verb, self._style)
            return guarded(statement, parts, range(1, len(parts), 2))
        return self._render(sql, parts, verb)

    def script(self, sql: str, *, has_own_transactions: bool = False) -> list[str | CopyData]:
        """The statements of a script, as typed, without semicolons, and the data that comes with them.

        Transaction control in it is refused, unless the script *has_own_transactions*. Raises
        `TransactionControlError` or `InvalidArgumentError`.
        """
        found: list[str | CopyData] = []
        for section in sections(_checked(sql).removeprefix("\ufeff"), self.dialect):
            for parts in self._statements_of(section):
                if first_word(parts) in self._control:
                    self._refuse_in_script(parts, has_own_transactions=has_own_transactions)
                found.append("".join(parts).strip())
            if section.data is not None:
                found[-1] = CopyData(str(found[-1]), section.data)
        return found

    def parts(self, sql: str) -> list[str]:
        """The text as it is cut for compiling: tokens at odd places, and what is between them."""
        return self._split(sql)

    def _statements_of(self, section: Section) -> Iterator[list[str]]:
        parts = self._split(section.text)
        spans = [(0, len(parts))] if section.is_statement else cut(parts, self.dialect)
        for start, end in spans:
            statement = parts[start:end]
            drop_client_lines(statement, self.dialect)
            if not is_blank(statement, 0, len(statement), self.dialect):
                yield statement

    def _split(self, sql: object) -> list[str]:
        return split(_checked(sql), self._pattern, hops=self._hops)

    def _only_statement(self, parts: list[str]) -> list[str]:
        spans = list(islice(cut(parts, self.dialect), 2))
        if len(spans) > 1:
            raise MultipleStatementsError("several statements in one text; execute_script() runs them")
        # Drivers take one semicolon at the end; empty statements around this one they count as others.
        if spans and (spans[0][0] > 0 or parts.count(";") > 1):
            return parts[slice(*spans[0])]
        return parts

    def _refuse_control(self, parts: list[str]) -> None:
        if found := self._control_in(parts):
            _refuse(*found)

    def _refuse_in_script(self, parts: list[str], *, has_own_transactions: bool) -> None:
        found = self._control_in(parts)
        if found is None:
            return
        phrase, advice = found
        if advice == TWO_PHASE:
            _refuse(phrase, advice)
        if not has_own_transactions:
            _refuse(phrase, OWN_TRANSACTIONS)

    def _control_in(self, parts: list[str]) -> tuple[str, str] | None:
        """The transaction control that this statement is, and what to do instead of it."""
        head = tuple(islice(words(parts), _PHRASE))
        for phrase, advice in self._control[head[0]]:
            if head[: len(phrase)] == phrase:
                return (" ".join(phrase), advice) if advice else None
        return None

    def _is_delicate(self, sql: str) -> bool:
        """Whether marks can not simply replace question marks."""
        style = self._style
        return (style.percent and "%" in sql) or (style.tight and is_tight(sql))

    def _render(self, sql: str, parts: list[str], verb: str) -> Statement:
        found = scan(parts, self.dialect, literal_qmark="??" if self.paramstyle == "qmark" else "?")
        _refuse_mixture(found)
        if not (found.marks or found.names):
            return self._without_ours(sql, found, verb)
        if self._style.percent:
            parts[:] = [part.replace("%", "%%") for part in parts]
        if found.marks:
            return self._render_marks(sql, found, verb)
        return self._render_names(sql, found, verb)

    def _without_ours(self, sql: str, found: Scan, verb: str) -> Statement:
        text = "".join(found.parts)
        marks = [found.parts[index] for index in found.natives] or own_marks(found.parts, self._style)
        if not marks:
            return Statement(sql, text, "none", 0, (), verb)
        are_numbers = self._style.dollar_numbers or self.dialect.numbered_sigils
        return native(sql, text, marks, verb, numbered_sigils=are_numbers)

    def _render_marks(self, sql: str, found: Scan, verb: str) -> Statement:
        count = len(found.marks)
        for index, mark in zip(found.marks, self._style.positional(count), strict=True):
            put(found.parts, index, mark, self._style)
        statement = positional(sql, "".join(found.parts), count, verb, self._style)
        return guarded(statement, found.parts, found.marks)

    def _render_names(self, sql: str, found: Scan, verb: str) -> Statement:
        names = [found.parts[index][1:] for index in found.names]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names), 1)}
        for index, name in zip(found.names, names, strict=True):
            mark = self._style.named.format(name=name, number=numbers[name])
            put(found.parts, index, mark, self._style)
        statement = named(sql, "".join(found.parts), names, verb, self._style)
        return guarded(statement, found.parts, found.names, names)


@cache
def statements_for(dialect: Dialect, paramstyle: str) -> Statements:
    """The process's one cache for texts of this dialect, for a driver of this paramstyle."""
    return Statements(dialect, paramstyle)


def _phrases(dialect: Dialect) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Transaction control by its first word, the longest phrase first."""
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for phrase, advice in sorted(dialect.control, key=lambda entry: -len(entry[0].split())):
        head = tuple(phrase.split())
        phrases.setdefault(head[0], []).append((head, advice))
    return phrases


def _checked(sql: object) -> str:
    if not isinstance(sql, str):
        raise InvalidArgumentError(f"SQL is a str, not {type(sql).__name__}")
    return sql


def _refuse(phrase: str, advice: str) -> NoReturn:
    raise TransactionControlError(f"{phrase} typed as SQL is refused: {advice}")


def _refuse_mixture(found: Scan) -> None:
    styles = [
        name
        for name, places in (("?", found.marks), (":name", found.names), ("the driver's own", found.natives))
        if places
    ]
    if len(styles) > 1:
        raise ParameterError(f"one text mixes placeholders of different styles: {' and '.join(styles)}")
