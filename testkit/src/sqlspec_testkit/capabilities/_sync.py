# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: PLR2004, PT012, S101 - assertions are the point, and what raises is the whole block
"""What an adapter declares is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import DatabaseError
from sqlspec.plugin import Capability
from sqlspec_testkit.fixtures._sync import INSERT, Fixtures
from sqlspec_testkit.memory import python_peak
from sqlspec_testkit.promises import promised

if TYPE_CHECKING:
    from sqlspec import IsolationLevel, SQLSpec

__all__ = ("Capabilities",)

COUNT = "SELECT count(*) FROM sqlspec_kit"
MILLION = "SELECT a.id FROM sqlspec_kit a, sqlspec_kit b, sqlspec_kit c"
"""As many rows, where the table has a hundred."""
LITTLE = 10 * 2**20
"""Bytes. A million rows as Python tuples take five times as much."""


class Capabilities(Fixtures):
    """One test for each capability that no other part of the kit is about."""

    @promised(Capability.TRANSACTIONAL_DDL)
    def test_a_table_is_rolled_back_with_the_rest(self, spec: SQLSpec) -> None:
        """TRANSACTIONAL_DDL: a session that fails leaves none of the tables that it made."""
        with pytest.raises(ZeroDivisionError):
            with spec.provide_session() as session:
                session.execute("CREATE TABLE sqlspec_kit_made (id INTEGER)")
                raise ZeroDivisionError

        with spec.provide_session(autocommit=True) as session:
            try:
                with pytest.raises(DatabaseError):
                    session.execute("SELECT id FROM sqlspec_kit_made")
            finally:
                session.execute("DROP TABLE IF EXISTS sqlspec_kit_made")

    @pytest.mark.parametrize(("level", "later"), [("read committed", 1), ("repeatable read", 0)])
    @promised(Capability.ISOLATION)
    def test_a_transaction_has_its_isolation_level(
        self, spec: SQLSpec, level: IsolationLevel, later: int
    ) -> None:
        """ISOLATION: it sees what others commit meanwhile, or goes on to see what it saw."""
        with spec.provide_session(isolation=level) as session:
            first = session.execute(COUNT).scalar()
            with spec.provide_session() as other:
                other.execute(INSERT, (1, None))
            second = session.execute(COUNT).scalar()

        assert (first, second) == (0, later)

    @promised(Capability.STREAM)
    def test_a_stream_holds_a_few_rows_at_a_time(self, spec: SQLSpec) -> None:
        """STREAM: the first of a million rows come without the rest."""
        self._fill(spec)
        seen = 0

        with spec.provide_session() as session:
            with python_peak() as peak:
                rows = session.stream(MILLION, batch_size=100)
                for _ in rows:
                    seen += 1
                    if seen == 250:
                        break
                assert peak() < LITTLE
            rows.close()

    @promised(Capability.ARROW)
    def test_a_table_of_arrow_is_not_made_of_python_objects(self, spec: SQLSpec) -> None:
        """ARROW: a million rows go from the driver to pyarrow as they are."""
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        self._fill(spec)

        with spec.provide_session() as session:
            session.execute(COUNT).arrow()  # what is imported for it counts for nothing
            with python_peak() as peak:
                table = session.execute(MILLION).arrow()
                assert peak() < LITTLE

        assert table.num_rows == 1_000_000

    @promised(Capability.LASTROWID)
    def test_the_key_of_a_new_row_is_told(self, spec: SQLSpec) -> None:
        """LASTROWID: `lastrowid` is the key that the database made."""
        create = f"CREATE TABLE sqlspec_kit_keys (id {self.given('generated_key')}, note VARCHAR(40))"
        insert = "INSERT INTO sqlspec_kit_keys (note) VALUES (?)"

        with spec.provide_session(autocommit=True) as session:
            session.execute(create)
            try:
                first = session.execute(insert, ("one",))
                second = session.execute(insert, ("two",))
                stored = session.execute("SELECT id FROM sqlspec_kit_keys ORDER BY note").scalars()
            finally:
                session.execute("DROP TABLE sqlspec_kit_keys")

        assert [first.lastrowid, second.lastrowid] == stored

    @staticmethod
    def _fill(spec: SQLSpec) -> None:
        with spec.provide_session() as session:
            session.execute_many(INSERT, [(number, None) for number in range(100)])
