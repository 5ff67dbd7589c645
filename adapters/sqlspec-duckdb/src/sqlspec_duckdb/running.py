"""Running a statement to its end, by what each version of the driver has for it.

2.x: `_submit`, which the driver's relations use; it collects the rows in all threads, and says what kind of
statement it was. 1.x: an executed relation, or `execute` where a relation would not do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.plugin import RawResult

from ._compat import HAS_SUBMIT
from .kinds import is_select
from .results import DuckDBResult

if TYPE_CHECKING:
    from .parents import Parent

__all__ = ("StatementRunner", "answer_of", "is_answer")

ZONE = "SELECT current_setting('TimeZone')"
ANSWERS = ("Count", "Success")
"""How DuckDB names the one column of what a statement without rows answers."""


class StatementRunner:
    """Runs the statements of one connection, and knows the time zone that their results have.

    Results are read when the cursor is in use or closed, so they are told the zone, if the session set one.
    """

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
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
        held = raw.sql(statement).execute()
        # Its description has PEP 249's words for types before 1.4.
        return DuckDBResult(held, zip(held.columns, held.types, strict=True), self._parent, zone)

    def doubt_zone(self) -> None:
        """Somebody may set another time zone, or has."""
        self._is_zone_known = False

    def forget_zone(self) -> None:
        """The cursor is new: its zone is the database's own."""
        self._zone, self._is_zone_known = None, True

    def _submit(self, raw: Any, statement: str, values: Any) -> RawResult | DuckDBResult:
        held = raw._submit(statement, values)  # noqa: SLF001 - as relations do
        kind = held.return_type
        if kind != "query_result":
            if kind == "nothing":  # SET is among these
                self.doubt_zone()
            return RawResult(rowcount=held.rowcount)
        described = held.description
        if not self._is_zone_known and any("TIME ZONE" in str(column[1]) for column in described):
            self._find_zone(raw)
        return DuckDBResult(held, described, self._parent, self._zone)

    def _execute(self, raw: Any, statement: str, values: Any, zone: str | None) -> RawResult | DuckDBResult:
        raw.execute(statement, values)
        described = raw.description
        if is_answer(described):
            self.doubt_zone()
            return answer_of(raw, statement)
        return DuckDBResult(raw, described, self._parent, zone, is_open=True)

    def _find_zone(self, raw: Any) -> str | None:
        if not self._is_zone_known:
            self._zone = raw.execute(ZONE).fetchall()[0][0]
            self._is_zone_known = True
        return self._zone


def is_answer(described: Any) -> bool:
    """Whether an executed statement may be no query."""
    return described is None or (len(described) == 1 and described[0][0] in ANSWERS)


def answer_of(raw: Any, statement: str) -> RawResult:
    """INSERT and its kin answer with a count, others with nothing."""
    described = raw.description
    rows = raw.fetchall() if described else []
    if described and is_select(raw, statement):
        return RawResult((described[0][0],), rows)
    is_count = bool(rows) and described[0][0] == "Count"
    return RawResult(rowcount=int(rows[0][0]) if is_count else -1)
