# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: S101 - assertions are the point, and what raises is the whole block
"""What a session leaves to the next owner of its connection: nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import ReadOnlyError, StatementError
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from sqlspec import IsolationLevel, SQLSpec
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Leftovers",)

OWNERS = 3
COUNT = "SELECT count(*) FROM sqlspec_kit"


class Boom(Exception):  # noqa: N818 - the application's own
    """What a block raises."""


class Leftovers(Fixtures):
    """Whatever the owner before did, and however that ended."""

    def test_a_temporary_table_is_gone_for_the_next_owner(self, spec: SQLSpec) -> None:
        """It was the session's."""
        make = self.given("temporary")

        for _ in range(OWNERS):
            with spec.provide_session(autocommit=True) as session:
                session.execute(make)
                session.execute("INSERT INTO sqlspec_kit_temporary (id) VALUES (1)")
        with spec.provide_session(autocommit=True) as session:
            with pytest.raises(StatementError):
                session.execute("SELECT id FROM sqlspec_kit_temporary")

    @pytest.mark.parametrize("ended", ["well", "by an error"])
    def test_a_setting_is_gone_for_the_next_owner(self, spec: SQLSpec, ended: str) -> None:
        """It has the value again that it has on a new connection."""
        self._is_gone(spec, self.given("setting"), ended)

    @pytest.mark.parametrize("ended", ["well", "by an error"])
    def test_a_role_is_gone_for_the_next_owner(self, spec: SQLSpec, ended: str) -> None:
        """Nobody works with the rights of somebody else."""
        self._is_gone(spec, self.given("role"), ended)

    def _is_gone(self, spec: SQLSpec, given: Any, ended: str) -> None:
        change, show = given
        changed = before = None
        with suppress(Boom):
            with spec.provide_session(autocommit=True) as session:
                before = session.execute(show).scalar()
                session.execute(change)
                changed = session.execute(show).scalar()
                if ended != "well":
                    raise Boom
        found = []
        for _ in range(OWNERS):
            with spec.provide_session(autocommit=True) as session:
                found.append(session.execute(show).scalar())

        assert changed != before, "the statement changes nothing"
        assert found == [before] * OWNERS

    @pytest.mark.parametrize("ended", ["well", "by an error"])
    def test_a_lock_ends_with_its_session(self, spec: SQLSpec, judge: Judge, ended: str) -> None:
        """Another connection sees it, and after the end sees it no more."""
        statement, look = self.given("lock")
        before, during = judge.scalar(look), None

        with suppress(Boom):
            with spec.provide_session(autocommit=True) as session:
                session.execute(statement)
                during = judge.scalar(look)
                if ended != "well":
                    raise Boom

        assert (bool(before), bool(during)) == (False, True), "the statements take a lock, and see it"
        assert not judge.scalar(look)

    @promised(Capability.READ_ONLY)
    @pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
    @pytest.mark.parametrize("ended", ["well", "by an error", "by a write", "unused"])
    def test_read_only_ends_with_its_session(
        self, spec: SQLSpec, judge: Judge, ended: str, autocommit: Any
    ) -> None:
        """The next session on the same connection writes, in either mode."""
        with suppress(Boom, ReadOnlyError):
            with spec.provide_session(read_only=True, autocommit=autocommit) as session:
                if ended != "unused":
                    session.execute(COUNT).scalar()
                if ended == "by an error":
                    raise Boom
                if ended == "by a write":
                    session.execute(INSERT, (9, None))
        for number, mode in enumerate((autocommit, not autocommit)):
            with spec.provide_session(autocommit=mode) as session:
                session.execute(INSERT, (number, None))

        assert judge.ids() == [0, 1]

    @promised(Capability.ISOLATION)
    @pytest.mark.parametrize("level", ["read committed", "repeatable read"])
    def test_a_level_of_isolation_ends_with_its_session(
        self, spec: SQLSpec, judge: Judge, level: IsolationLevel
    ) -> None:
        """The next transaction has the level that it had before."""
        before = self._sees_others(spec, judge, 1)
        with spec.provide_session(isolation=level) as session:
            session.execute(COUNT).scalar()

        assert self._sees_others(spec, judge, 2) == before

    @staticmethod
    def _sees_others(spec: SQLSpec, judge: Judge, number: int) -> bool:
        """Whether a transaction sees what is committed meanwhile."""
        with spec.provide_session() as session:
            first = session.execute(COUNT).scalar()
            judge.run(INSERT.replace("(?, ?)", f"({number}, NULL)"))
            return bool(session.execute(COUNT).scalar() != first)
