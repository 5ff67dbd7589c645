"""What a borrower leaves behind, and what many at once do to one another: nothing."""

from __future__ import annotations

import asyncio
import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    SerializationError,
    SessionInUseError,
    SQLSpecError,
    StatementError,
    TransactionAbortedError,
)
from sqlspec_duckdb import DuckDBConfig

if TYPE_CHECKING:
    from pathlib import Path

THREADS = 16


@pytest.fixture
def single(path: Path) -> Any:
    """A pool of one."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path), pool_size=1, pool_timeout=5), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER)")
        yield spec


STATE = [
    ("SET VARIABLE mine = 1", "SELECT getvariable('mine')", None),
    ("CREATE TEMP TABLE mine AS SELECT 1 AS i", "SELECT count(*) FROM duckdb_tables() WHERE temporary", 0),
    ("SET search_path = 'temp'", "SELECT current_setting('search_path')", ""),
    ("SET TimeZone = 'Asia/Tokyo'", "SELECT current_setting('TimeZone') = 'Asia/Tokyo'", False),
    ("PREPARE mine AS SELECT 1", "SELECT count(*) FROM duckdb_prepared_statements()", 0),
]


@pytest.mark.parametrize(
    ("change", "question", "answer"), STATE, ids=[case[0].split(" =")[0] for case in STATE]
)
@pytest.mark.parametrize("how", ["session", "autocommit", "raw"])
def test_g12_what_one_borrower_set_the_next_does_not_see(
    single: SQLSpec, how: str, change: str, question: str, answer: Any
) -> None:
    """Each has a cursor of its own, which goes with all that was set on it."""
    if how == "raw":
        with single.provide_connection() as raw:
            raw.execute(change)
    else:
        with single.provide_session(autocommit=how == "autocommit") as session:
            session.execute(change)

    with single.provide_session(autocommit=True) as session:
        if "prepared_statements" in question:
            with pytest.raises(StatementError):
                session.execute("EXECUTE mine")
        else:
            assert session.execute(question).scalar() == answer
    assert single.stats("main").opened == 1


@pytest.mark.parametrize("open_result", [False, True])
def test_g11_a_transaction_on_the_drivers_object_is_rolled_back(single: SQLSpec, open_result: bool) -> None:
    """If the application leaves it open."""
    with single.provide_connection() as raw:
        raw.begin()
        raw.execute("INSERT INTO item VALUES (1)")
        if open_result:
            raw.execute("SELECT * FROM range(100000)").fetchone()

    with single.provide_session() as session:
        assert session.execute("SELECT * FROM item").all() == []


def test_the_drivers_object_is_in_autocommit_mode(single: SQLSpec) -> None:
    """What it does is kept."""
    with single.provide_connection() as raw:
        raw.execute("INSERT INTO item VALUES (1)")

    with single.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == [1]


@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK", "COMMIT; BEGIN", "ROLLBACK; BEGIN"])
def test_g43_a_transaction_that_ends_on_the_drivers_object_is_noticed(single: SQLSpec, ending: str) -> None:
    """The session's later work is not committed alone, nor in a transaction of the application's."""
    with pytest.raises(TransactionAbortedError), single.provide_session() as session:
        session.execute("INSERT INTO item VALUES (1)")
        raw = session.connection()
        for statement in ending.split("; "):
            raw.execute(statement)
        if "BEGIN" in ending:
            session.execute("INSERT INTO item VALUES (2)")

    with single.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == (
            [1] if ending.startswith("COMMIT") else []
        )


@pytest.mark.parametrize("autocommit", [False, True])
@pytest.mark.parametrize("ending", ["statement", "stream", "commit", "rollback", "block"])
def test_a_result_left_open_on_the_drivers_object_is_in_nobodys_way(
    single: SQLSpec, ending: str, autocommit: bool
) -> None:
    """2.x refuses most calls beside one."""
    with single.provide_session(autocommit=autocommit) as session:
        session.execute("INSERT INTO item VALUES (1)")
        session.connection().execute("SELECT * FROM range(100000)").fetchone()
        if ending == "statement":
            assert session.execute("SELECT id FROM item").scalars() == [1]
        elif ending == "stream":
            assert list(session.stream("SELECT id FROM item", schema_type=int)) == [1]
        elif ending != "block":
            getattr(session, ending)()

    with single.provide_session() as session:
        kept = [] if ending == "rollback" and not autocommit else [1]
        assert session.execute("SELECT id FROM item").scalars() == kept


async def test_the_drivers_object_under_async_is_this_leases(single: SQLSpec) -> None:
    """Each lease has another cursor, and the application gets the one that is in use."""
    for number in range(3):
        async with single.provide_session() as session:
            raw = await session.connection()
            raw.execute("INSERT INTO item VALUES (?)", (number,))
        async with single.provide_connection() as raw:
            assert raw.execute("SELECT max(id) FROM item").fetchall() == [(number,)]


def test_a_global_setting_leaks_and_is_locked_by_safe(path: Path) -> None:
    """As the README says."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path)), "open")
        with spec.provide_session() as session:
            session.execute("SET GLOBAL default_order = 'desc'")
        with spec.provide_session() as session:
            assert str(session.execute("SELECT current_setting('default_order')").scalar()).lower() == "desc"
        spec.unregister_config("open")
        spec.register_config(DuckDBConfig(safe=True), "safe")
        with spec.provide_session(autocommit=True) as session, pytest.raises(StatementError, match="locked"):
            session.execute("SET GLOBAL default_order = 'desc'")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/stolen.csv'",
        "ATTACH '/tmp/other.db' AS other",
        "INSTALL spatial",
        "LOAD spatial",
        "SET enable_external_access = true",
        "SET autoinstall_known_extensions = true",
        "SET lock_configuration = false",
        "SET threads = 1",
    ],
)
@pytest.mark.parametrize("kind", ["memory", "file"])
def test_safe_keeps_files_extensions_and_settings_away(path: Path, kind: str, statement: str) -> None:
    """Each is refused, and the database works."""
    database = str(path) if kind == "file" else ":memory:"
    with DuckDBConfig(database=database, safe=True).provide_session(autocommit=True) as session:
        with pytest.raises(SQLSpecError):
            session.execute(statement)
        session.execute("CREATE TABLE t AS SELECT 1 AS i")
        session.load("t", [(2,)], ("i",))
        assert session.execute("SELECT sum(i) FROM t").scalar() == 3


def test_a_statement_does_not_find_local_variables() -> None:
    """Though DuckDB's own default is that it does."""
    arrow: Any = import_module("pyarrow")
    secret = arrow.table({"a": [1]})
    block = DuckDBConfig().provide_session(autocommit=True)
    with block as session, pytest.raises(StatementError, match="secret"):
        session.execute("SELECT * FROM secret")
    with DuckDBConfig().provide_connection() as raw, pytest.raises(duckdb.CatalogException, match="secret"):
        raw.execute("SELECT * FROM secret")
    with DuckDBConfig(settings={"python_enable_replacements": True}).provide_connection() as raw:
        assert raw.execute("SELECT * FROM secret").fetchall() == [(1,)]
    assert secret.num_rows == 1


def test_settings_arrive(tmp_path: Path) -> None:
    """Fields and others."""
    config = DuckDBConfig(
        threads=2,
        memory_limit="200MB",
        temp_directory=str(tmp_path / "spill"),
        settings={"default_null_order": "nulls_first", "preserve_insertion_order": False},
    )
    with config.provide_session() as session:
        names = ("threads", "temp_directory", "default_null_order", "preserve_insertion_order")
        found = [session.execute("SELECT current_setting(?)", (name,)).scalar() for name in names]

    assert [str(value).lower() for value in found] == [
        "2",
        str(tmp_path / "spill").lower(),
        "nulls_first",
        "false",
    ]


# --- many at once -----------------------------------------------------------------------------------


def test_g24_sixteen_threads_on_one_file(path: Path) -> None:
    """No error and no wrong row."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path), pool_size=8), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item AS SELECT i AS id, i * 3 AS triple FROM range(1000) n (i)")
            session.execute("CREATE TABLE done (worker INTEGER, number INTEGER)")
        start = threading.Barrier(THREADS)

        def work(worker: int) -> list[tuple[int, int]]:
            start.wait(10)
            wrong = []
            for number in range(30):
                key = (worker * 37 + number) % 1000
                with spec.provide_session("main") as session:
                    found = session.execute("SELECT triple FROM item WHERE id = ?", (key,)).scalar()
                    session.execute("INSERT INTO done VALUES (?, ?)", (worker, number))
                if found != key * 3:
                    wrong.append((key, found))
            return wrong

        with ThreadPoolExecutor(THREADS) as threads:
            wrong = [one for found in threads.map(work, range(THREADS)) for one in found]
        with spec.provide_session() as session:
            done = session.execute(
                "SELECT count(*), count(DISTINCT worker) FROM done", schema_type=tuple
            ).one()
        stats = spec.stats("main")

    assert wrong == []
    assert done == (THREADS * 30, THREADS)
    assert (stats.in_use, stats.waiting) == (0, 0)


def test_g24_one_session_in_eight_threads(single: SQLSpec) -> None:
    """Each statement is done or refused, results are read or refused, and nothing else is raised."""
    start = threading.Barrier(8)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    done: list[int] = []

    def work(worker: int, session: Any) -> None:
        start.wait(10)
        for number in range(worker * 1000, worker * 1000 + 60):
            try:
                result = session.execute("SELECT i + ? AS i FROM range(3000) n (i)", (number,))
                if number % 2:
                    assert result.scalars()[-1] == number + 2999
                session.execute("INSERT INTO item VALUES (?)", (number,))
                done.append(number)
            except SessionInUseError:
                pass

    try:
        with single.provide_session() as session, ThreadPoolExecutor(8) as threads:
            for future in [threads.submit(work, worker, session) for worker in range(8)]:
                future.result(60)
    finally:
        sys.setswitchinterval(interval)

    with single.provide_session() as session:
        assert session.execute("SELECT id FROM item ORDER BY id").scalars() == sorted(done)


def test_threads_that_fail_at_random_leave_whole_transactions(path: Path) -> None:
    """A third of the sessions fails between its two rows; conflicts are run again."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path), pool_size=3), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")

        def one(number: int, chance: random.Random) -> bool:
            try:
                with spec.provide_session("main") as session:
                    session.execute("INSERT INTO item VALUES (?)", (2 * number,))
                    if chance.random() < 1 / 3:
                        session.execute("INSERT INTO item VALUES (?)", (2 * number,))
                    session.execute("INSERT INTO item VALUES (?)", (2 * number + 1,))
            except SerializationError:
                return one(number, chance)
            except SQLSpecError:
                return False
            return True

        with ThreadPoolExecutor(8) as threads:
            work = [
                threads.submit(
                    lambda w: sum(one(n, random.Random(n)) for n in range(w * 20, w * 20 + 20)), worker
                )
                for worker in range(8)
            ]
            kept = sum(future.result(60) for future in work)
        with spec.provide_session() as session:
            ids = set(session.execute("SELECT id FROM item").scalars())

    assert {number ^ 1 for number in ids} == ids
    assert len(ids) == 2 * kept
    assert 0 < kept < 160


async def test_sessions_cancelled_at_random_leave_whole_transactions(path: Path) -> None:
    """Two hundred of them; what was not cancelled left both of its rows."""
    moments = random.Random(7)
    async with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path), pool_size=4), "main")
        async with spec.provide_session() as session:
            await session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        gate = asyncio.Semaphore(8)

        async def insert(number: int) -> None:
            async with spec.provide_session() as session:
                await session.execute("INSERT INTO item VALUES (?)", (2 * number,))
                await session.execute("INSERT INTO item VALUES (?)", (2 * number + 1,))

        async def one(number: int) -> bool:
            async with gate:
                task = asyncio.create_task(insert(number))
                await asyncio.sleep(moments.uniform(0, 0.01))
                task.cancel()
                await asyncio.wait([task])
                return task.cancelled()

        gone = sum(await asyncio.gather(*map(one, range(200))))
        async with spec.provide_session() as session:
            ids = set(await session.execute("SELECT id FROM item").scalars())
        stats = spec.stats("main")

    assert {number ^ 1 for number in ids} == ids
    assert len(ids) >= 2 * (200 - gone)
    assert 0 < gone <= 200
    assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)


@pytest.mark.parametrize("autocommit", [False, True])
async def test_g02_a_cancelled_statement_is_stopped(single: SQLSpec, autocommit: bool) -> None:
    """Well within the second, nothing of it is kept, and the connection serves on."""
    slow = "SELECT count(*) FROM range(100000000000) AS n (i) WHERE i % 7 = 3"

    async def work() -> None:
        async with single.provide_session(autocommit=autocommit) as session:
            await session.execute(f"INSERT INTO item {slow}")

    task = asyncio.create_task(work())
    await asyncio.sleep(0.2)
    task.cancel()
    async with asyncio.timeout(2):
        with pytest.raises(asyncio.CancelledError):
            await task
    async with single.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM item").scalar() == 0
    assert single.stats("main").in_use == 0


def test_g27_the_interpreter_ends_quietly_with_open_pools() -> None:
    """At once, without a word."""
    import subprocess
    import time

    script = """
from sqlspec import SQLSpec
spec = SQLSpec()
spec.register_config("duckdb://", "main")
block = spec.provide_session()
session = block.__enter__()
result = session.execute("SELECT * FROM range(1000000)")
"""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=30
    )

    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr
    assert time.monotonic() - started < 10
