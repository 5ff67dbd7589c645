"""Which statements are queries: asked of DuckDB's own parser, once for each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from sqlspec.errors import MultipleStatementsError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ("check_single", "is_query")

_LIMIT = 2048
_known: dict[str, bool] = {}


def is_query(raw: DuckDBPyConnection, statement: str) -> bool:
    """Whether all that the statement gives is rows. Of one that DuckDB has run without an error."""
    found = _known.get(statement)
    if found is None:
        if len(_known) >= _LIMIT:
            _known.clear()
        found = _known[statement] = _ask(raw, statement)
    return found


def check_single(raw: DuckDBPyConnection, statement: str) -> None:
    """Refuse several statements in one text, where our scanner can not know.

    A backtick quotes identifiers in 2.x and is an operator in 1.x: what one hides is plain to the other.
    """
    if "`" in statement and len(raw.extract_statements(statement)) > 1:
        msg = "one statement at a time; execute_script() runs several"
        raise MultipleStatementsError(msg)


def _ask(raw: DuckDBPyConnection, statement: str) -> bool:
    expected = raw.extract_statements(statement)[0].expected_result_type
    return expected == [duckdb.ExpectedResultType.QUERY_RESULT]
