"""Adapters that declare what they have not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.plugin import Capability, Connection
from sqlspec_sqlite import plugin as sqlite
from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, RawResult, TransactionOptions
    from testkit.tests.judge.base import Deadline

DECLARED = sqlite.ADAPTER.capabilities

ddl = Rule(
    "TRANSACTIONAL_DDL: a table is rolled back with the rest", "test_a_table_is_rolled_back_with_the_rest"
)
isolation = Rule("ISOLATION: a transaction has its level", "test_a_transaction_has_its_isolation_level")
arrow = Rule(
    "ARROW: a table is not made of Python objects",
    "test_a_table_of_arrow_is_not_made_of_python_objects",
    "sync",
)
stream = Rule("STREAM: a few rows at a time", "test_a_stream_holds_a_few_rows_at_a_time", "sync")
lastrowid = Rule("LASTROWID: the key of a new row", "test_the_key_of_a_new_row_is_told")
read_only = Rule(
    "READ_ONLY: a session refuses writes, and the next does not", "test_a_read_only_session_refuses_writes"
)


@ddl
class CommitsTables(Good):
    """CREATE TABLE commits, as in MySQL."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """And begins anew."""
        if not statement.startswith("CREATE") or not self.raw.in_transaction:
            return super().execute(statement, parameters, deadline)
        self._control.execute("COMMIT")
        try:
            return super().execute(statement, parameters, deadline)
        finally:
            self._control.execute("BEGIN")


@isolation
class DeclaresIsolation(Good):
    """And ignores the level."""

    info = {"capabilities": DECLARED | {Capability.ISOLATION}}  # noqa: RUF012 - as the base class says


@arrow
class DeclaresArrow(Good):
    """And core makes the table of its rows."""

    info = {"capabilities": DECLARED | {Capability.ARROW}}  # noqa: RUF012 - as the base class says


@stream
class HoldsStreams(Good):
    """As core does where there is no stream."""

    def stream(self, statement: str, parameters: Parameters, batch_size: int, deadline: Deadline) -> Any:
        """All rows at once."""
        return Connection.stream(self, statement, parameters, batch_size, deadline)


@stream
class IgnoresTheSizeOfBatches(Good):
    """A hundred thousand rows are fetched at a time."""

    def stream(self, statement: str, parameters: Parameters, batch_size: int, deadline: Deadline) -> Any:
        """Faster, it thinks."""
        return super().stream(statement, parameters, 1000 * batch_size, deadline)


@lastrowid
class MakesUpKeys(Good):
    """One for all."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """1."""
        result = super().execute(statement, parameters, deadline)
        result.lastrowid = 1
        return result


@lastrowid
class TellsNoKeys(Good):
    """None."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Nothing."""
        result = super().execute(statement, parameters, deadline)
        result.lastrowid = None
        return result


@lastrowid
class TellsTheKeyBefore(Good):
    """Of the INSERT before."""

    last: int | None = None

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Stale."""
        result = super().execute(statement, parameters, deadline)
        result.lastrowid, self.last = self.last, result.lastrowid
        return result


@read_only
class IgnoresReadOnly(Good):
    """Writes are as welcome as ever."""

    def _set_read_only(self, *, on: bool) -> None:
        """Nothing is set."""


@read_only
class IgnoresReadOnlyInAutocommit(Good):
    """It is set with BEGIN alone."""

    def apply_session_options(self, options: TransactionOptions, deadline: Deadline) -> None:
        """Nothing is set."""


@read_only
class StaysReadOnly(Good):
    """For the next owner, too."""

    def clean_up(self, reset: bool, deadline: Deadline) -> bool:
        """Forgets to allow writes, and says that all is clean."""
        return Connection.clean_up(self, reset, deadline)

    def reset(self, deadline: Deadline) -> bool:
        """True."""
        return super().reset(deadline) or self._is_read_only

    def begin(self, options: TransactionOptions, deadline: Deadline) -> None:
        """As it is."""
        super().begin(options, deadline)
