# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: S101, PT012 - assertions are the point, and what raises is the whole block
"""Blocks of `begin()` in a session."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import SavepointNotSupportedError, TransactionControlError
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from sqlspec import Session, SQLSpec
    from sqlspec.plugin import AdapterInfo
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Blocks",)

DEEPEST = 5
"""How many blocks are inside each other."""


class Boom(Exception):  # noqa: N818 - the application's own
    """What a block raises."""


class Blocks(Fixtures):
    """A block outside of a transaction is one; inside it is a savepoint."""

    def test_a_block_is_a_transaction_of_its_own(self, spec: SQLSpec, judge: Judge) -> None:
        """Its clean end commits, before the session ends."""
        with spec.provide_session() as session:
            with session.begin():
                session.execute(INSERT, (1, None))
                judge.sees([])
            judge.sees([1])

        assert judge.ids() == [1]

    def test_a_block_that_raises_is_undone(self, spec: SQLSpec, judge: Judge) -> None:
        """The session goes on, with a transaction of its own."""
        with spec.provide_session() as session:
            with pytest.raises(Boom):
                with session.begin():
                    session.execute(INSERT, (1, None))
                    raise Boom
            session.execute(INSERT, (2, None))

        assert judge.ids() == [2]

    @promised(Capability.SAVEPOINTS)
    def test_a_savepoint_is_undone_and_the_rest_kept(self, spec: SQLSpec, judge: Judge) -> None:
        """What was done before and after the block survives it."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            with pytest.raises(Boom):
                with session.begin():
                    session.execute(INSERT, (2, None))
                    raise Boom
            session.execute(INSERT, (3, None))

        assert judge.ids() == [1, 3]

    @promised(Capability.SAVEPOINTS)
    def test_a_savepoint_is_not_visible_before_the_transaction_ends(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """Its clean end keeps the work for the transaction, which may still undo it."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            with session.begin():
                session.execute(INSERT, (2, None))
            judge.sees([])
            session.rollback()

        assert judge.ids() == []

    @promised(Capability.SAVEPOINTS)
    def test_blocks_nest(self, spec: SQLSpec, judge: Judge) -> None:
        """The inner one is undone, the middle one kept, and the outer one commits them."""
        with spec.provide_session() as session, session.begin():
            session.execute(INSERT, (1, None))
            with session.begin():
                session.execute(INSERT, (2, None))
                with pytest.raises(Boom):
                    with session.begin():
                        session.execute(INSERT, (3, None))
                        raise Boom
                session.execute(INSERT, (4, None))

        assert judge.ids() == [1, 2, 4]

    @promised(Capability.SAVEPOINTS)
    def test_an_outer_block_undoes_inner_ones_that_were_kept(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """A savepoint is no commit."""
        with spec.provide_session() as session:
            with pytest.raises(Boom):
                with session.begin():
                    with session.begin():
                        session.execute(INSERT, (1, None))
                    raise Boom

        assert judge.ids() == []

    @promised(Capability.SAVEPOINTS)
    @pytest.mark.parametrize("undone", range(1, DEEPEST + 1))
    def test_each_level_has_a_savepoint_of_its_own(
        self, spec: SQLSpec, judge: Judge, undone: int
    ) -> None:
        """An error that is caught around one level undoes that and all inside it, and no other."""
        with spec.provide_session() as session:
            session.execute(INSERT, (0, None))
            with suppress(Boom):
                self._descend(session, 1, undone)
            session.execute(INSERT, (99, None))

        assert judge.ids() == [*range(undone), 99]

    def _descend(self, session: Session, level: int, undone: int) -> None:
        with session.begin():
            session.execute(INSERT, (level, None))
            if level == DEEPEST:
                raise Boom
            try:
                self._descend(session, level + 1, undone)
            except Boom:
                if level >= undone:
                    raise

    @promised(Capability.SAVEPOINTS)
    def test_an_outer_savepoint_undoes_inner_ones_that_were_kept(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """An inner one that ends well does not move it."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            with pytest.raises(Boom):
                with session.begin():
                    session.execute(INSERT, (2, None))
                    with session.begin():
                        session.execute(INSERT, (3, None))
                    raise Boom

        assert judge.ids() == [1]

    @promised(Capability.SAVEPOINTS)
    def test_an_outer_savepoint_undoes_what_came_before_an_inner_one_that_was_undone(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """An inner one that was undone is forgotten, and does not hide it."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            with pytest.raises(Boom):
                with session.begin():
                    session.execute(INSERT, (2, None))
                    with pytest.raises(ZeroDivisionError):
                        with session.begin():
                            session.execute(INSERT, (3, None))
                            raise ZeroDivisionError
                    raise Boom

        assert judge.ids() == [1]

    def test_without_savepoints_a_nested_block_is_refused(
        self, spec: SQLSpec, judge: Judge, info: AdapterInfo
    ) -> None:
        """Before anything is sent: the transaction goes on."""
        if Capability.SAVEPOINTS in info.capabilities:
            pytest.skip(f"adapter {info.name!r} has savepoints")

        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            with pytest.raises(SavepointNotSupportedError):
                with session.begin():
                    pass
            session.execute(INSERT, (2, None))

        assert judge.ids() == [1, 2]

    def test_in_an_autocommit_session_a_block_is_a_transaction(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """One that raises is undone; statements outside of blocks are kept one by one."""
        with spec.provide_session(autocommit=True) as session:
            session.execute(INSERT, (1, None))
            with pytest.raises(Boom):
                with session.begin():
                    session.execute(INSERT, (2, None))
                    judge.sees([1])
                    raise Boom
            with session.begin():
                session.execute(INSERT, (3, None))
            session.execute(INSERT, (4, None))
            judge.sees([1, 3, 4])

        assert judge.ids() == [1, 3, 4]

    @pytest.mark.parametrize("method", ["commit", "rollback"])
    def test_a_block_decides_alone_how_it_ends(
        self, spec: SQLSpec, judge: Judge, method: str
    ) -> None:
        """`commit()` and `rollback()` are refused inside; the work goes on."""
        with spec.provide_session() as session, session.begin():
            session.execute(INSERT, (1, None))
            with pytest.raises(TransactionControlError, match="begin"):
                getattr(session, method)()
            session.execute(INSERT, (2, None))

        assert judge.ids() == [1, 2]

    def test_an_exception_through_all_blocks_undoes_everything(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """And is the one that the caller sees."""
        boom = Boom()

        with pytest.raises(Boom) as caught:
            with spec.provide_session() as session, session.begin():
                session.execute(INSERT, (1, None))
                raise boom

        assert caught.value is boom
        assert judge.ids() == []
