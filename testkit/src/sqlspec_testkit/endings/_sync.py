# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: PT012, S101, TRY301 - assertions are the point, and what raises is the whole block
"""What ends a session, and what becomes of its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec import SQLSpec
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Endings",)


class Boom(Exception):  # noqa: N818 - the application's own
    """What a block raises."""


class Endings(Fixtures):
    """Clean exit, exceptions, and `commit` and `rollback` before the end."""

    @promised(Capability.TRANSACTIONS)
    def test_a_clean_exit_commits(self, spec: SQLSpec, judge: Judge) -> None:
        """Nothing is visible before the end of the block, all of it after."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, "one"))
            session.execute(INSERT, (2, None))
            judge.sees([])

        assert judge.ids() == [1, 2]

    def test_a_session_that_ends_with_a_read_is_committed(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """Whatever the last statement was."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            session.execute("SELECT count(*) FROM sqlspec_kit")

        assert judge.ids() == [1]

    def test_a_session_that_did_nothing_ends_in_peace(self, spec: SQLSpec, judge: Judge) -> None:
        """No statement, no transaction."""
        with spec.provide_session():
            pass

        assert judge.ids() == []

    @promised(Capability.TRANSACTIONS)
    def test_an_exception_rolls_back_and_is_the_one_seen(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """The very object, with nothing chained to it."""
        boom = Boom()

        with pytest.raises(Boom) as caught:
            with spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                raise boom

        assert caught.value is boom
        assert (boom.__cause__, boom.__context__) == (None, None)
        assert judge.ids() == []

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_an_interrupted_block_rolls_back(
        self, spec: SQLSpec, judge: Judge, kind: type[BaseException]
    ) -> None:
        """Also for exceptions that are no errors."""
        with pytest.raises(kind):
            with spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                raise kind

        assert judge.ids() == []

    def test_a_generator_that_is_closed_rolls_back(self, spec: SQLSpec, judge: Judge) -> None:
        """What frameworks do with dependencies of a request that failed."""

        def dependency() -> Iterator[None]:
            with spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                yield

        generator = dependency()
        for _ in generator:
            break
        generator.close()  # type: ignore[attr-defined] # a generator, as its body says

        assert judge.ids() == []

    @promised(Capability.TRANSACTIONS)
    def test_rollback_undoes_and_the_next_statement_begins_anew(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """What came before is gone, what comes after is kept."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            session.rollback()
            session.execute(INSERT, (2, None))

        assert judge.ids() == [2]

    def test_commit_keeps_what_came_before_an_exception(self, spec: SQLSpec, judge: Judge) -> None:
        """What comes after it is undone."""
        with pytest.raises(Boom):
            with spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                session.commit()
                judge.sees([1])
                session.execute(INSERT, (2, None))
                raise Boom

        assert judge.ids() == [1]

    def test_what_comes_after_commit_is_committed_at_the_end(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """In a transaction of its own."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            session.commit()
            session.execute(INSERT, (2, None))
            judge.sees([1])

        assert judge.ids() == [1, 2]

    def test_commit_and_rollback_of_nothing_do_nothing(self, spec: SQLSpec, judge: Judge) -> None:
        """Before the first statement, and twice in a row."""
        with spec.provide_session() as session:
            session.commit()
            session.rollback()
            session.execute(INSERT, (1, None))
            session.commit()
            session.commit()
            session.rollback()

        assert judge.ids() == [1]

    def test_an_autocommit_session_keeps_each_statement(self, spec: SQLSpec, judge: Judge) -> None:
        """At once, and whatever ends the block."""
        with pytest.raises(Boom):
            with spec.provide_session(autocommit=True) as session:
                session.execute(INSERT, (1, None))
                judge.sees([1])
                raise Boom

        assert judge.ids() == [1]

    def test_work_of_one_session_is_not_in_the_next(self, spec: SQLSpec, judge: Judge) -> None:
        """Ten sessions on one connection, every other one failing: each keeps its own fate."""
        for number in range(10):
            try:
                with spec.provide_session() as session:
                    session.execute(INSERT, (number, None))
                    if number % 2:
                        raise Boom
            except Boom:
                pass

        assert judge.ids() == [0, 2, 4, 6, 8]
