# Printed from test_state_async.py by tools/print_sync.py; do not edit.
"""What a borrower leaves behind: nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.json import JsonbDumper

from sqlspec import SQLSpec
from sqlspec.errors import StatementError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_psycopg import PostgreSQLConfig


@pytest.fixture
def spec(config: PostgreSQLConfig) -> Iterator[SQLSpec]:
    """One connection to the test's own database, as `main`; as `bare`, one that is not reset."""
    with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1), "main")
        spec.register_config(config.replace(pool_size=1, reset="rollback"), "bare")
        yield spec


def pid_of(spec: SQLSpec, name: str = "main") -> int:
    """Which backend serves."""
    with spec.provide_session(name, autocommit=True) as session:
        return int(session.execute("SELECT pg_backend_pid()").scalar())


def test_g12_what_a_script_prepared_is_forgotten(spec: SQLSpec) -> None:
    """What psycopg prepared itself stays."""
    theirs = "SELECT count(*) FILTER (WHERE from_sql), count(*) FROM pg_prepared_statements"
    with spec.provide_session("main") as session:
        for _ in range(7):
            session.execute("SELECT 1")
        session.execute_script("PREPARE one AS SELECT 1; SELECT 2")
        assert session.execute(theirs, schema_type=tuple).one() == (1, 2)

    with spec.provide_session("main") as session:
        assert session.execute(theirs, schema_type=tuple).one() == (0, 1)


@pytest.mark.parametrize("name", ["main", "bare"])
def test_g13_the_drivers_side_is_as_before(spec: SQLSpec, name: str) -> None:
    """Restored, or with another connection."""
    with spec.provide_connection(name) as raw:
        raw.set_autocommit(False)
        raw.set_read_only(True)
        raw.set_isolation_level(psycopg.IsolationLevel.SERIALIZABLE)
        raw.row_factory, raw.cursor_factory = dict_row, psycopg.RawCursor
        raw.add_notice_handler(print)
        raw.add_notify_handler(print)
        raw.adapters.register_dumper(dict, JsonbDumper)
        raw.prepare_threshold = 0
        raw.execute("SELECT 1")

    with spec.provide_session(name, autocommit=True) as session:
        assert session.execute(
            "SELECT pg_typeof(?::text)::text AS t", ("x",), schema_type=tuple
        ).one() == ("text",)
    with spec.provide_connection(name) as raw:
        assert raw.autocommit
        assert (raw.read_only, raw.isolation_level) == (None, None)
        assert ((raw.execute("SELECT 1")).fetchone()) == (1,)
        assert raw.prepare_threshold == 5
        assert [*raw._notice_handlers, *raw._notify_handlers] == []


def test_a_read_only_session_is_undone_without_a_reset(spec: SQLSpec) -> None:
    """It is our doing, so we undo it."""
    with spec.provide_session("bare", autocommit=True, read_only=True) as session:
        session.execute("SELECT 1")

    with spec.provide_session("bare", autocommit=True) as session:
        session.execute("CREATE TABLE written (id int)")


def test_a_session_that_did_nothing_costs_no_reset(spec: SQLSpec) -> None:
    """Known without asking the server."""
    before = pid_of(spec)

    with spec.provide_session("main", autocommit=True):
        pass
    with spec.provide_connection("main"):
        pass

    assert pid_of(spec) == before


def test_a_type_that_is_taught_to_a_borrowed_connection_works_in_its_session(spec: SQLSpec) -> None:
    """And for this session alone."""
    with spec.provide_session("main") as session:
        session.execute("CREATE TYPE pair AS (a int, b text)")
        raw = session.connection()
        info: Any = CompositeInfo.fetch(raw, "pair")
        register_composite(info, raw)

        found = session.execute("SELECT (1, 'x')::pair").scalar()

    assert (found.a, found.b) == (1, "x")


def test_prepared_statements_that_grew_stale_are_prepared_anew(spec: SQLSpec) -> None:
    """Another connection's DDL costs an autocommit session nothing."""
    with spec.provide_session("bare", autocommit=True) as other:
        other.execute("CREATE TABLE wide (a int)")
        with spec.provide_session("main", autocommit=True) as session:
            for _ in range(8):
                session.execute("SELECT * FROM wide")
            other.execute("ALTER TABLE wide ADD b int")

            result = session.execute("SELECT * FROM wide")

            assert result.columns == ("a", "b")


def test_in_a_transaction_they_are_prepared_anew_for_the_next_one(spec: SQLSpec) -> None:
    """In this one the server has given up, unless it was the first statement."""
    with spec.provide_session("bare", autocommit=True) as other:
        other.execute("CREATE TABLE wide (a int)")
        with spec.provide_session("main") as session:
            for _ in range(8):
                session.execute("SELECT * FROM wide")
            session.commit()
            other.execute("ALTER TABLE wide ADD b int")

            session.execute("SELECT 1")
            with pytest.raises(StatementError):
                session.execute("SELECT * FROM wide")
            session.rollback()
            result = session.execute("SELECT * FROM wide")

            assert result.columns == ("a", "b")


def test_deallocated_statements_are_prepared_anew(spec: SQLSpec) -> None:
    """Behind psycopg's back."""
    with spec.provide_session("main", autocommit=True) as session:
        for _ in range(8):
            session.execute("SELECT 1 AS one")
        session.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")

        assert session.execute("SELECT 1 AS one").scalar() == 1
