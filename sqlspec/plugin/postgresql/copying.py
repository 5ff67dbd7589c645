"""COPY between the server and its client: not a statement like others, because data go with it.

A driver that runs it like any other waits for ever, or loses the connection. The server tells only when it
runs, so the text decides. What this takes for another statement, the driver still refuses in its own way.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlspec.errors import NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ("TAKES_COPY", "column_of_copy", "insert_into", "refuse_copy", "row_of_copy")

TAKES_COPY = """\
SELECT NOT pg_catalog.row_security_active(it.oid) AND (it.relkind <> 'v' OR EXISTS (
    SELECT FROM pg_catalog.pg_trigger t
    WHERE t.tgrelid = it.oid AND t.tgtype & 68 = 68 AND t.tgenabled <> 'D'))
FROM pg_catalog.pg_class it WHERE it.oid = pg_catalog.to_regclass({name})"""
"""Whether COPY may fill a table. It needs INSTEAD OF INSERT (64 + 4) for a view, and knows no row security.

The *name* is quoted like an identifier; `{name}` becomes the driver's placeholder. No row: no such table.
"""

_FIRST = re.compile(rb"\s*(?:COPY\b|--|/\*)", re.IGNORECASE)
_PART = re.compile(
    rb"""(?P<blank> \s+ | --[^\n\r]* ) | (?P<comment> /\* )
    | e'(?:\\.|''|[^'\\])*' | '(?:''|[^'])*' | "(?:""|[^"])*" | \$(?P<tag>\w*)\$ .*? \$(?P=tag)\$
    | (?P<word> \w+ ) | .""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_COMMENT_ENDS = re.compile(rb"/\*|\*/")
_CLIENT = {(b"FROM", b"STDIN"), (b"TO", b"STDOUT"), (b"FROM", b"STDOUT"), (b"TO", b"STDIN")}
"""The server takes either word for either direction."""


def refuse_copy(statement: bytes) -> None:
    """Raise `NotSupportedError` for a COPY whose data are the client's."""
    if _FIRST.match(statement) and _is_clients(statement):
        raise NotSupportedError(
            "COPY from or to the client can not be run here. session.load() inserts rows, session.stream() "
            "of a SELECT reads them, and execute_script() takes COPY … FROM stdin with its data; "
            "session.connection() gives the driver's connection, which has its own calls for COPY"
        )


def insert_into(target: str, marks: Iterable[str]) -> str:
    """The INSERT that stores what COPY would: also the values of GENERATED ALWAYS AS IDENTITY.

    *target*: a table with its columns, all quoted.
    """
    return f"INSERT INTO {target} OVERRIDING SYSTEM VALUE VALUES ({', '.join(marks)})"  # noqa: S608 - all quoted


def row_of_copy(context: str | None, table: str) -> int | None:
    """The row of COPY that the server's error is about, counted from 1, by the context that it gives.

    None where the error came of no single row, as that of a foreign key; or where the context does not begin
    with "COPY" and the *table*, as it does in most languages.
    """
    found = re.search(rf"^COPY {re.escape(table)}, \S+ (\d+)", context or "", re.MULTILINE)
    return None if found is None else int(found[1])


def column_of_copy(context: str | None, table: str, columns: Sequence[str]) -> str | None:
    """Which of these columns the server's error is about, by the same context; None where it names none.

    Behind the name it quotes the value, unless it was sent in binary.
    """
    found = re.search(rf"^COPY {re.escape(table)}, \S+ \d+, \S+ (.*)", context or "", re.MULTILINE)
    if found is None:
        return None
    named = [name for name in columns if re.match(rf"{re.escape(name)}(?::|\Z)", found[1])]
    return max(named, key=len, default=None)


def _is_clients(statement: bytes) -> bool:
    at, depth, before = 0, 0, b""
    while found := _PART.match(statement, at):
        at = _end_of_comment(statement, found.end()) if found["comment"] else found.end()
        if found["blank"] or found["comment"]:
            continue
        word = found[0].upper()
        if not before and word != b"COPY":
            return False
        depth += (word == b"(") - (word == b")")
        if not depth and (before, word) in _CLIENT:
            return True
        before = word
    return False


def _end_of_comment(statement: bytes, at: int) -> int:
    """Comments nest."""
    depth = 1
    while depth and (found := _COMMENT_ENDS.search(statement, at)):
        depth += 1 if found[0] == b"/*" else -1
        at = found.end()
    return len(statement) if depth else at
