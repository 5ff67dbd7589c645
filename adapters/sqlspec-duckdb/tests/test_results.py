"""Results that DuckDB holds until they are read: `execute` raises all errors, and no row is lost."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    NotSupportedError,
    QueryCancelledError,
    ReadOnlyError,
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
    """What results were made into."""
    seen: list[str] = []
    for kind in ("rows", "table"):
        make = getattr(results.DuckDBResult, f"_make_{kind}")

        def noted(self: Any, kind: str = kind, make: Any = make) -> Any:
            seen.append(kind)
            return make(self)

        monkeypatch.setattr(results.DuckDBResult, f"_make_{kind}", noted)
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


@pytest.mark.parametrize(("read", "kind"), [("all", "rows"), ("arrow", "table")])
async def test_under_async_a_result_is_made_in_the_worker_thread(
    memory: SQLSpec, monkeypatch: pytest.MonkeyPatch, read: str, kind: str
) -> None:
    """A million rows would hold up the event loop."""
    makers: list[int] = []
    make = getattr(results.DuckDBResult, f"_make_{kind}")

    def noted(self: Any) -> Any:
        makers.append(threading.get_ident())
        return make(self)

    monkeypatch.setattr(results.DuckDBResult, f"_make_{kind}", noted)
    async with memory.provide_session() as session:
        found = await getattr(session.execute(ROWS), read)()

    assert len(found) == MANY
    assert len(makers) == 1
    assert threading.get_ident() not in makers


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


@pytest.mark.parametrize("parameters", [None, (FAR,)], ids=["plain", "with parameters"])
@pytest.mark.parametrize("autocommit", [False, True])
def test_execute_raises_what_the_last_row_raises(
    memory: SQLSpec, autocommit: bool, parameters: tuple[int] | None
) -> None:
    """Not the reading, which may be in code that has no database in it; no text holds a value."""
    statement = LATE if parameters is None else LATE.replace(f"range({FAR})", "range(?)")
    with memory.provide_session(autocommit=autocommit) as session:
        # 1.x sometimes tells of its own threads that were stopped for the error, instead of the error.
        with pytest.raises((StatementError, QueryCancelledError)) as caught:
            session.execute(statement, parameters)
        session.rollback()

        assert session.execute("SELECT 2").scalar() == 2
    assert "secret" not in str(caught.value)


async def test_execute_raises_what_the_last_row_raises_under_async(memory: SQLSpec) -> None:
    """Whether rows or a table are wanted."""
    async with memory.provide_session(autocommit=True) as session:
        for read in ("all", "arrow"):
            with pytest.raises((StatementError, QueryCancelledError)):
                await getattr(session.execute(LATE), read)()


@pytest.mark.parametrize("swallowed", [False, True])
def test_g42_an_error_of_the_last_row_costs_the_transaction(memory: SQLSpec, swallowed: bool) -> None:
    """Though DuckDB's COMMIT would have succeeded."""
    with pytest.raises(TransactionAbortedError) as aborted, memory.provide_session() as session:
        session.execute("INSERT INTO item VALUES (1)")
        with pytest.raises((StatementError, QueryCancelledError)):
            session.execute(LATE)
        if not swallowed:
            session.execute("INSERT INTO item VALUES (2)")

    assert isinstance(aborted.value.__cause__, (StatementError, QueryCancelledError))
    with memory.provide_session() as session:
        assert session.execute("SELECT id FROM item").all() == []


def test_a_result_is_read_while_another_thread_runs_a_statement(memory: SQLSpec) -> None:
    """It needs no connection, as rows and as a table."""
    inside, go_on = threading.Event(), threading.Event()

    def rows() -> Iterator[tuple[int]]:
        inside.set()
        go_on.wait(10)
        yield (1,)

    with memory.provide_session() as session:
        session.execute("SELECT 1")
        one, two = session.execute(ROWS), session.execute(ROWS)
        thread = threading.Thread(target=session.execute_many, args=("INSERT INTO item VALUES (?)", rows()))
        thread.start()
        inside.wait(10)
        try:
            assert len(one.all()) == MANY
            assert two.arrow().num_rows == MANY
        finally:
            go_on.set()
            thread.join(10)


@pytest.mark.parametrize("read", ["all", "arrow"])
def test_threads_that_read_one_result_all_have_every_row(memory: SQLSpec, read: str) -> None:
    """DuckDB gives the rows once."""
    with memory.provide_session() as session:
        result = session.execute(ROWS)
    start = threading.Barrier(4)

    def count(_: int) -> int:
        start.wait(10)
        return len(getattr(result, read)())

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(count, range(4))) == [MANY] * 4


@pytest.mark.parametrize("parameters", [None, (0,)], ids=["plain", "with parameters"])
def test_a_result_outlives_its_file(tmp_path: Path, parameters: tuple[int] | None) -> None:
    """And does not keep it open: another process may have it."""
    path = str(tmp_path / "closed.db")
    statement = "SELECT id, 'n' || id AS name FROM item" + ("" if parameters is None else " WHERE id >= ?")
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=path), "main")
        with spec.provide_session() as session:
            session.execute(f"CREATE TABLE item AS SELECT i AS id FROM range({MANY}) n (i)")
            one, two = session.execute(statement, parameters), session.execute(statement, parameters)
    script = f"import duckdb; print(duckdb.connect({path!r}).execute('SELECT count(*) FROM item').fetchall())"
    other = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert other.stdout.strip() == f"[({MANY},)]"
    assert one.all()[-1] == {"id": MANY - 1, "name": f"n{MANY - 1}"}
    assert two.arrow().slice(MANY - 1).to_pylist() == [{"id": MANY - 1, "name": f"n{MANY - 1}"}]


@pytest.mark.parametrize("late", [False, True], ids=["in the session", "after it"])
@pytest.mark.parametrize("how", ["session", "raw"])
def test_times_have_the_zone_of_their_session(memory: SQLSpec, how: str, late: bool) -> None:
    """In every form, whatever was read first."""
    moment = "SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00' AS moment FROM range(3000)"
    with ExitStack() as block:
        session = block.enter_context(memory.provide_session())
        owner = session if how == "session" else session.connection()
        owner.execute("SET TimeZone = 'Asia/Tokyo'")
        table_first, rows_first = session.execute(moment), session.execute(moment)
        if late:
            block.close()
        first = table_first.arrow(), rows_first.all()
        second = rows_first.arrow(), table_first.all()

    for table, rows in (first, second):
        assert str(rows[0]["moment"]) == "2024-01-01 09:00:00+09:00"
        assert table.schema.field("moment").type.tz == "Asia/Tokyo"


def test_columns_of_one_name_keep_it(memory: SQLSpec) -> None:
    """As rows and as a table."""
    with memory.provide_session() as session:
        for parameters in ((), (7,)):
            result = session.execute(f"SELECT 1 AS a, {'?' if parameters else 7} AS a", parameters)

            assert result.columns == ("a", "a")
            assert result.arrow().column_names == ["a", "a"]
            assert session.execute("SELECT 1 AS a, 7 AS a", schema_type=tuple).one() == (1, 7)


def test_without_pyarrow_rows_are_still_rows(memory: SQLSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """`arrow()` says what to install, and the result is not lost over it."""
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
                with pytest.raises((StatementError, QueryCancelledError)):
                    session.execute("SELECT 1")
            with pytest.raises((StatementError, QueryCancelledError, TransactionAbortedError)):
                list(rows)
    except TransactionAbortedError:
        kept = []  # 1.x gives the transaction up in some cases only

    with memory.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == kept


def test_a_late_error_of_a_stream_is_not_its_end(memory: SQLSpec) -> None:
    """Also where another statement met it: no reader takes the rows before it for all of them."""
    with memory.provide_session(autocommit=True) as session:
        rows = session.stream(LATE, batch_size=1000)
        next(rows)
        with pytest.raises((StatementError, QueryCancelledError)):
            session.execute("SELECT 1")
        assert session.execute("SELECT 1").scalar() == 1
        with pytest.raises((StatementError, QueryCancelledError)):
            list(rows)


@pytest.mark.parametrize("other", ["execute", "commit", "rollback", "connection"])
def test_what_comes_beside_a_stream_leaves_it_whole(memory: SQLSpec, other: str) -> None:
    """The rest is fetched first."""
    with memory.provide_session() as session:
        rows = session.stream(ROWS, batch_size=10)
        first = next(rows)
        getattr(session, other)(*(["SELECT 1"] if other == "execute" else []))

        assert [row["i"] for row in (first, *rows)] == list(range(MANY))


@pytest.mark.parametrize("autocommit", [False, True])
def test_a_stream_of_a_read_only_session_writes_nothing(memory: SQLSpec, autocommit: bool) -> None:
    """And gives every row of a query."""
    with memory.provide_session(read_only=True, autocommit=autocommit) as session:
        assert sum(1 for _ in session.stream(ROWS)) == MANY
        with pytest.raises(ReadOnlyError):
            list(session.stream("INSERT INTO item VALUES (1) RETURNING id"))
        session.rollback()

    with memory.provide_session() as session:
        assert session.execute("SELECT id FROM item").all() == []


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
    with pytest.raises(TransactionAbortedError), memory.provide_session(DuckDBConfig) as session:
        session.execute("INSERT INTO item VALUES (1)")
        with pytest.raises(duckdb.Error):
            session.sql("SELECT error('late') FROM item").fetchall()

    with memory.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_the_appender_is_what_decides_between_versions() -> None:
    """1.x has none."""
    assert duckdb.__version__.startswith("1.") is not HAS_APPENDER
