# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: PLR2004, PT012, PT017, S101 - assertions are the point, and what raises is the whole block
"""Errors in a session, and transactions that end behind its back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import DatabaseError, IntegrityError, TransactionAbortedError
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec import Session, SQLSpec
    from sqlspec.plugin import AdapterInfo
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Failures",)


class Boom(Exception):  # noqa: N818 - the application's own
    """What a block raises."""


def rows_with_a_twin(size: int = 1000) -> Iterator[tuple[int, str]]:
    """Rows from id 100 on, of which number 500 has a key that was there before."""
    for number in range(size):
        yield (100 if number == size // 2 else 100 + number, "many")


class Failures(Fixtures):
    """A clean exit never hides a rollback."""

    def _end(self, session: Session, statement: str) -> DatabaseError:
        """Insert a row, then lose the transaction; returns the error that told it."""
        session.execute(INSERT, (1, None))
        with pytest.raises(DatabaseError) as caught:
            session.execute(statement)
        return caught.value

    def test_a_swallowed_error_is_no_silent_rollback(self, spec: SQLSpec, judge: Judge) -> None:
        """The rest is kept, all of it; or the clean exit says that nothing is."""
        expected = [1, 2]

        try:
            with spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                with pytest.raises(IntegrityError):
                    session.execute(INSERT, (1, None))
                session.execute(INSERT, (2, None))
        except TransactionAbortedError as exc:
            assert isinstance(exc.__cause__, IntegrityError)
            expected = []

        assert judge.ids() == expected

    def test_an_error_that_leaves_the_block_rolls_back(self, spec: SQLSpec, judge: Judge) -> None:
        """And is a typed error of the database."""
        with pytest.raises(IntegrityError):
            with spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                session.execute(INSERT, (1, None))

        assert judge.ids() == []

    def test_an_error_of_the_first_statement_costs_nothing(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """After a rollback at the latest, work goes on."""
        with spec.provide_session() as session:
            with pytest.raises(DatabaseError):
                session.execute("SELECT nothing FROM sqlspec_kit_that_is_not_there")
            session.rollback()
            session.execute(INSERT, (1, None))

        assert judge.ids() == [1]

    def test_after_the_transaction_ended_no_statement_runs(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """It would be committed alone. The clean exit raises too, and the cause is the first error."""
        ender = self.given("ender")

        errors: list[BaseException | None] = []
        with pytest.raises(TransactionAbortedError) as ended:
            with spec.provide_session() as session:
                errors.append(self._end(session, ender))
                with pytest.raises(TransactionAbortedError) as refused:
                    session.execute(INSERT, (2, None))
                errors.append(refused.value.__cause__)
                with pytest.raises(TransactionAbortedError):
                    session.execute_many(INSERT, [(3, None)])
                with pytest.raises(TransactionAbortedError):
                    session.connection()

        assert errors == [ended.value.__cause__] * 2
        assert judge.ids() == []

    def test_commit_of_a_transaction_that_ended_raises(self, spec: SQLSpec, judge: Judge) -> None:
        """Whoever asks for a commit is told that there is none."""
        ender = self.given("ender")

        with pytest.raises(TransactionAbortedError):
            with spec.provide_session() as session:
                self._end(session, ender)
                session.commit()

        assert judge.ids() == []

    def test_rollback_heals(self, spec: SQLSpec, judge: Judge) -> None:
        """The application has taken note: the next statement begins another transaction."""
        ender = self.given("ender")

        with spec.provide_session() as session:
            self._end(session, ender)
            session.rollback()
            session.execute(INSERT, (2, None))

        assert judge.ids() == [2]

    def test_the_end_of_the_enclosing_block_heals(self, spec: SQLSpec, judge: Judge) -> None:
        """A block that was left by an exception was undone, as it had to be; the session goes on."""
        ender = self.given("ender")

        with spec.provide_session() as session:
            with pytest.raises(Boom):
                with session.begin():
                    self._end(session, ender)
                    raise Boom
            session.execute(INSERT, (2, None))

        assert judge.ids() == [2]

    def test_a_block_whose_transaction_ended_does_not_end_in_peace(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """A clean end of the block raises, and the session goes on after it."""
        ender = self.given("ender")

        with spec.provide_session() as session:
            with pytest.raises(TransactionAbortedError):
                with session.begin():
                    self._end(session, ender)
            session.execute(INSERT, (2, None))

        assert judge.ids() == [2]

    @promised(Capability.SAVEPOINTS)
    def test_a_transaction_that_ended_in_an_inner_block_is_over_in_the_outer(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """Never is the first half lost in silence: kept with the rest, or the outer block says so."""
        ender = self.given("ender")
        expected = [5, 6]

        try:
            with spec.provide_session() as session, session.begin():
                session.execute(INSERT, (5, None))
                with pytest.raises(Boom):
                    with session.begin():
                        self._end(session, ender)
                        raise Boom
                session.execute(INSERT, (6, None))
        except TransactionAbortedError:
            expected = []

        assert judge.ids() == expected

    def test_a_commit_that_fails_raises_and_keeps_nothing(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """A constraint that is checked at the end: the error is typed, and comes out of the block."""
        statements = self.given("deferred")

        with pytest.raises(IntegrityError):
            with spec.provide_session() as session:
                session.execute(INSERT, (1, None))
                for statement in statements:
                    session.execute(statement)

        assert judge.ids() == []

    def test_after_a_commit_that_failed_the_connection_serves_on(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """In the same session, and in the next."""
        statements = self.given("deferred")

        with spec.provide_session() as session:
            for statement in statements:
                session.execute(statement)
            with pytest.raises(IntegrityError):
                session.commit()
            session.execute(INSERT, (2, None))
        with spec.provide_session() as session:
            session.execute(INSERT, (3, None))

        assert judge.ids() == [2, 3]

    @pytest.mark.parametrize("autocommit", [False, True])
    def test_execute_many_does_all_or_nothing(
        self, spec: SQLSpec, judge: Judge, info: AdapterInfo, autocommit: Any
    ) -> None:
        """An error in row 500, swallowed: none of the thousand is kept, and the work before it is."""
        self._half_done(spec, judge, info, autocommit=autocommit, how="execute_many")

    @pytest.mark.parametrize("autocommit", [False, True])
    def test_load_does_all_or_nothing(
        self, spec: SQLSpec, judge: Judge, info: AdapterInfo, autocommit: Any
    ) -> None:
        """As `execute_many`."""
        self._half_done(spec, judge, info, autocommit=autocommit, how="load")

    def _half_done(
        self, spec: SQLSpec, judge: Judge, info: AdapterInfo, *, autocommit: bool, how: str
    ) -> None:
        expected = [1, 2]
        try:
            with spec.provide_session(autocommit=autocommit) as session:
                session.execute(INSERT, (1, None))
                with pytest.raises(IntegrityError):
                    if how == "load":
                        session.load("sqlspec_kit", rows_with_a_twin(), ("id", "note"))
                    else:
                        session.execute_many(INSERT, rows_with_a_twin())
                session.execute(INSERT, (2, None))
        except TransactionAbortedError:
            assert Capability.SAVEPOINTS not in info.capabilities or how == "execute_many"
            expected = []

        assert judge.ids() == expected

    def test_a_first_load_that_fails_is_undone(self, spec: SQLSpec, judge: Judge) -> None:
        """Nothing else was pending, so the session goes on, with savepoints or without."""
        with spec.provide_session() as session:
            with pytest.raises(IntegrityError):
                session.load("sqlspec_kit", rows_with_a_twin(), ("id", "note"))
            session.execute(INSERT, (2, None))

        assert judge.ids() == [2]

    def test_what_was_loaded_goes_with_its_transaction(self, spec: SQLSpec, judge: Judge) -> None:
        """A load commits nothing by itself."""
        with pytest.raises(ZeroDivisionError):
            with spec.provide_session() as session:
                assert session.load("sqlspec_kit", [(1, None), (2, None)], ("id", "note")) == 2
                raise ZeroDivisionError

        assert judge.count() == 0

    def test_what_execute_many_did_goes_with_its_transaction(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """It commits nothing by itself."""
        with pytest.raises(ZeroDivisionError):
            with spec.provide_session() as session:
                session.execute_many(INSERT, [(1, None), (2, None)])
                raise ZeroDivisionError

        assert judge.count() == 0

    def test_an_error_in_an_autocommit_session_costs_nothing(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """No transaction is left open: what comes after it is kept at once."""
        with spec.provide_session(autocommit=True) as session:
            session.execute(INSERT, (1, None))
            with pytest.raises(IntegrityError):
                session.execute(INSERT, (1, None))
            session.execute(INSERT, (2, None))
            judge.sees([1, 2])

        assert judge.ids() == [1, 2]

    def test_execute_many_and_load_keep_everything(self, spec: SQLSpec, judge: Judge) -> None:
        """And say how many."""
        rows = [(number, "many") for number in range(1000)]

        with spec.provide_session() as session:
            session.execute_many(INSERT, rows[:500])
            loaded = session.load("sqlspec_kit", iter(rows[500:]), ("id", "note"))

        assert loaded == 500
        assert judge.count() == 1000
