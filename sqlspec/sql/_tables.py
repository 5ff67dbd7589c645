"""What a statement does to which tables, read from its masked text: words and parentheses, no grammar.

No literal is in that text, so none can be taken for a table.
What is read wrong is a name too many or one too few.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from ._lexer import IDENT
from ._masking import CUT

if TYPE_CHECKING:
    from .dialect import Dialect

_MOST = 5  # tables
_VERB = re.compile(r"[A-Z_]{1,32}")

# One of these makes FROM a list of tables; EXTRACT(x FROM y) has none of them in its parentheses.
_QUERIES = frozenset(("SELECT", "DELETE", "UPDATE", "MERGE", "SHOW"))
# What follows the names after WITH.
_MAIN = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "VALUES", "TABLE", "FROM"))
# The list of tables ends here at the latest.
_ENDS = frozenset(
    (  # noqa: SIM905 - a line of words is read at a glance
        "SELECT DELETE UPDATE INTO WHERE SET GROUP ORDER HAVING LIMIT OFFSET FETCH UNION EXCEPT INTERSECT "
        "VALUES RETURNING WINDOW QUALIFY FOR"
    ).split()
)
# What can not be a name without quotes, where a table could be named.
_NO_NAMES = _ENDS | {"FROM", "JOIN", "USING", "TABLE", "WITH", "ON", "AS", "OF", "OUTFILE", "DUMPFILE"}
# Words after which a table is named, and those that may stand between.
_BETWEEN: dict[str, frozenset[str]] = {
    "FROM": frozenset(("ONLY", "LATERAL")),
    "JOIN": frozenset(("ONLY", "LATERAL")),
    "USING": frozenset(("ONLY", "LATERAL")),
    "INTO": frozenset(("TABLE", "TEMP", "TEMPORARY", "UNLOGGED")),
    "TABLE": frozenset(("IF", "NOT", "EXISTS", "ONLY")),
    "TRUNCATE": frozenset(("TABLE", "ONLY")),
    "UPDATE": frozenset(("ONLY", "LOW_PRIORITY", "OR", "ROLLBACK", "ABORT", "REPLACE", "FAIL", "IGNORE")),
    "COPY": frozenset(),
    "WITH": frozenset(("RECURSIVE",)),
}
# A parenthesis is a function's where one can stand for a table, and begins a list of columns elsewhere.
_NO_TABLE_BEFORE = {"FROM": (".", "("), "JOIN": (".", "("), "USING": (".", "(")}
_LISTS = frozenset(("FROM", "JOIN", "USING", "UPDATE", "TRUNCATE"))  # where a comma leads to the next table
# ON UPDATE, FOR UPDATE, ON DUPLICATE KEY UPDATE, AFTER INSERT OR UPDATE; USE INDEX FOR JOIN
_NO_STATEMENT_AFTER = frozenset(("ON", "FOR", "KEY", "OR", "OF", "AFTER", "BEFORE", ","))
_FIRST = frozenset(("", "(", "AS", "EXPLAIN", "ANALYZE"))  # FROM t, which is short for SELECT * FROM t
_PRIVILEGES = frozenset(("GRANT", "REVOKE"))


def operation_and_tables(masked: str, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """The verb of the first statement, and the tables of all of them."""
    reader = _Reader()
    for (name, mark), (_, after) in pairwise([*_items(dialect).findall(masked), ("", "")]):
        if name:
            reader.read_name(name, after)
        else:
            reader.read_mark(mark)
    operation = "SELECT" if reader.operation == "FROM" else reader.operation
    return operation if _VERB.fullmatch(operation) else "", tuple(reader.tables)[:_MOST]


@cache
def _items(dialect: Dialect) -> re.Pattern[str]:
    """Finds names with all their dots, and every other character alone; a placeholder is no name."""
    quoted = [rf"(?:{re.escape(pair[0])}[^\{pair[1]}]*+\{pair[1]})++" for pair in dialect.identifier_quotes]
    name = "|".join([*quoted, rf"(?![0-9$]){IDENT}++"])
    # Greedy, not possessive: before Python 3.11.5 a possessive group gives nothing back that has failed.
    return re.compile(rf"((?:{name})(?: ?\. ?(?:{name}))*)|([:@$#?]{IDENT}*+|[^ ])")


class _Frame(Struct):
    """What is known inside of one pair of parentheses."""

    opener: str = ""  # the word before it
    query: str = ""  # the word that makes it a query
    has_tables: bool = False  # its commas stand between tables
    has_ctes: bool = False  # its commas stand between the names after WITH


class _Reader:
    """Goes through the items of a text, one at a time."""

    def __init__(self) -> None:
        self.operation = ""
        self.tables: dict[str, None] = {}
        self._ctes: set[str] = set()
        self._frames = [_Frame()]
        self._main: _Frame | None = None  # where the verb is still to come, after WITH
        self._verb = ""  # of this statement
        self._before = ""
        self._expected = ""  # the word whose name comes next

    def read_name(self, name: str, after: str) -> None:
        """A word or a name, and the mark after it."""
        word = name.upper()
        if not (self._expected and self._take_name(name, word, after)):
            self._take_word(word)
        self._before = word

    def read_mark(self, mark: str) -> None:
        """A character that is no part of a name, or a placeholder."""
        frame, expected = self._frames[-1], self._expected
        self._expected = ""
        if mark == "(":
            # FROM (a JOIN b): what was expected is inside. JOIN b USING (c): it is not.
            goes_on = expected in {"FROM", "JOIN"}
            self._expected = "FROM" if goes_on else ""
            self._frames.append(_Frame(opener=self._before, has_tables=goes_on))
        elif mark == ")" and len(self._frames) > 1:
            self._frames.pop()
        elif mark == ",":
            self._expected = "WITH" if frame.has_ctes else "FROM" if frame.has_tables else ""
        elif mark == ";":
            self._frames, self._verb, mark = [_Frame()], "", ""
        self._before = mark

    def _take_name(self, name: str, word: str, after: str) -> bool:
        """Whether this word is done with: a table, or on the way to it."""
        expected = self._expected
        if word in _BETWEEN[expected]:
            return True
        self._expected = ""
        if expected == "WITH":
            self._ctes.add(word)
        elif word in _NO_NAMES:
            return False
        elif (
            word not in self._ctes
            and not name.endswith(CUT)
            and after not in _NO_TABLE_BEFORE.get(expected, (".",))
        ):
            self.tables[name] = None
        return True

    def _take_word(self, word: str) -> None:
        frame = self._frames[-1]
        if not self._verb:
            self._verb = word
            self.operation = self.operation or word
            self._main = frame if word == self.operation == "WITH" else None
        if frame is self._main and word in _MAIN:
            self.operation, self._main = word, None
        introduces = word in _BETWEEN and self._introduces(word, frame)
        if word in _ENDS:
            frame.has_tables = False
        if word in _QUERIES:
            frame.query = word
        if word in _MAIN:
            frame.has_ctes = False
        if introduces:
            self._expected = word
            frame.has_tables = frame.has_tables or word in _LISTS or self._verb in {"DROP", "LOCK"}
            frame.has_ctes = word == "WITH"

    def _introduces(self, word: str, frame: _Frame) -> bool:
        """Whether a name follows this word here."""
        if self._verb in _PRIVILEGES or (word in {"UPDATE", "JOIN"} and self._before in _NO_STATEMENT_AFTER):
            return False
        if word == "FROM":
            return self._is_from(frame)
        if word == "USING":
            return frame.query in {"DELETE", "MERGE"}
        if word == "WITH":
            return not frame.query
        return word not in {"COPY", "TRUNCATE"} or not self._before

    def _is_from(self, frame: _Frame) -> bool:
        if frame.query or frame.has_ctes:
            return self._before != "DISTINCT"  # IS DISTINCT FROM
        return self._before in _FIRST and frame.opener != "TRIM"
