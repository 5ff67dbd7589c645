"""Results that stay with DuckDB until they are read: nothing is lost, swallowed, or read twice."""

from __future__ import annotations

import gc
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    NotSupportedError,
    QueryCancelledError,
    SessionInUseError,
    StatementError,
    TransactionAbortedError,
)
from sqlspec_duckdb import DuckDBConfig, results
from sqlspec_duckdb._compat import HAS_APPENDER

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = 100_000
ROWS = f"SELECT i, 'n' || i AS name FROM range({MANY}) n (i)"
FAR = 1_000_000
LATE = f"SELECT CASE WHEN i = {FAR} - 1 THEN error('secret') ELSE i::VARCHAR END AS i FROM range({FAR}) n (i)"
"""Its error comes with the last rows, far beyond what DuckDB makes in advance."""


@pytest.fixture
def memory() -> Iterator[SQLSpec]:
    """A database in memory with a pool of one."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(pool_size=1, pool_timeout=5), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER)")
        yield spec


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How results were fetched."""
    seen: list[str] = []
    fill = results.DuckDBResult.fill

    def noted(self: Any, raw: Any, *, as_table: bool = False) -> None:
        seen.append("table" if as_table else "rows")
        fill(self, raw, as_table=as_table)

    monkeypatch.setattr(results.DuckDBResult, "fill", noted)
    return seen


def test_arrow_makes_no_python_object_of_a_row(memory: SQLSpec, fetched: list[str]) -> None:
    """It is the driver's own table; pandas and polars come from it."""
    with memory.provide_session() as session:
        table = session.execute(ROWS).arrow()
        frame = session.execute(ROWS).pandas()
        polar = session.execute(ROWS).polars()

    assert fetched == ["table"] * 3
    assert isinstance(table, import_module("pyarrow").Table)
    assert isinstance(frame, import_module("pandas").DataFrame)
    assert isinstance(polar, import_module("polars").DataFrame)
    assert table.num_rows == len(frame) == polar.height == MANY
    assert table.slice(MANY - 1).to_pylist() == [{"i": MANY - 1, "name": f"n{MANY - 1}"}]
    assert polar.row(MANY - 1) == (MANY - 1, f"n{MANY - 1}")


async def test_arrow_makes_no_python_object_under_async(memory: SQLSpec, fetched: list[str]) -> None:
    """The worker thread knows what was asked for."""
    async with memory.provide_session() as session:
        table = await session.execute(ROWS).arrow()
        frame = await session.execute(ROWS).pandas()
        polar = await session.execute(ROWS).polars()
        rows = await session.execute(ROWS).all()

    assert fetched == ["table", "table", "table", "rows"]
    assert table.num_rows == len(frame) == polar.height == len(rows) == MANY


@pytest.mark.parametrize("read", ["at once", "after another", "after the session"])
@pytest.mark.parametrize("reset", ["full", "rollback"])
@pytest.mark.parametrize("autocommit", [False, True])
def test_a_result_may_be_read_at_any_time(read: str, reset: Any, autocommit: bool) -> None:
    """More than once, whatever else ran; also when somebody else has the connection."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(pool_size=1, reset=reset, autocommit=autocommit), "main")
        with spec.provide_session() as session:
            result = session.execute(ROWS)
            if read == "at once":
                assert len(result.all()) == MANY
            if read == "after another":
                session.execute("CREATE TABLE t AS SELECT 1 AS i")
                assert len(result.all()) == MANY
        with spec.provide_session() as session:
            other = session.execute("SELECT 1 AS one")

            assert len(result.all()) == MANY
            assert result.first() == {"i": 0, "name": "n0"}
            assert result.arrow().num_rows == MANY
            assert other.one() == {"one": 1}


def test_several_results_may_be_open_at_once(memory: SQLSpec) -> None:
    """The earlier ones were brought in."""
    with memory.provide_session() as session:
        found = [
            session.execute("SELECT i + ? AS i FROM range(5000) n (i)", (number,)) for number in range(4)
        ]

        assert [one.scalars()[-1] for one in found] == [4999, 5000, 5001, 5002]


def test_what_is_read_later_is_what_was_selected(memory: SQLSpec) -> None:
    """Not what a later statement made of it."""
    with memory.provide_session() as session:
        session.execute_many("INSERT INTO item VALUES (?)", [(number,) for number in range(3000)])
        before = session.execute("SELECT id FROM item")
        session.execute("DELETE FROM item")
        assert len(before.all()) == 3000
        again = session.execute("SELECT count(*) FROM item")
        session.rollback()

        assert again.scalar() == 0


def test_a_late_error_reaches_who_reads(memory: SQLSpec) -> None:
    """Each time, and then the session: its transaction is lost."""
    with pytest.raises(TransactionAbortedError), memory.provide_session() as session:
        session.execute("INSERT INTO item VALUES (1)")
        result = session.execute(LATE)
        for _ in range(2):
            with pytest.raises(StatementError) as caught:
                result.all()
            assert "secret" not in str(caught.value)
        with pytest.raises(TransactionAbortedError) as refused:
            session.execute("INSERT INTO item VALUES (2)")
        assert isinstance(refused.value.__cause__, StatementError)

    with memory.provide_session() as session:
        assert session.execute("SELECT id FROM item").all() == []


@pytest.mark.parametrize("kept", [True, False])
def test_a_late_error_that_nobody_reads_is_not_swallowed(memory: SQLSpec, kept: bool) -> None:
    """The next statement raises, with it as cause; in a transaction nothing is committed."""
    with pytest.raises(TransactionAbortedError), memory.provide_session() as session:
        session.execute("INSERT INTO item VALUES (1)")
        results = [session.execute(LATE) if kept else session.execute(LATE).columns]
        with pytest.raises(TransactionAbortedError) as refused:
            session.execute("SELECT 1")
        assert isinstance(refused.value.__cause__, StatementError)
        assert len(results) == 1

    with memory.provide_session() as session:
        assert session.execute("SELECT id FROM item").all() == []


def test_g42_a_late_error_at_the_end_is_no_clean_exit(memory: SQLSpec) -> None:
    """Though DuckDB's COMMIT would have succeeded."""
    with pytest.raises(TransactionAbortedError), memory.provide_session() as session:
        session.execute("INSERT INTO item VALUES (1)")
        session.execute(LATE)

    with memory.provide_session() as session:
        assert session.execute("SELECT id FROM item").all() == []


def test_rollback_takes_note_of_a_late_error(memory: SQLSpec) -> None:
    """The session goes on."""
    with memory.provide_session() as session:
        result = session.execute(LATE)
        session.rollback()
        session.execute("INSERT INTO item VALUES (3)")
        with pytest.raises(StatementError):
            result.all()

    with memory.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == [3]


def test_in_autocommit_a_late_error_comes_with_the_next_statement(memory: SQLSpec) -> None:
    """Once; it cost nothing else."""
    with memory.provide_session(autocommit=True) as session:
        session.execute(LATE)
        with pytest.raises(StatementError):
            session.execute("SELECT 1")

        assert session.execute("SELECT 2").scalar() == 2


async def test_under_async_a_late_error_comes_at_once(memory: SQLSpec) -> None:
    """No result leaves its thread half read."""
    with pytest.raises(TransactionAbortedError):
        async with memory.provide_session() as session:
            await session.execute("INSERT INTO item VALUES (1)")
            # 1.x sometimes tells of its own threads that were stopped for the error, instead of the error.
            with pytest.raises((StatementError, QueryCancelledError)):
                await session.execute(LATE)


def test_reading_during_a_statement_of_another_thread_is_refused(memory: SQLSpec) -> None:
    """A connection has one user at a time."""
    inside, go_on = threading.Event(), threading.Event()

    def rows() -> Iterator[tuple[int]]:
        inside.set()
        go_on.wait(10)
        yield (1,)

    with memory.provide_session() as session:
        session.execute("SELECT 1")
        result = session.execute(ROWS)
        thread = threading.Thread(target=session.execute_many, args=("INSERT INTO item VALUES (?)", rows()))
        thread.start()
        inside.wait(10)
        with pytest.raises(SessionInUseError):
            result.all()
        go_on.set()
        thread.join(10)

        assert len(result.all()) == MANY


def test_without_pyarrow_rows_are_still_rows(memory: SQLSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """`arrow()` says what to install, and the result is not lost over it."""
    import sys

    with memory.provide_session() as session:
        result = session.execute(ROWS)
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "pyarrow", None)
            with pytest.raises(NotSupportedError, match="arrow"):
                result.arrow()

        assert len(result.all()) == MANY


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("INSERT INTO item SELECT i FROM range(5) n (i)", 5),
        ("UPDATE item SET id = id + 1", 3),
        ("DELETE FROM item WHERE id < 2", 2),
        ("CREATE TABLE copied AS FROM item", 3),
        ("CREATE TABLE other (i INTEGER)", -1),
        ("SET VARIABLE a = 1", -1),
        ("ATTACH ':memory:' AS other", -1),
    ],
    ids=["insert", "update", "delete", "create as", "create", "set", "attach"],
)
def test_what_is_no_query_has_a_count_and_no_rows(memory: SQLSpec, statement: str, count: int) -> None:
    """DuckDB answers with a row of its own, which is nobody's."""
    with memory.provide_session() as session:
        session.execute("INSERT INTO item SELECT i FROM range(3) n (i)")
        result = session.execute(statement)

        assert (result.rowcount, result.columns, result.all()) == (count, (), [])


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ('SELECT 5 AS "Count"', {"Count": 5}),
        ('SELECT true AS "Success"', {"Success": True}),
        ("INSERT INTO item VALUES (8) RETURNING id", {"id": 8}),
        ("VALUES (1)", {"col0": 1}),
        ("FROM item", {"id": 7}),
        ("WITH a AS (SELECT 1 AS b) FROM a", {"b": 1}),
    ],
    ids=["Count", "Success", "returning", "values", "from", "with"],
)
def test_a_query_has_its_rows(memory: SQLSpec, statement: str, row: dict[str, Any]) -> None:
    """Whatever its column is called."""
    with memory.provide_session() as session:
        session.execute("INSERT INTO item VALUES (7)")

        assert session.execute(statement).one() == row


# --- streams ----------------------------------------------------------------------------------------


def test_a_stream_gives_every_row_once(memory: SQLSpec) -> None:
    """In batches of any size."""
    for size in (1, 999, MANY * 2):
        with memory.provide_session() as session:
            rows = session.stream("SELECT i FROM range(3000) n (i)", batch_size=size)
            assert [row["i"] for row in rows] == list(range(3000))


def test_a_stream_that_is_left_early_leaves_the_session_clean(memory: SQLSpec) -> None:
    """Whatever comes next."""
    with memory.provide_session(DuckDBConfig) as session:
        for _ in range(3):
            rows = session.stream(ROWS)
            next(rows)
            rows.close()
            assert session.execute("SELECT 1").scalar() == 1
        rows = session.stream(ROWS)
        next(rows)
        rows.close()
        assert session.sql("SELECT 2").fetchall() == [(2,)]
        next(session.stream(ROWS))
    with memory.provide_session() as session:
        assert session.execute("SELECT 3").scalar() == 3


@pytest.mark.parametrize("others", [False, True])
def test_a_late_error_of_a_stream_reaches_who_reads(memory: SQLSpec, others: bool) -> None:
    """Between its rows, or after another statement. What is kept then is kept on purpose."""
    kept = [1]
    try:
        with memory.provide_session() as session:
            session.execute("INSERT INTO item VALUES (1)")
            rows = session.stream(LATE, batch_size=1000)
            next(rows)
            if others:
                with pytest.raises(TransactionAbortedError):
                    session.execute("SELECT 1")
            with pytest.raises((StatementError, TransactionAbortedError)):
                list(rows)
    except TransactionAbortedError:
        kept = []  # 1.x gives the transaction up in some cases only

    with memory.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == kept


def test_what_a_stream_changed_is_complete(memory: SQLSpec) -> None:
    """Left early too: a statement with RETURNING runs to its end first."""
    with memory.provide_session() as session:
        rows = session.stream("INSERT INTO item SELECT i FROM range(5000) n (i) RETURNING id", batch_size=10)
        next(rows)
        rows.close()

    with memory.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 5000


def resident() -> int:
    """Mebibytes of memory that this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
def test_a_stream_of_many_rows_has_few_in_memory() -> None:
    """A million and a half, and under 50 MiB more than before."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(threads=2), "main")
        with spec.provide_session() as session:
            count, before, most = 0, 0, 0
            for row in session.stream("SELECT i, 'name of ' || i AS name FROM range(1500000) n (i)"):
                assert row["i"] == count
                count += 1
                if count % 100_000 == 0:
                    before, most = before or resident(), max(most, resident())

    assert count == 1_500_000
    assert most - before < 50


# --- relations --------------------------------------------------------------------------------------


def test_a_relation_is_in_the_sessions_transaction(memory: SQLSpec) -> None:
    """It sees what the session did, and takes the session's placeholders."""
    with memory.provide_session(DuckDBConfig) as session:
        session.execute("INSERT INTO item VALUES (1), (2), (3)")
        relation = session.sql("SELECT id FROM item WHERE id > :least", {"least": 1})
        assert relation.aggregate("sum(id)").fetchall() == [(5,)]
        assert session.sql("SELECT ? AS one", (1,)).columns == ["one"]
        session.rollback()

    with memory.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_a_relation_of_nonsense_is_a_typed_error(memory: SQLSpec) -> None:
    """DuckDB's binder speaks at once."""
    block = memory.provide_session(DuckDBConfig, autocommit=True)
    with block as session, pytest.raises(StatementError, match="nope"):
        session.sql("SELECT * FROM nope")


def test_g42_a_relation_that_costs_the_transaction_is_noticed(memory: SQLSpec) -> None:
    """Out of the session's sight, and still no clean exit hides it."""
    import duckdb

    with pytest.raises(TransactionAbortedError), memory.provide_session(DuckDBConfig) as session:
        session.execute("INSERT INTO item VALUES (1)")
        with pytest.raises(duckdb.Error):
            session.sql("SELECT error('late') FROM item").fetchall()

    with memory.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_the_appender_is_what_decides_between_versions() -> None:
    """1.x has none."""
    import duckdb

    assert duckdb.__version__.startswith("1.") is not HAS_APPENDER
