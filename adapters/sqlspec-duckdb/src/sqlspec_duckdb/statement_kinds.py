"""What kind of statement a text is, by DuckDB's own parser, once for each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from sqlspec.errors import MultipleStatementsError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ("check_single", "is_select", "returns_changed_rows")

OTHER, SELECT, RETURNING = range(3)
_MOST = 2048  # texts that are remembered
_LONGEST = 4096  # characters of one; a longer text is most likely generated, and seen once
_cache: dict[str, int] = {}


def is_select(raw: DuckDBPyConnection, statement: str) -> bool:
    """Whether the statement is one SELECT, or what DuckDB parses as one: VALUES, FROM, WITH."""
    return _kind(raw, statement) == SELECT


def returns_changed_rows(raw: DuckDBPyConnection, statement: str) -> bool:
    """Whether the statement changes rows and returns them, which only RETURNING does."""
    # Most texts do not have the word, and need no parser to say so.
    return "RETURNING" in statement.upper() and _kind(raw, statement) == RETURNING


def _kind(raw: DuckDBPyConnection, statement: str) -> int:
    found = _cache.get(statement)
    if found is None:
        found = _parsed_kind(raw, statement)
        if len(statement) <= _LONGEST:
            if len(_cache) >= _MOST:
                _cache.clear()
            _cache[statement] = found
    return found


def _parsed_kind(raw: DuckDBPyConnection, statement: str) -> int:
    parsed = raw.extract_statements(statement)
    if len(parsed) != 1:
        return OTHER
    if parsed[0].type == duckdb.StatementType.SELECT:
        return SELECT
    changes_rows = duckdb.ExpectedResultType.CHANGED_ROWS in parsed[0].expected_result_type
    return RETURNING if changes_rows and _has_returning(statement) else OTHER


def _has_returning(statement: str) -> bool:
    text = statement.encode()
    return any(
        kind == duckdb.token_type.keyword and text[start : start + 9].upper() == b"RETURNING"
        for start, kind in duckdb.tokenize(statement)
    )


def check_single(raw: DuckDBPyConnection, statement: str) -> None:
    """Refuse several statements in one text, where our scanner can not know.

    A backtick quotes identifiers in 2.x and is an operator in 1.x: so a semicolon may be quoted in one of
    them and end the statement in the other.
    """
    if "`" in statement and len(raw.extract_statements(statement)) > 1:
        msg = "one statement at a time; execute_script() runs several"
        raise MultipleStatementsError(msg)
