"""Running a statement to its end, by the best that each version of the driver offers.

2.x: `_submit`, which the driver's relations use; it collects the rows in all threads, and says what kind of
statement it was. 1.x: an executed relation, or `execute` where a relation would not do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.plugin import RawResult

from ._compat import HAS_SUBMIT
from .results import DuckDBResult
from .statement_kinds import is_select, returns_changed_rows

if TYPE_CHECKING:
    from .instances import DatabaseInstance

__all__ = ("StatementRunner", "is_status_result", "status_result")

TIME_ZONE = "SELECT current_setting('TimeZone')"
STATUS_COLUMNS = ("Count", "Success")
"""The one column that DuckDB returns for a statement without rows."""


class StatementRunner:
    """Runs the statements of one connection, and knows the time zone that their results have.

    Results may be read when the cursor is in use or closed, so each gets the zone, if the session set one.
    """

    def __init__(self, instance: DatabaseInstance) -> None:
        self._instance = instance
        self._zone: str | None = None
        self._is_zone_known = True

    def run(self, raw: Any, statement: str, values: Any) -> RawResult | DuckDBResult:
        """Run it. The result `is_open` if it must be fetched before the next call on *raw*."""
        if HAS_SUBMIT:
            return self._submit(raw, statement, values)
        if not is_select(raw, statement):
            return self._execute(raw, statement, values, None)
        zone = self._find_zone(raw)
        if values:
            # A relation with parameters holds its rows twice, and renames columns.
            return self._execute(raw, statement, values, zone)
        relation = raw.sql(statement).execute()
        # Before 1.4 its description has PEP 249's type names only.
        return DuckDBResult(
            relation, zip(relation.columns, relation.types, strict=True), self._instance, zone
        )

    def note_zone_change(self) -> None:
        """The time zone may have been changed: look it up when it is needed."""
        self._is_zone_known = False

    def reset_zone(self) -> None:
        """The cursor is new: its zone is the database's own."""
        self._zone, self._is_zone_known = None, True

    def _submit(self, raw: Any, statement: str, values: Any) -> RawResult | DuckDBResult:
        result = raw._submit(statement, values)  # noqa: SLF001 - as relations do
        kind = result.return_type
        if kind != "query_result":
            if kind == "nothing":  # SET is among these
                self.note_zone_change()
            return RawResult(rowcount=result.rowcount)
        described = result.description
        if not self._is_zone_known and any("TIME ZONE" in str(column[1]) for column in described):
            self._find_zone(raw)
        rows = DuckDBResult(result, described, self._instance, self._zone)
        rows.is_changed_rows = returns_changed_rows(raw, statement)
        return rows

    def _execute(self, raw: Any, statement: str, values: Any, zone: str | None) -> RawResult | DuckDBResult:
        raw.execute(statement, values)
        described = raw.description
        if is_status_result(described):
            self.note_zone_change()
            return status_result(raw, statement)
        rows = DuckDBResult(raw, described, self._instance, zone, is_open=True)
        rows.is_changed_rows = returns_changed_rows(raw, statement)
        return rows

    def _find_zone(self, raw: Any) -> str | None:
        if not self._is_zone_known:
            self._zone = raw.execute(TIME_ZONE).fetchall()[0][0]
            self._is_zone_known = True
        return self._zone


def is_status_result(described: Any) -> bool:
    """Whether an executed statement may be no query."""
    return described is None or (len(described) == 1 and described[0][0] in STATUS_COLUMNS)


def status_result(raw: Any, statement: str) -> RawResult:
    """The result of a statement without rows: a count for INSERT, UPDATE and DELETE.

    Or of one whose only column has a name like that of a status.
    """
    described = raw.description
    rows = raw.fetchall() if described else []
    if described and is_select(raw, statement):
        return RawResult((described[0][0],), rows)
    if described and returns_changed_rows(raw, statement):
        return RawResult((described[0][0],), rows, len(rows))
    is_count = bool(rows) and described[0][0] == "Count"
    return RawResult(rowcount=int(rows[0][0]) if is_count else -1)
