"""Adapters whose errors say the wrong thing, or too much."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from sqlspec import errors
from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, RawResult
    from testkit.tests.judge.base import Deadline, JudgedConfig, Names, Rows, Table

by_kind = Rule("A violated constraint is told by its kind", "test_a_violated_constraint_is_told_by_its_kind")
statement_errors = Rule("A wrong statement is told as one", "test_a_wrong_statement_is_told_as_one")
values = Rule("No text of an error holds a value", "test_no_text_of_an_error_holds_a_value")
travels = Rule("An error travels between processes", "test_an_error_travels_between_processes")
code = Rule("An error has the code that the database gave", "test_an_error_has_the_code_of_the_database")
connecting = Rule(
    "Why no connection is made is told by class, and without the password",
    "test_why_no_connection_is_made_is_told_by_class",
)
read_only = Rule(
    "A read-only session refuses writes, with its own error", "test_a_read_only_session_refuses_writes"
)
first_error = Rule(
    "An error of the first statement costs nothing", "test_an_error_of_the_first_statement_costs_nothing"
)


class Telling(Good):
    """Makes another error of the right one."""

    def told(self, error: Any) -> Any:
        """What is raised instead."""
        return error

    def map_error(self, exc: Exception) -> errors.SQLSpecError | None:
        """Another error."""
        error: errors.SQLSpecError | None = self.told(super().map_error(exc))
        return error


@by_kind
class TellsAllViolationsAlike(Telling):
    """One class for all constraints."""

    def told(self, error: Any) -> Any:
        """The parent of the right one."""
        return (
            errors.IntegrityError(str(error), code=error.code)
            if isinstance(error, errors.IntegrityError)
            else error
        )


@by_kind
class TakesNullForTwice(Telling):
    """NOT NULL is told as UNIQUE."""

    def told(self, error: Any) -> Any:
        """Mixed up."""
        is_null = isinstance(error, errors.NotNullViolationError)
        return errors.UniqueViolationError(str(error), code=error.code) if is_null else error


@by_kind
class FailsAtUnknownCodes(Telling):
    """A table of codes with a hole."""

    def told(self, error: Any) -> Any:
        """KeyError."""
        return vars(errors)[""] if isinstance(error, errors.ForeignKeyViolationError) else error


@by_kind
class LetsTheDriversErrorsOut(Telling):
    """Those that it does not know."""

    def told(self, error: Any) -> Any:
        """As they are."""
        return None if isinstance(error, errors.CheckViolationError) else error


@statement_errors
class TellsOfCircumstances(Telling):
    """As if it were worth another try."""

    def told(self, error: Any) -> Any:
        """Operational."""
        is_it = type(error) is errors.StatementError
        return errors.OperationalError(str(error), code=error.code) if is_it else error


@statement_errors
class LosesTheCause(Good):
    """Raises its own errors, `from None`."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Without the driver's."""
        try:
            return super().execute(statement, parameters, deadline)
        except sqlite3.OperationalError as exc:
            error = self.map_error(exc)
            if not isinstance(error, errors.StatementError):
                raise
            raise error from None


@statement_errors
class TakesErrorsForTheEnd(Telling):
    """Each error of the driver's is a lost connection."""

    def told(self, error: Any) -> Any:
        """Disconnected."""
        is_it = type(error) is errors.StatementError
        return errors.DisconnectedError(str(error)) if is_it and "near" in str(error) else error


class QuotingErrors(Good):
    """Adds to the driver's text."""

    def added(self, exc: sqlite3.IntegrityError, said: object) -> sqlite3.IntegrityError:
        """With what was sent."""
        error = sqlite3.IntegrityError(f"{exc}: {said}")
        error.sqlite_errorname, error.sqlite_errorcode = exc.sqlite_errorname, exc.sqlite_errorcode
        return error


@values
class QuotesParameters(QuotingErrors):
    """In the text of the error."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """What was sent."""
        try:
            return super().execute(statement, parameters, deadline)
        except sqlite3.IntegrityError as exc:
            raise self.added(exc, parameters) from None


@values
class QuotesRows(QuotingErrors):
    """In the text of the error of a bulk call."""

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """What was sent."""
        try:
            return super().execute_many(statement, rows, deadline)
        except sqlite3.IntegrityError as exc:
            raise self.added(exc, rows[0]) from None


@values
class QuotesLoads(QuotingErrors):
    """In a note of the error of a load."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """What was sent."""
        try:
            return super().load(table, columns, rows, deadline)
        except sqlite3.IntegrityError as exc:
            exc.add_note(f"the rows begin with {rows[0]}")
            raise


@travels
class MakesErrorsOfItsOwn(Telling):
    """Of a class that no other process can find."""

    def told(self, error: Any) -> Any:
        """Local."""
        if not isinstance(error, errors.StatementError):
            return error
        return type("Local", (type(error),), {"__module__": "nowhere"})(str(error), code=error.code)


@travels
class KeepsTheConnectionInErrors(Telling):
    """For those who want to look."""

    def told(self, error: Any) -> Any:
        """Which no other process can have."""
        if error is not None:
            error.connection = self.raw
        return error


@code
class ForgetsTheCode(Telling):
    """The text says enough, it thinks."""

    def told(self, error: Any) -> Any:
        """None."""
        if isinstance(error, errors.DatabaseError):
            error.code = error.sqlstate = None
        return error


@connecting
class TellsThePassword(Good):
    """So that one sees what is wrong with it."""

    @classmethod
    def create(cls, config: JudgedConfig) -> Any:
        """In the text."""
        try:
            return super().create(config)
        except errors.AuthenticationError:
            raise errors.AuthenticationError(f"the password {config.password!r} is wrong") from None


@connecting
class TellsThatNoneIsThere(Good):
    """Whatever the reason, there is no connection."""

    @classmethod
    def create(cls, config: JudgedConfig) -> Any:
        """By the parent's class."""
        try:
            return super().create(config)
        except errors.AuthenticationError:
            raise errors.ConnectError("no connection") from None


@connecting
class TellsThePasswordInTheCause(Good):
    """The driver's own text is chained."""

    @classmethod
    def create(cls, config: JudgedConfig) -> Any:
        """By `from`."""
        try:
            return super().create(config)
        except errors.AuthenticationError as exc:
            raise exc from sqlite3.OperationalError(f"authentication failed: {config.password}")


@read_only
class TellsThatTheStatementIsWrong(Telling):
    """A write that is refused is a wrong statement, it thinks."""

    def told(self, error: Any) -> Any:
        """Not that the session is read-only."""
        return errors.StatementError(str(error)) if isinstance(error, errors.ReadOnlyError) else error


@first_error
class StaysInDoubtAfterErrors(Good):
    """After a wrong statement nothing is taken any more, and a rollback does not heal it."""

    is_in_doubt = False

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Until the connection is closed."""
        if self.is_in_doubt:
            raise errors.OperationalError("in doubt", code="DOUBT")
        try:
            return super().execute(statement, parameters, deadline)
        except sqlite3.OperationalError:
            self.is_in_doubt = True
            raise

    def reset(self, deadline: Deadline) -> bool:
        """Not to be lent again."""
        return super().reset(deadline) and not self.is_in_doubt


@by_kind
class LosesTheCauseOfViolations(Good):
    """It quotes rows, so it is dropped, `from None`."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Without the driver's."""
        try:
            return super().execute(statement, parameters, deadline)
        except sqlite3.IntegrityError as exc:
            raise (self.map_error(exc) or exc) from None


@statement_errors
class SaysNothing(Telling):
    """An error without a word."""

    def told(self, error: Any) -> Any:
        """Empty."""
        return type(error)("", code=error.code) if type(error) is errors.StatementError else error


@travels
class KeepsTheRowInErrors(Telling):
    """Of a violation, for those who want to look."""

    def told(self, error: Any) -> Any:
        """Which no other process can have."""
        if isinstance(error, errors.IntegrityError):
            error.cursor = self._cursor  # type: ignore[attr-defined]
        return error
