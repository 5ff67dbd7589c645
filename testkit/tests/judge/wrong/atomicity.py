"""Adapters whose bulk calls and scripts are done by halves."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlspec.plugin import Connection, RawResult
from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.plugin import Parameters
    from testkit.tests.judge.base import Deadline, Names, Rows, Table

all_or_nothing = Rule("execute_many does all rows or none", "test_execute_many_does_all_or_nothing")
load_all_or_nothing = Rule("load does all rows or none", "test_load_does_all_or_nothing")
load_alone = Rule("A first load that fails is undone", "test_a_first_load_that_fails_is_undone")
load_in_transaction = Rule(
    "A load is part of the transaction", "test_what_was_loaded_goes_with_its_transaction"
)
many_in_transaction = Rule(
    "execute_many is part of the transaction", "test_what_execute_many_did_goes_with_its_transaction"
)
autocommit_error = Rule(
    "An error in an autocommit session leaves no transaction open",
    "test_an_error_in_an_autocommit_session_costs_nothing",
)
everything = Rule("Bulk calls keep every row", "test_execute_many_and_load_keep_everything")
script = Rule("A script is part of the transaction", "test_a_script_is_part_of_the_transaction")
failing_script = Rule(
    "A script that fails says so and keeps nothing", "test_a_script_that_fails_says_so_and_keeps_nothing"
)
stops = Rule(
    "A script stops at its first wrong statement", "test_a_script_stops_at_its_first_wrong_statement"
)
swallowed = Rule(
    "An error that is swallowed undoes nothing in silence", "test_a_swallowed_error_is_no_silent_rollback"
)
once = Rule("A statement runs once", "test_a_statement_runs_once")


class ByLoops(Good):
    """Bulk calls as core does them, row by row."""

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """Row by row."""
        return Connection.execute_many(self, statement, rows, deadline)


@all_or_nothing
class KeepsHalf(ByLoops):
    """Nobody is told that rows of a failed call are in the transaction."""

    @property
    def is_spoiled(self) -> bool:
        """False, whatever core is told."""
        return False

    @is_spoiled.setter
    def is_spoiled(self, value: bool) -> None: ...  # pyright: ignore[reportIncompatibleVariableOverride]

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """Right."""
        Good.execute_many(self, self.insert_into(table, columns), rows, deadline)
        return len(rows)


@all_or_nothing
class CommitsInBatches(Good):
    """So that no transaction becomes too large."""

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """Of a hundred rows each."""
        for start in range(0, len(rows), 100):
            super().execute_many(statement, rows[start : start + 100], deadline)
            if start + 100 < len(rows):
                self._control.execute("COMMIT")
                self._control.execute("BEGIN IMMEDIATE")
        return RawResult(rowcount=len(rows))

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """Right."""
        super().execute_many(self.insert_into(table, columns), rows, deadline)
        return len(rows)


@all_or_nothing
class LeavesOutWhatFails(Good):
    """Rows that are refused are skipped in silence."""

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """OR IGNORE."""
        return super().execute_many(statement.replace("INSERT INTO", "INSERT OR IGNORE INTO"), rows, deadline)


@load_all_or_nothing
class LeavesOutWhatFailsInLoads(Good):
    """Rows that are refused are skipped in silence."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """OR IGNORE."""
        statement = self.insert_into(table, columns).replace("INSERT", "INSERT OR IGNORE", 1)
        self.execute_many(statement, rows, deadline)
        return len(rows)


@load_all_or_nothing
class ReplacesInLoad(Good):
    """A key that is there is written over."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """OR REPLACE."""
        statement = self.insert_into(table, columns).replace("INSERT", "INSERT OR REPLACE", 1)
        self.execute_many(statement, rows, deadline)
        return len(rows)


@load_alone
class CommitsBeforeTheRowThatFails(Good):
    """What is in is in."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """Row by row, and a COMMIT in any case."""
        try:
            for row in rows:
                self.execute(self.insert_into(table, columns), row, deadline)
        except sqlite3.Error:
            self._control.execute("COMMIT")
            self._control.execute("BEGIN IMMEDIATE")
            raise
        return len(rows)


@load_in_transaction
class CommitsLoads(Good):
    """A loader of its own, which commits."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """COMMIT at the end."""
        count = super().load(table, columns, rows, deadline)
        self._control.execute("COMMIT")
        self._control.execute("BEGIN IMMEDIATE")
        return count


@everything
class LosesTheLastRow(Good):
    """A batch too few."""

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """Rows of the last batch that is not full are left out."""
        full = len(rows) if len(rows) < 400 else len(rows) // 400 * 400
        super().execute_many(statement, rows[:full], deadline)
        return RawResult(rowcount=len(rows))


@everything
class LoadsTheFirstBatch(Good):
    """Of a hundred rows."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """And says that it loaded all."""
        super().load(table, columns, rows[:100], deadline)
        return len(rows)


@script
class CommitsBeforeScripts(Good):
    """As the driver's `executescript`."""

    def execute_script(self, statements: Sequence[Any], deadline: Deadline) -> None:
        """COMMIT around it."""
        if self.raw.in_transaction:
            self._control.execute("COMMIT")
        super().execute_script(statements, deadline)
        self._control.execute("BEGIN IMMEDIATE")


@script
class RunsTheFirstStatement(Good):
    """A driver that reads one statement and no more."""

    def execute_script(self, statements: Sequence[Any], deadline: Deadline) -> None:
        """The first."""
        super().execute_script(statements[:1], deadline)


@failing_script
class SwallowsErrorsOfScripts(Good):
    """The rest is not run, and nobody knows."""

    def execute_script(self, statements: Sequence[Any], deadline: Deadline) -> None:
        """In silence."""
        with suppress(sqlite3.Error):
            super().execute_script(statements, deadline)


@stops
class GoesOnInScripts(Good):
    """The error is raised, after all the rest was run."""

    def execute_script(self, statements: Sequence[Any], deadline: Deadline) -> None:
        """To the end."""
        failed = None
        for statement in statements:
            try:
                self.execute(statement, None, deadline)
            except sqlite3.Error as exc:
                failed = exc
        if failed is not None:
            raise failed


@swallowed
class RollsBackAfterErrors(Good):
    """And begins anew: what came before is gone, and nobody is told."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """For a clean state."""
        was_open = self.raw.in_transaction
        try:
            return super().execute(statement, parameters, deadline)
        except sqlite3.IntegrityError as exc:
            if was_open and "sqlspec_kit.id" in str(exc) and self.raw.in_transaction:
                self._control.execute("ROLLBACK")
                self._control.execute("BEGIN IMMEDIATE")
            raise


@swallowed
class SwallowsErrors(Good):
    """An INSERT that is refused has changed no row, that is all."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """In silence."""
        try:
            return super().execute(statement, parameters, deadline)
        except sqlite3.IntegrityError:
            if statement.startswith("INSERT INTO sqlspec_kit ("):
                return RawResult(rowcount=0)
            raise


@once
class RunsUpdatesTwice(Good):
    """To find out how many rows there are."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Once to count, once to do it."""
        if statement.startswith("UPDATE"):
            super().execute(statement, parameters, deadline)
        return super().execute(statement, parameters, deadline)


@many_in_transaction
class CommitsBulkCalls(Good):
    """All rows are in, so they are kept, it thinks."""

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """COMMIT at the end."""
        result = super().execute_many(statement, rows, deadline)
        self._control.execute("COMMIT")
        self._control.execute("BEGIN IMMEDIATE")
        return result

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """Right."""
        super().execute_many(self.insert_into(table, columns), rows, deadline)
        return len(rows)


@autocommit_error
class LeavesATransactionAfterErrors(Good):
    """Each statement has a transaction of its own; an error forgets its end."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """BEGIN, and COMMIT if all went well."""
        is_ours = statement.startswith("INSERT") and not self.raw.in_transaction
        if is_ours:
            self._control.execute("BEGIN")
        result = super().execute(statement, parameters, deadline)
        if is_ours:
            self._control.execute("COMMIT")
        return result
