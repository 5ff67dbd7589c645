"""Which statements are SELECTs: asked of DuckDB's own parser, once for each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from sqlspec.errors import MultipleStatementsError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ("check_single", "is_select")

_LIMIT = 2048
_known: dict[str, bool] = {}


def is_select(raw: DuckDBPyConnection, statement: str) -> bool:
    """Whether the statement is one SELECT, or what DuckDB takes for one: VALUES, FROM, WITH."""
    found = _known.get(statement)
    if found is None:
        if len(_known) >= _LIMIT:
            _known.clear()
        parsed = raw.extract_statements(statement)
        found = _known[statement] = len(parsed) == 1 and parsed[0].type == duckdb.StatementType.SELECT
    return found


def check_single(raw: DuckDBPyConnection, statement: str) -> None:
    """Refuse several statements in one text, where our scanner can not know.

    A backtick quotes identifiers in 2.x and is an operator in 1.x: what one hides is plain to the other.
    """
    if "`" in statement and len(raw.extract_statements(statement)) > 1:
        msg = "one statement at a time; execute_script() runs several"
        raise MultipleStatementsError(msg)
