# ruff: noqa: ARG002 - what is wrong often does not look at what it is given
"""Adapters that leave things behind, or do not see the end of a connection."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from sqlspec.errors import DatabaseError, DisconnectedError, StatementError
from testkit.tests.judge.base import Good, InPlace, is_open
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, RawResult
    from testkit.tests.judge.base import Deadline, JudgedConfig

temporary = Rule(
    "A temporary table is gone for the next owner", "test_a_temporary_table_is_gone_for_the_next_owner"
)
setting = Rule("A setting is gone for the next owner", "test_a_setting_is_gone_for_the_next_owner")
ends = Rule(
    "A registry that is closed ends its connections", "test_an_end_of_the_registry_ends_its_connections"
)
killed = Rule(
    "A connection that was killed is not lent", "test_an_idle_connection_that_was_killed_is_not_lent"
)
killed_in_use = Rule(
    "A connection that is killed in use says so", "test_a_connection_that_is_killed_in_use_says_so"
)
look = Rule(
    "A look at a connection never raises, and says whether it is of use",
    "test_a_look_at_a_connection_never_raises",
    "contract",
)
closes = Rule("A connection may be closed twice", "test_a_connection_may_be_closed_twice", "contract")
look_tasks = Rule(
    "A look at a connection of tasks never raises, and says whether it is of use",
    "test_a_look_at_a_connection_never_raises_under_async",
    "async_contract",
)
closed_tasks = Rule(
    "A closed connection of tasks is closed",
    "test_a_closed_connection_is_closed_under_async",
    "async_contract",
)
ping = Rule("A ping asks", "test_a_ping_of_a_closed_connection_raises", "contract")
another = Rule("Each connection is another", "test_each_connection_is_another", "contract")
foreign = Rule(
    "Exceptions that are not the driver's are left alone",
    "test_foreign_exceptions_are_left_alone",
    "contract",
)


@temporary
class KeepsTemporaryTables(Good):
    """A reset of the settings alone."""

    def reset(self, deadline: Deadline) -> bool:
        """They are forgotten."""
        return super().reset(deadline) or not self._has_settings()

    def _has_settings(self) -> bool:
        return self.raw.execute("PRAGMA cache_size").fetchone()[0] == 123  # type: ignore[no-any-return]


@temporary
class ResetsNothing(Good):
    """And says that it did."""

    def reset(self, deadline: Deadline) -> bool:
        """True."""
        self.is_raw_lent = False
        return True


@setting
class KeepsSettings(Good):
    """A reset of the temporary tables alone."""

    def reset(self, deadline: Deadline) -> bool:
        """They are forgotten."""
        found = self.raw.execute("SELECT count(*) FROM sqlite_temp_master").fetchone()[0]
        return super().reset(deadline) or not found


@setting
class IsAlwaysPristine(Good):
    """So that no reset is needed."""

    def is_pristine(self) -> bool:
        """It thinks."""
        found = self.raw.execute("SELECT count(*) FROM sqlite_temp_master").fetchone()[0]
        return super().is_pristine() or not found


@ends
class ClosesNothing(Good):
    """The collector will do it."""

    kept: list[object] = []  # noqa: RUF012 - what leaks

    def close(self) -> None:
        """Keep it."""
        self.kept.append(self.raw)


@ends
class OpensTwo(Good):
    """One of them is never used again."""

    kept: list[object] = []  # noqa: RUF012 - what leaks

    @classmethod
    def create(cls, config: JudgedConfig) -> Any:
        """To see whether it works."""
        cls.kept.append(super().create(config))
        return super().create(config)


@killed
class IsAlwaysUsable(Good):
    """Without a look."""

    def is_usable(self) -> bool:
        """True."""
        return self.guard.ended is None

    def is_pristine(self) -> bool:
        """True, too."""
        return True


@killed_in_use
class TellsOfAWrongStatement(Good):
    """A lost connection is an error like others, it thinks."""

    def map_error(self, exc: Exception) -> Any:
        """By its text."""
        error = super().map_error(exc)
        return StatementError(str(error)) if isinstance(error, DisconnectedError) else error


@killed_in_use
class ConnectsAgain(Good):
    """By itself, in the middle of a transaction."""

    config: JudgedConfig

    @classmethod
    def create(cls, config: JudgedConfig) -> Any:
        """Remember how."""
        made = super().create(config)
        made.config = config
        return made

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """What was done before is lost, and nobody is told."""
        if not is_open(self.raw) and self.guard.ended is None:
            other = super().create(self.config)
            other.raw.execute("BEGIN IMMEDIATE")
            vars(self).update(
                {name: value for name, value in other.__dict__.items() if name not in {"guard", "pool"}}
            )
        return super().execute(statement, parameters, deadline)


@look
class RaisesWhenLookedAt(Good):
    """Asks the driver, which is closed."""

    def is_usable(self) -> bool:
        """By what raises."""
        return self.raw.total_changes >= 0 and super().is_usable()


@look
class IsNeverUsable(Good):
    """Each use has a new connection."""

    def is_usable(self) -> bool:
        """False."""
        return False


@look
class IsUsableAfterItsEnd(Good):
    """Forgets to ask core."""

    def is_usable(self) -> bool:
        """True."""
        return True


@look
class DiesOfAPing(Good):
    """A ping that closes."""

    def ping(self, deadline: Deadline) -> None:
        """Once."""
        super().ping(deadline)
        self.close()


@closes
class RaisesWhenClosedTwice(Good):
    """The second time."""

    is_closed = False

    def close(self) -> None:
        """Once is right."""
        super().close()
        if self.is_closed:
            raise OSError("closed before")
        self.is_closed = True


@another
class SharesOneConnection(Good):
    """It is made once, and for all."""

    shared: ClassVar[dict[str, Any]] = {}

    @classmethod
    def create(cls, config: JudgedConfig) -> Any:
        """For this database."""
        if config.database not in cls.shared:
            cls.shared[config.database] = super().create(config)
        return cls.shared[config.database]


@another
class SharesTheDriversConnection(Good):
    """Two of ours are one of the driver's."""

    shared: ClassVar[dict[str, Any]] = {}

    @classmethod
    def connect(cls, config: JudgedConfig) -> Any:
        """For this database."""
        if config.database not in cls.shared:
            cls.shared[config.database] = super().connect(config)
        return cls.shared[config.database]


@another
class ReturnsTheDrivers(Good):
    """The hook gives what the driver gave."""

    @classmethod
    def create(cls, config: JudgedConfig) -> Any:
        """Not ours."""
        return super().create(config).raw


@foreign
class MapsEverything(Good):
    """Each exception is the database's, it thinks."""

    def map_error(self, exc: Exception) -> Any:
        """In the end a DatabaseError."""
        return super().map_error(exc) or DatabaseError(f"{type(exc).__name__} was raised")


@ping
class PingsNothing(Good):
    """All is well, it thinks."""

    def ping(self, deadline: Deadline) -> None:
        """Nothing is asked."""


@ping
class PingsInSilence(Good):
    """It asks, and does not listen."""

    def ping(self, deadline: Deadline) -> None:
        """An error is no sign of life, either."""
        with suppress(sqlite3.Error):
            super().ping(deadline)


@look_tasks
class IsUsableAfterItsEndForTasks(InPlace):
    """Forgets to ask core."""

    def is_usable(self) -> bool:
        """True."""
        return True


@closed_tasks
class PingsNothingForTasks(InPlace):
    """All is well, it thinks."""

    async def ping(self, deadline: Deadline) -> None:
        """Nothing is asked."""


@closed_tasks
class RaisesWhenClosedTwiceForTasks(InPlace):
    """The second time."""

    is_closed = False

    async def close(self) -> None:
        """Once is right."""
        await super().close()
        if self.is_closed:
            raise OSError("closed before")
        self.is_closed = True
