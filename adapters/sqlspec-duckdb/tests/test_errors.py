"""Every error class that DuckDB can give, provoked for real, with what it tells and what it does not."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import duckdb
import pytest

from sqlspec import SQLSpec
from sqlspec.database.standalone import process_plugins
from sqlspec.errors import (
    CheckViolationError,
    DatabaseError,
    DeadlineExceeded,
    DisconnectedError,
    ForeignKeyViolationError,
    IntegrityError,
    NotNullViolationError,
    QueryCancelledError,
    ReadOnlyError,
    SerializationError,
    SQLSpecError,
    StatementError,
    TransactionAbortedError,
    UniqueViolationError,
)
from sqlspec_duckdb import DuckDBConfig

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-7b1"
SLOW = "SELECT count(*) FROM range(100000000000) AS n (i) WHERE i % 7 = 3"

TOLD = {
    "SELECT * FROM nowhere": "Table with name nowhere does not exist",
    "SELECT * FROM parents": 'Table with name parents does not exist; Did you mean "parent"?',
    "SELECT idd FROM parent": 'Referenced column "idd" not found in FROM clause; Candidate bindings: "id"',
    "SELEC 1": 'syntax error at or near "SELEC"',
    "CREATE TABLE parent (id INT)": 'Table with name "parent" already exists',
}
"""What is told of names: in one line, without the driver's word for the kind, and its own tables."""

CASES = [
    ("INSERT INTO child VALUES (2, 1, 'canary-7b1', 20)", UniqueViolationError, "email"),
    ("INSERT INTO parent VALUES (1)", UniqueViolationError, "id"),
    ("INSERT INTO child VALUES (2, 4711, 'canary-7b1-2', 20)", ForeignKeyViolationError, "id"),
    ("DELETE FROM parent WHERE id = 1", ForeignKeyViolationError, "parent"),
    ("INSERT INTO child (id, age) VALUES (2, 20)", NotNullViolationError, "email"),
    ("INSERT INTO child VALUES (2, 1, 'canary-7b1-2', 4)", CheckViolationError, None),
    ("SELEC 1", StatementError, None),
    ("SELECT * FROM nowhere", StatementError, None),
    ("SELECT nothing FROM parent", StatementError, None),
    ("SELECT 'canary-7b1', nothing FROM parent", StatementError, None),
    ("SELECT nothing(1)", StatementError, None),
    ("INSERT INTO parent VALUES (1, 2)", StatementError, None),
    ("SELECT 'canary-7b1'::INTEGER", StatementError, None),
    ("SELECT error('canary-7b1')", StatementError, None),
    ("SELECT strptime('canary-7b1', '%Y')", StatementError, None),
    ("SELECT 9223372036854775807::BIGINT + 1", StatementError, None),
    ("SELECT * FROM read_csv('/canary-7b1.csv')", StatementError, None),
    ("SELECT (SELECT id FROM range(3) n (id))", StatementError, None),
]


@pytest.mark.parametrize("statement", TOLD)
def test_names_are_told_in_one_line(spec: SQLSpec, statement: str) -> None:
    """What DuckDB puts in front and behind is left out."""
    with pytest.raises(StatementError) as caught, spec.provide_session() as session:
        session.execute(statement).all()

    assert str(caught.value) == TOLD[statement]


@pytest.mark.parametrize(("statement", "kind", "column"), CASES, ids=[case[0][:40] for case in CASES])
def test_errors_have_types_and_hold_no_values(
    spec: SQLSpec, statement: str, kind: type[DatabaseError], column: str | None
) -> None:
    """What a row or a parameter held stands in `.detail` alone."""
    with spec.provide_session(autocommit=True) as session:
        session.execute("INSERT INTO parent VALUES (1)")
        session.execute(f"INSERT INTO child VALUES (1, 1, '{CANARY}', 20)")
        with pytest.raises(kind) as caught:
            session.execute(statement).all()

    error = caught.value
    assert type(error) is kind
    assert isinstance(error.__cause__, duckdb.Error)
    assert error.code == type(error.__cause__).__name__
    assert CANARY not in str(error)
    assert "4711" not in str(error)
    assert " Error: " not in str(error)
    assert "\n" not in str(error)
    if isinstance(error, IntegrityError):
        assert error.column == column
        assert error.detail


def test_a_place_says_where(spec: SQLSpec) -> None:
    """Table and column, where DuckDB tells."""
    with spec.provide_session(autocommit=True) as session:
        with pytest.raises(NotNullViolationError, match=r"child\.email") as null:
            session.execute("INSERT INTO child (id) VALUES (2)")
        with pytest.raises(CheckViolationError, match="child") as check:
            session.execute("INSERT INTO child VALUES (1, NULL, 'x', 1)")
        with pytest.raises(StatementError, match="nowhere"):
            session.execute("SELECT * FROM nowhere")

    assert (null.value.table, null.value.column) == ("child", "email")
    assert check.value.table == "child"


def test_a_conflict_is_to_be_run_again(spec: SQLSpec) -> None:
    """Two transactions that change one row: the later one's work is undone, all of it."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO item VALUES (1, 'one')")
    with (
        pytest.raises(SerializationError, match="run this one again"),
        spec.provide_session() as first,
        spec.provide_session() as second,
    ):
        first.execute("SELECT 1")
        second.execute("INSERT INTO item VALUES (2, 'two')")
        first.execute("UPDATE item SET value = 'first'")
        second.execute("UPDATE item SET value = 'second'")

    with spec.provide_session() as session:
        assert session.execute("SELECT value FROM item").scalars() == ["one"]


def test_g44_a_key_that_two_commit_is_an_error_of_the_second_commit(spec: SQLSpec) -> None:
    """DuckDB looks then; the error is the constraint's, and nothing of the second is kept."""
    with (
        pytest.raises(UniqueViolationError),
        spec.provide_session() as second,
        spec.provide_session() as first,  # which ends first
    ):
        first.execute("INSERT INTO item VALUES (5, 'first')")
        second.execute("INSERT INTO item VALUES (5, 'second')")
        second.execute("INSERT INTO item VALUES (6, 'second')")

    with spec.provide_session() as session:
        assert session.execute("SELECT value FROM item").scalars() == ["first"]


def test_g44_after_a_failed_commit_the_session_goes_on(spec: SQLSpec) -> None:
    """With another transaction."""
    with spec.provide_session() as second:
        with spec.provide_session() as first:
            first.execute("INSERT INTO item VALUES (5, 'first')")
            second.execute("INSERT INTO item VALUES (5, 'second')")
        with pytest.raises(UniqueViolationError):
            second.commit()
        second.execute("INSERT INTO item VALUES (6, 'second')")

    with spec.provide_session() as session:
        assert session.execute("SELECT id FROM item ORDER BY id").scalars() == [5, 6]


def test_a_write_where_one_may_read_only(spec: SQLSpec, path: Path) -> None:
    """By the session or by the config."""
    for autocommit in (False, True):
        block = spec.provide_session(read_only=True, autocommit=autocommit)
        with pytest.raises(ReadOnlyError), block as session:
            assert session.execute("SELECT count(*) FROM item").scalar() == 0
            session.execute("INSERT INTO item VALUES (1, 'x')")
    spec.unregister_config("main")
    with DuckDBConfig(database=str(path), read_only=True).provide_session(autocommit=True) as session:
        with pytest.raises(ReadOnlyError):
            session.execute("INSERT INTO item VALUES (1, 'x')")
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_after_a_read_only_session_others_write(path: Path) -> None:
    """Also where connections are not reset."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path), pool_size=1, reset="rollback"), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE t (i INTEGER)")
        with spec.provide_session(read_only=True, autocommit=True) as session:
            session.execute("SELECT * FROM t")
        with spec.provide_session(autocommit=True) as session:
            session.execute("INSERT INTO t VALUES (1)")
        with spec.provide_session() as session:
            assert session.execute("SELECT i FROM t").scalars() == [1]


def test_an_interrupt_is_a_cancelled_query(spec: SQLSpec) -> None:
    """From another thread; the transaction is over, and the session says so."""
    with pytest.raises(TransactionAbortedError), spec.provide_session() as session:
        session.execute("INSERT INTO item VALUES (1, 'x')")
        timer = threading.Timer(0.2, lambda: session._connection.interrupt(for_good=False))
        timer.start()
        with pytest.raises(QueryCancelledError):
            session.execute(SLOW).all()
        timer.join(10)

    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_a_deadline_stops_a_statement(spec: SQLSpec) -> None:
    """By an interrupt."""
    with spec.provide_session(autocommit=True) as session:
        connection = session._connection
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            connection.execute(f"CREATE TABLE never AS {SLOW}", None, time.monotonic() + 0.2)

    assert time.monotonic() - started < 5


def test_a_connection_that_was_dropped_says_so(spec: SQLSpec) -> None:
    """And the pool makes another."""
    with pytest.raises(DisconnectedError), spec.provide_session() as session:
        session._connection.drop()
        session.execute("SELECT 1")

    with spec.provide_session() as session:
        assert session.execute("SELECT 1").scalar() == 1


def test_an_abort_stops_a_statement_and_frees_the_file(path: Path) -> None:
    """From another thread; the thread that is inside closes the cursor itself."""
    spec = SQLSpec()
    spec.register_config(DuckDBConfig(database=str(path)), "main")
    timers: list[threading.Timer] = []
    with pytest.raises((DisconnectedError, QueryCancelledError)), spec.provide_session() as session:
        timers.append(threading.Timer(0.2, session._connection.drop))
        timers[0].start()
        session.execute(SLOW).all()
    timers[0].join(10)
    spec.close()

    from sqlspec_duckdb import instances

    assert all(instance.path != str(path) for instance in instances._files)


def test_what_is_no_error_of_duckdbs_is_told_by_its_class() -> None:
    """Without its text."""
    create = process_plugins().hook("sqlspec_create_connection", "duckdb")
    assert create is not None
    from sqlspec.database.resources import KeptResources

    resources = KeptResources()
    connection = create(DuckDBConfig(), resources)
    error = connection.map_error(ValueError(CANARY))
    connection.close()
    resources.close()

    assert isinstance(error, SQLSpecError)
    assert "ValueError" in str(error)
    assert CANARY not in str(error)
