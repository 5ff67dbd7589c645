# ruff: noqa: ARG002 - what is wrong often does not look at what it is given
"""Adapters that lose what is streamed, or hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec_sqlite.connection import SQLiteCursor
from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.plugin import Parameters
    from testkit.tests.judge.base import Deadline

stream_parameters = Rule("A stream takes parameters", "test_a_stream_takes_parameters")
stream_autocommit = Rule(
    "A stream in an autocommit session leaves no transaction open",
    "test_a_stream_in_an_autocommit_session_leaves_no_transaction",
)
stream_values = Rule("A stream has the rows of a result", "test_a_value_of_a_stream_is_that_of_a_result")
stream_free = Rule("A stream leaves the session free", "test_a_stream_leaves_the_session_free")
stream_error = Rule("An error in a stream is raised", "test_an_error_in_a_stream_is_raised")
stream_again = Rule(
    "What was changed while a stream was open is kept",
    "test_a_stream_that_was_left_early_ends_with_its_session",
)


class OtherCursor(SQLiteCursor):
    """A stream's cursor that is wrong."""


class StreamingOtherwise(Good):
    """Opens another cursor."""

    cursor_type: type[SQLiteCursor] = OtherCursor

    def stream(self, statement: str, parameters: Parameters, batch_size: int, deadline: Deadline) -> Any:
        """Of the class."""
        right = super().stream(statement, parameters, batch_size, deadline)
        return self.cursor_type(right._cursor, batch_size)


@stream_values
class StreamsBackwards(StreamingOtherwise):
    """Each batch from its end."""

    class Backwards(SQLiteCursor):
        """The cursor."""

        def fetch(self) -> Sequence[tuple[Any, ...]]:
            """Reversed."""
            return super().fetch()[::-1]

    cursor_type = Backwards


@stream_values
class LosesARowOfEachBatch(StreamingOtherwise):
    """One is fetched to see whether there are more, and lost."""

    class Looking(SQLiteCursor):
        """The cursor."""

        def fetch(self) -> Sequence[tuple[Any, ...]]:
            """And look."""
            batch = super().fetch()
            if len(batch) > 1:
                self._cursor.fetchone()
            return batch

    cursor_type = Looking


@stream_values
class EndsAfterTheFirstBatch(StreamingOtherwise):
    """The cursor is closed too early."""

    class Short(SQLiteCursor):
        """The cursor."""

        batches = 0

        def fetch(self) -> Sequence[tuple[Any, ...]]:
            """Twice."""
            self.batches += 1
            return super().fetch() if self.batches < 3 else []

    cursor_type = Short


@stream_free
class RepeatsRowsOfStreams(StreamingOtherwise):
    """Each row comes twice."""

    class Twice(SQLiteCursor):
        """The cursor."""

        def fetch(self) -> Sequence[tuple[Any, ...]]:
            """And again."""
            return [row for row in super().fetch() for _ in range(2)]

    cursor_type = Twice


@stream_free
class StreamsWithTheOneCursor(Good):
    """Which the next statement takes away."""

    def stream(self, statement: str, parameters: Parameters, batch_size: int, deadline: Deadline) -> Any:
        """Not one of its own."""
        self._cursor.execute(statement, parameters or ())
        return SQLiteCursor(self._cursor, batch_size)


@stream_error
class EndsStreamsInSilence(StreamingOtherwise):
    """An error is the end, it thinks."""

    class Silent(SQLiteCursor):
        """The cursor."""

        def fetch(self) -> Sequence[tuple[Any, ...]]:
            """Nothing more."""
            try:
                return super().fetch()
            except Exception:  # noqa: BLE001 - what is wrong with it
                return []

    cursor_type = Silent


@stream_again
class UndoesWithAStream(StreamingOtherwise):
    """What was done while a stream was open goes with it."""

    class Ending(SQLiteCursor):
        """The cursor."""

        def close(self) -> None:
            """ROLLBACK, as some drivers do it."""
            raw = self._cursor.connection
            super().close()
            if raw.in_transaction:
                raw.execute("ROLLBACK")
                raw.execute("BEGIN IMMEDIATE")

    cursor_type = Ending


@stream_parameters
class WritesParametersIntoStreams(Good):
    """A cursor of the server takes none, it thinks."""

    def stream(self, statement: str, parameters: Parameters, batch_size: int, deadline: Deadline) -> Any:
        """As text."""
        for value in parameters or ():
            statement = statement.replace("?", f"'{value}'" if isinstance(value, str) else str(value), 1)
        return super().stream(statement, None, batch_size, deadline)


@stream_autocommit
class BeginsATransactionForStreams(Good):
    """A cursor needs a transaction; nobody ends it."""

    def stream(self, statement: str, parameters: Parameters, batch_size: int, deadline: Deadline) -> Any:
        """BEGIN."""
        if not self.raw.in_transaction:
            self._control.execute("BEGIN")
        return super().stream(statement, parameters, batch_size, deadline)
