"""One open database for each file of the process: shared, and closed by its last user."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import duckdb
import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConnectError
from sqlspec_duckdb import DuckDBConfig, instances

if TYPE_CHECKING:
    from pathlib import Path

OPEN = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('SELECT 1')"


def is_free(path: Path) -> bool:
    """Whether another process may open the file for writing."""
    done = subprocess.run([sys.executable, "-c", OPEN, str(path)], check=False, capture_output=True)
    return done.returncode == 0


def is_open(path: Path) -> bool:
    """Whether this process has it open."""
    return any(instance.path.startswith(str(path)) for instance in instances._files)


def test_g25_threads_that_come_at_once_open_the_file_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From two registries even."""
    opened: list[object] = []
    connect = duckdb.connect

    def noted(*args: object, **options: object) -> duckdb.DuckDBPyConnection:
        opened.append(args)
        return connect(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(duckdb, "connect", noted)
    specs = [SQLSpec(), SQLSpec()]
    start = threading.Barrier(8)
    for spec in specs:
        spec.register_config(DuckDBConfig(database=str(path)), "main")

    def work(number: int) -> None:
        start.wait(10)
        with specs[number % 2].provide_session("main") as session:
            session.execute("SELECT 1")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    count = len(opened)
    for spec in specs:
        spec.close()

    assert count == 1
    assert not is_open(path)


def test_closing_the_registry_frees_the_file_for_other_processes(path: Path) -> None:
    """And not before."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path)), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE t (i INTEGER)")
        assert not is_free(path)

    assert is_free(path)
    assert not path.with_name("test.db.wal").exists()


async def test_closing_the_registry_frees_the_file_under_async(path: Path) -> None:
    """Likewise."""
    async with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path)), "main")
        async with spec.provide_session() as session:
            await session.execute("CREATE TABLE t (i INTEGER)")

    assert is_free(path)


def test_g25_a_session_outlives_its_registration(path: Path) -> None:
    """It ends in peace; the file is closed with it."""
    spec = SQLSpec()
    spec.register_config(DuckDBConfig(database=str(path)), "main")
    with spec.provide_session("main") as session:
        session.execute("CREATE TABLE t (i INTEGER)")
        spec.unregister_config("main")
        session.execute("INSERT INTO t VALUES (1)")
    assert not is_open(path)

    with DuckDBConfig(database=str(path)).provide_session() as session:
        assert session.execute("SELECT i FROM t").scalars() == [1]


def test_a_memory_session_outlives_its_registration() -> None:
    """The memory goes with its last holder."""
    gc.collect()
    before = len(instances._memories)
    spec = SQLSpec()
    spec.register_config(DuckDBConfig(), "main")
    with spec.provide_session("main") as session:
        session.execute("CREATE TABLE t (i INTEGER)")
        spec.unregister_config("main")
        assert session.execute("SELECT count(*) FROM t").scalar() == 0
        assert len(instances._memories) == before + 1

    assert len(instances._memories) == before


def test_other_settings_in_another_registry_are_refused_when_it_opens(path: Path) -> None:
    """With the field that differs; once the first is closed, they are fine."""
    config = DuckDBConfig(database=str(path), threads=1)
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path)), "main")
        with spec.provide_session() as session:
            session.execute("SELECT 1")
        with pytest.raises(ConnectError, match=r"other settings \(threads\)"), config.provide_session():
            pass

    with config.provide_session() as session:
        assert session.execute("SELECT current_setting('threads')").scalar() == 1
    assert not is_open(path)


def test_a_file_of_another_process_says_what_to_do(path: Path) -> None:
    """Close it there, or read only on both sides."""
    hold = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        block = DuckDBConfig(database=str(path)).provide_session()
        with pytest.raises(ConnectError, match="read_only=True"), block:
            pass
        other.communicate(b"\n")


def test_many_processes_may_read_one_file(path: Path) -> None:
    """If all of them only read."""
    with DuckDBConfig(database=str(path)).provide_session() as session:
        session.execute("CREATE TABLE t AS SELECT 7 AS i")
    read = (
        "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute('FROM t').fetchall())"
    )

    with DuckDBConfig(database=str(path), read_only=True).provide_session() as session:
        done = subprocess.run(
            [sys.executable, "-c", read, str(path)], check=True, capture_output=True, text=True
        )
        assert session.execute("SELECT i FROM t").scalars() == [7]

    assert done.stdout == "[(7,)]\n"


REASONS = {
    "folder": r"it is a directory; name a file in it",
    "garbage": r'The file ".*x\.db" exists, but it is not a valid DuckDB database file',
    "missing folder": r"the directory '.*x\.db' does not exist; create it",
    "read-only and missing": r"there is no such file, and with read_only=True none is created",
}


@pytest.mark.parametrize("what", REASONS)
def test_what_can_not_be_opened_says_why(tmp_path: Path, what: str) -> None:
    """A typed error with the path, in our words; nothing stays open."""
    path = tmp_path / "x.db"
    config = DuckDBConfig(database=str(path), read_only=what.startswith("read-only"))
    if what == "folder":
        path.mkdir()
    elif what == "garbage":
        path.write_bytes(b"no database" * 1000)
    elif what == "missing folder":
        config = DuckDBConfig(database=str(path / "y.db"))

    for _ in range(2):
        says = rf"can not open the DuckDB database '.*x\.db.*': {REASONS[what]}\Z"
        with pytest.raises(ConnectError, match=says) as caught, config.provide_session():
            pass
        assert isinstance(caught.value.__cause__, duckdb.Error)
    assert not is_open(path)


def test_a_registry_that_is_dropped_closes_its_memory() -> None:
    """Without a word of ours."""
    gc.collect()
    before = len(instances._memories)
    spec = SQLSpec()
    spec.register_config(DuckDBConfig(), "main")
    with spec.provide_session("main") as session:
        session.execute("SELECT 1")
    spec.close()
    del spec, session
    gc.collect()

    assert len(instances._memories) == before
