"""What kind of statement a text is, by DuckDB's own parser, once for each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from sqlspec.errors import MultipleStatementsError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ("check_single", "is_select")

CACHE_SIZE = 2048
_cache: dict[str, bool] = {}


def is_select(raw: DuckDBPyConnection, statement: str) -> bool:
    """Whether the statement is one SELECT, or what DuckDB parses as one: VALUES, FROM, WITH."""
    found = _cache.get(statement)
    if found is None:
        if len(_cache) >= CACHE_SIZE:
            _cache.clear()
        parsed = raw.extract_statements(statement)
        found = _cache[statement] = len(parsed) == 1 and parsed[0].type == duckdb.StatementType.SELECT
    return found


def check_single(raw: DuckDBPyConnection, statement: str) -> None:
    """Refuse several statements in one text, where our scanner can not know.

    A backtick quotes identifiers in 2.x and is an operator in 1.x: so a semicolon may be quoted in one of
    them and end the statement in the other.
    """
    if "`" in statement and len(raw.extract_statements(statement)) > 1:
        msg = "one statement at a time; execute_script() runs several"
        raise MultipleStatementsError(msg)
