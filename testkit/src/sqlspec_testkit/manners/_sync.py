# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: PLR2004, PT012, S101 - assertions are the point, and what raises is the whole block
"""What a session refuses, and what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    DatabaseError,
    MultipleStatementsError,
    NotSupportedError,
    ParameterError,
    ReadOnlyError,
    SessionClosedError,
    TransactionControlError,
)
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from sqlspec import Session, SQLSpec
    from sqlspec.plugin import AdapterInfo
    from sqlspec_testkit.fixtures._sync import Judge

__all__ = ("Manners",)

CONTROL = [
    "BEGIN",
    "begin transaction",
    "START TRANSACTION",
    "COMMIT",
    "commit work;",
    "/* well */ COMMIT",
    "-- well\nROLLBACK",
    "ROLLBACK TO SAVEPOINT one",
    "SAVEPOINT one",
    "RELEASE SAVEPOINT one",
]
"""Transaction control as it may be typed."""


class Manners(Fixtures):
    """Refusals come before anything is sent: the transaction goes on."""

    @pytest.mark.parametrize("statement", CONTROL)
    def test_typed_transaction_control_is_refused(
        self, spec: SQLSpec, judge: Judge, statement: str
    ) -> None:
        """The transaction is as it was before: its work is neither committed nor undone."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            with pytest.raises(TransactionControlError):
                session.execute(statement)
            judge.sees([])
            session.execute(INSERT, (2, None))

        assert judge.ids() == [1, 2]

    def test_transaction_control_in_a_script_is_refused(self, spec: SQLSpec, judge: Judge) -> None:
        """None of the script runs."""
        script = "INSERT INTO sqlspec_kit (id) VALUES (2); COMMIT; INSERT INTO sqlspec_kit (id) VALUES (3)"

        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            with pytest.raises(TransactionControlError):
                session.execute_script(script)

        assert judge.ids() == [1]

    def test_a_script_is_part_of_the_transaction(self, spec: SQLSpec, judge: Judge) -> None:
        """Its statements are committed with the rest."""
        script = "INSERT INTO sqlspec_kit (id) VALUES (1); INSERT INTO sqlspec_kit (id, note) VALUES (2, ';')"

        with spec.provide_session() as session:
            session.execute_script(script)
            judge.sees([])

        assert judge.ids() == [1, 2]

    def test_stacked_statements_are_refused(self, spec: SQLSpec, judge: Judge) -> None:
        """Neither of the two runs."""
        with spec.provide_session() as session:
            with pytest.raises(MultipleStatementsError):
                session.execute("DELETE FROM sqlspec_kit; INSERT INTO sqlspec_kit (id) VALUES (9)")
            session.execute(INSERT, (1, None))

        assert judge.ids() == [1]

    def test_a_wrong_number_of_parameters_is_refused(self, spec: SQLSpec, judge: Judge) -> None:
        """The transaction goes on, also when it was the first statement."""
        misfits: list[Any] = [(), (1,), (1, None, 3), {"id": 1}]

        with spec.provide_session() as session:
            for parameters in misfits:
                with pytest.raises(ParameterError):
                    session.execute(INSERT, parameters)
            session.execute(INSERT, (1, None))
            with pytest.raises(ParameterError, match="row 2"):
                session.execute_many(INSERT, [(2, None), (3,)])

        assert judge.ids() == [1]

    def test_nothing_runs_after_the_end(self, spec: SQLSpec, judge: Judge) -> None:
        """Its connection may serve somebody else by then."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            block = session.begin()
            rows = session.stream("SELECT id FROM sqlspec_kit")

        with pytest.raises(SessionClosedError):
            session.execute(INSERT, (2, None))
        with pytest.raises(SessionClosedError):
            session.execute_many(INSERT, [(2, None)])
        with pytest.raises(SessionClosedError):
            session.execute_script("DELETE FROM sqlspec_kit")
        with pytest.raises(SessionClosedError):
            session.load("sqlspec_kit", [(2,)], ("id",))
        for method in (session.connection, session.commit, session.rollback):
            with pytest.raises(SessionClosedError):
                method()
        with pytest.raises(SessionClosedError):
            with block:
                pass
        with pytest.raises(SessionClosedError):
            for _ in rows:
                pass
        assert judge.ids() == [1]

    def test_a_session_that_failed_is_closed_too(self, spec: SQLSpec, judge: Judge) -> None:
        """Whatever ended it."""
        ended: list[Session] = []

        with pytest.raises(ZeroDivisionError):
            with spec.provide_session() as session:
                ended.append(session)
                session.execute(INSERT, (1, None))
                raise ZeroDivisionError

        with pytest.raises(SessionClosedError):
            ended[0].execute(INSERT, (2, None))
        assert judge.ids() == []

    @promised(Capability.READ_ONLY)
    def test_a_read_only_session_refuses_writes(self, spec: SQLSpec, judge: Judge) -> None:
        """With a typed error; it reads, and the next session writes."""
        for autocommit in (False, True):
            with spec.provide_session(read_only=True, autocommit=autocommit) as session:
                before = session.execute("SELECT count(*) FROM sqlspec_kit").scalar()
            with pytest.raises(ReadOnlyError):
                with spec.provide_session(read_only=True, autocommit=autocommit) as session:
                    session.execute(INSERT, (1, None))
            assert before == 0
        with spec.provide_session() as session:
            session.execute(INSERT, (2, None))

        assert judge.ids() == [2]

    def test_where_read_only_is_not_declared_it_is_refused(
        self, spec: SQLSpec, info: AdapterInfo
    ) -> None:
        """Rather than ignored."""
        if Capability.READ_ONLY in info.capabilities:
            pytest.skip(f"adapter {info.name!r} has read-only sessions")

        with pytest.raises(NotSupportedError):
            with spec.provide_session(read_only=True):
                pass

    def test_where_isolation_is_not_declared_it_is_refused(
        self, spec: SQLSpec, info: AdapterInfo
    ) -> None:
        """Nobody gets another level than the one that was asked for."""
        if Capability.ISOLATION in info.capabilities:
            pytest.skip(f"adapter {info.name!r} has levels of isolation")

        with pytest.raises(NotSupportedError):
            with spec.provide_session(isolation="serializable"):
                pass

    def test_the_raw_connection_is_in_the_transaction(self, spec: SQLSpec, judge: Judge) -> None:
        """Asking for it begins one: what is done on it shares the session's fate."""
        with spec.provide_session() as session:
            session.connection()
            session.execute(INSERT, (1, None))
            judge.sees([])
            session.rollback()

        assert judge.ids() == []

    def test_a_stream_leaves_the_session_free(self, spec: SQLSpec, judge: Judge) -> None:
        """Other statements run between its rows, and it sees each row once."""
        with spec.provide_session() as session:
            session.execute_many(INSERT, [(number, None) for number in range(100)])
            seen = []
            for row in session.stream("SELECT id FROM sqlspec_kit ORDER BY id", batch_size=7):
                seen.append(row["id"])
                if row["id"] % 10 == 0:
                    session.execute("SELECT count(*) FROM sqlspec_kit").scalar()

        assert seen == list(range(100))
        assert judge.count() == 100

    def test_a_stream_is_part_of_the_transaction(self, spec: SQLSpec, judge: Judge) -> None:
        """It sees what the session did, and commits nothing of it."""
        with spec.provide_session() as session:
            session.execute(INSERT, (1, None))
            seen = [row["id"] for row in session.stream("SELECT id FROM sqlspec_kit")]
            judge.sees([])
            session.rollback()

        assert seen == [1]
        assert judge.ids() == []

    def test_a_stream_in_an_autocommit_session_leaves_no_transaction(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """Read to its end, it holds nothing: what comes after it is kept at once."""
        with spec.provide_session(autocommit=True) as session:
            session.execute(INSERT, (1, None))
            seen = [row["id"] for row in session.stream("SELECT id FROM sqlspec_kit")]
            session.execute(INSERT, (2, None))
            judge.sees([1, 2])

        assert seen == [1]
        assert judge.ids() == [1, 2]

    def test_a_stream_takes_parameters(self, spec: SQLSpec) -> None:
        """As every statement, and as values, not as text."""
        select = "SELECT id FROM sqlspec_kit WHERE note = ? AND id > ? ORDER BY id"

        with spec.provide_session() as session:
            session.execute_many(INSERT, [(number, "it's ?") for number in range(5)])
            seen = [row["id"] for row in session.stream(select, ("it's ?", 2))]

        assert seen == [3, 4]

    def test_an_error_in_a_stream_is_raised(self, spec: SQLSpec) -> None:
        """Of row 50, for which the database has no value: a stream that ends early is complete."""
        overflow = "abs(CASE WHEN id = 50 THEN -9223372036854775807 - 1 ELSE id END)"

        with spec.provide_session() as session:
            session.execute_many(INSERT, [(number, None) for number in range(100)])
        with pytest.raises(DatabaseError):
            with spec.provide_session() as session:
                for _ in session.stream(f"SELECT {overflow} AS n FROM sqlspec_kit", batch_size=7):  # noqa: S608 - our own
                    pass

    def test_a_stream_that_was_left_early_ends_with_its_session(
        self, spec: SQLSpec, judge: Judge
    ) -> None:
        """The work beside it is committed, and the connection serves on."""
        for number in range(3):
            with spec.provide_session() as session:
                session.execute(INSERT, (number * 100, None))
                for _ in session.stream("SELECT id FROM sqlspec_kit", batch_size=1):
                    break
                session.execute(INSERT, (number * 100 + 1, None))

        assert judge.ids() == [0, 1, 100, 101, 200, 201]
