"""Adapters whose results say something else than the database, or lose rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, RawResult
    from testkit.tests.judge.base import Deadline, Names, Rows, Table

names = Rule("Columns have the names of the statement", "test_columns_have_the_names_of_the_statement")
without_rows = Rule("A result without rows has its columns", "test_a_result_without_rows_has_columns")
without_name = Rule("A column without a name has its value", "test_a_column_without_a_name_has_its_value")
twins = Rule("Two columns of one name are two values", "test_two_columns_of_one_name_are_two_values")
nothing = Rule(
    "A statement that returns nothing has no columns", "test_a_statement_that_returns_nothing_has_no_columns"
)
counts = Rule("A statement says how many rows it changed", "test_a_statement_says_how_many_rows_it_changed")
load_counts = Rule("A load says how many rows it stored", "test_a_load_says_how_many_rows_it_stored")
load_columns = Rule(
    "A load names its columns, in any order",
    "test_a_load_may_leave_columns_out_and_name_them_in_another_order",
)
quoted = Rule("A load quotes names", "test_a_load_quotes_names")
columns_now = Rule("Columns are those of now", "test_columns_are_those_of_now")
every_row = Rule("A result has all its rows", "test_a_result_has_all_its_rows")


class Telling(Good):
    """Changes each result."""

    def told(self, result: RawResult) -> RawResult:
        """What is returned instead."""
        return result

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Another result."""
        return self.told(super().execute(statement, parameters, deadline))


@names
class WritesColumnsSmall(Telling):
    """In small letters."""

    def told(self, result: RawResult) -> RawResult:
        """As Oracle's drivers."""
        result.columns = tuple(map(str.lower, result.columns))
        return result


@names
class SortsColumns(Telling):
    """By their names; the values stay where they are."""

    def told(self, result: RawResult) -> RawResult:
        """Sorted."""
        result.columns = tuple(sorted(result.columns))
        return result


@without_rows
class KnowsColumnsByRows(Telling):
    """No row, no columns."""

    def told(self, result: RawResult) -> RawResult:
        """Empty."""
        result.columns = result.columns if result.rows else ()
        return result


@without_rows
class NamesTablesInColumns(Telling):
    """As SQLite's full_column_names."""

    def told(self, result: RawResult) -> RawResult:
        """`table.column`."""
        if not result.rows:
            result.columns = tuple(f"sqlspec_kit.{name}" for name in result.columns)
        return result


@without_name
class LeavesOutUnnamedColumns(Telling):
    """A column that is an expression is none, it thinks."""

    def told(self, result: RawResult) -> RawResult:
        """Only names."""
        kept = [place for place, name in enumerate(result.columns) if "+" not in name]
        result.columns = tuple(result.columns[place] for place in kept)
        result.rows = [tuple(row[place] for place in kept) for row in result.rows]
        return result


@without_name
class NamesNothing(Telling):
    """None for a name."""

    def told(self, result: RawResult) -> RawResult:
        """As PEP 249 allows nobody."""
        names: list[Any] = [None if "+" in name else name for name in result.columns]
        result.columns = tuple(names)
        return result


@twins
class MakesRowsOfMappings(Telling):
    """Of two columns with one name the last stays."""

    def told(self, result: RawResult) -> RawResult:
        """By a dict."""
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        result.columns = tuple(dict.fromkeys(result.columns))
        result.rows = [tuple(row.values()) for row in rows]
        return result


@twins
class NumbersTwins(Telling):
    """Both are there; the second has the value of the first."""

    def told(self, result: RawResult) -> RawResult:
        """By name."""
        first = [result.columns.index(name) for name in result.columns]
        result.rows = [tuple(row[place] for place in first) for row in result.rows]
        return result


@nothing
class RemembersColumnsOfResults(Telling):
    """A cursor's description that stays from the statement before."""

    last: tuple[str, ...] = ()

    def told(self, result: RawResult) -> RawResult:
        """Of the last SELECT."""
        self.last = result.columns = result.columns or self.last
        return result


@counts
class CountsNothing(Telling):
    """The count is not asked for."""

    def told(self, result: RawResult) -> RawResult:
        """Unknown."""
        result.rowcount = -1
        return result


@counts
class CountsWhatWasBefore(Telling):
    """A statement that changes no row has the count of the one before."""

    last = 0

    def told(self, result: RawResult) -> RawResult:
        """As `changes()`."""
        self.last = result.rowcount = result.rowcount or self.last
        return result


@counts
class CountsTheLastRow(Good):
    """Of many executions the last is counted."""

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """One."""
        result = super().execute_many(statement, rows, deadline)
        result.rowcount = min(result.rowcount, 1)
        return result


@load_counts
class CountsNoLoad(Good):
    """None are counted."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """Zero."""
        super().load(table, columns, rows, deadline)
        return 0 if len(rows) < 100 else len(rows)


@load_columns
class LoadsByPlace(Good):
    """The names of the columns are ignored."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """What is left out is NULL at the end."""
        if table == ("sqlspec_kit",):
            rows = [(*row, None)[:2] for row in rows]
            self.execute_many("INSERT INTO sqlspec_kit VALUES (?, ?)", rows, deadline)
            return len(rows)
        return super().load(table, columns, rows, deadline)


@load_columns
class SortsColumnsOfLoads(Good):
    """The names, and not the values."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """By the alphabet."""
        return super().load(table, sorted(columns), rows, deadline)


@quoted
class QuotesNothing(Good):
    """Names as they are typed."""

    def quote(self, identifier: str) -> str:
        """As it is."""
        return identifier


@quoted
class QuotesWhatItThinksOdd(Good):
    """Reserved words are forgotten."""

    def quote(self, identifier: str) -> str:
        """If it is no identifier of Python."""
        return identifier if identifier.isidentifier() else super().quote(identifier)


@every_row
class FetchesTheFirstBatch(Telling):
    """A thousand rows are a result, it thinks."""

    def told(self, result: RawResult) -> RawResult:
        """The first thousand."""
        result.rows = result.rows[:1000]
        return result


@every_row
class LosesARowAtEachBatch(Telling):
    """By one."""

    def told(self, result: RawResult) -> RawResult:
        """Number 500, 1000, and so on."""
        result.rows = [row for place, row in enumerate(result.rows, 1) if place % 500]
        return result


@columns_now
class RemembersColumnsOfStatements(Good):
    """By the text of the statement."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """The first time it looks."""
        result = super().execute(statement, parameters, deadline)
        if result.columns:
            result.columns = self.known.setdefault(statement, result.columns)
        return result

    known: ClassVar[dict[str, tuple[str, ...]]] = {}
