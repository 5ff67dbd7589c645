# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: PT012, S101 - assertions are the point, and what raises is the whole block
"""How connections end, and how long they let their callers wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import DisconnectedError, QueryTimeoutError
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures
from sqlspec_testkit.pauses import pause
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from pathlib import Path

    from sqlspec import Session, SQLSpec
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Life",)

OWNERS = 3
LIMIT = 0.3
"""Seconds that a statement may take."""
MOMENT = 0.3
"""Seconds until the end of a connection has come through to this process."""
LATE = 1.0 + 1.5
"""Seconds after a limit: the one that is promised, and what a busy machine takes."""
PATIENCE = 5.0
"""Seconds after which it was not stopped: much more than any machine needs, and less than it takes."""


class Life(Fixtures):
    """What is closed is closed, what was killed is not lent, and no wait is longer than it may be."""

    def test_an_end_of_the_registry_ends_its_connections(self, spec: SQLSpec, tmp_path: Path) -> None:
        """The server says so: the only one that is left is the one that asks."""
        count = self.given("connections")
        other = self.make_registry()
        other.register_config(self.make_config(tmp_path), "other")

        with other:
            with other.provide_session(autocommit=True) as session:
                before = session.execute(count).scalar()
            for _ in range(OWNERS):
                with spec.provide_session(autocommit=True) as session:
                    session.execute("SELECT 1")
            spec.close()
            with other.provide_session(autocommit=True) as session:
                after = self._count(session, count)
        spec.open()

        assert before > 1, "the statement counts connections of this database"
        assert after == 1

    @staticmethod
    def _count(session: Session, statement: str) -> int:
        """How many connections there are, when those have gone that are on their way."""
        end = time.monotonic() + PATIENCE
        while True:
            found = int(session.execute(statement).scalar())
            if found == 1 or time.monotonic() > end:
                return found
            pause(0.02)

    def test_an_idle_connection_that_was_killed_is_not_lent(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """The next session has another, and its work is kept."""
        kill = self.given("kill")
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))

        judge.run(kill)
        pause(MOMENT)
        with spec.provide_session() as session:
            session.execute(INSERT, (2, None))

        assert judge.ids() == [1, 2]

    def test_a_connection_that_is_killed_in_use_says_so(self, spec: SQLSpec, judge: Judge) -> None:
        """As `DisconnectedError`, once; nothing is kept, and the next session is served."""
        kill = self.given("kill")

        with pytest.raises(DisconnectedError):
            with spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                judge.run(kill)
                session.execute(INSERT, (2, None))
        with spec.provide_session() as session:
            session.execute(INSERT, (3, None))

        assert judge.ids() == [3]

    @promised(Capability.INTERRUPT)
    def test_a_time_limit_is_kept(self, spec: SQLSpec, judge: Judge) -> None:
        """INTERRUPT: the statement is stopped, and the session goes on after a rollback."""
        slow, started = self.given("slow"), time.monotonic()

        with spec.provide_session() as session:
            with pytest.raises(QueryTimeoutError):
                session.execute(slow, query_timeout=LIMIT)
            took = time.monotonic() - started
            session.rollback()
            session.execute(INSERT, (1, None))

        assert LIMIT <= took < LIMIT + LATE
        assert judge.ids() == [1]
