"""A forked child never touches a database that its parent process opened."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec_duckdb import DuckDBConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
# Python warns of forks beside threads, and DuckDB has threads: that it is dangerous is the point.
ignored = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def in_child(work: Callable[[], str]) -> str:
    """What *work* says in a forked child."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            said = work()
        except BaseException as exc:  # noqa: BLE001 - all of it is told
            said = f"{type(exc).__name__}: {exc}"
        os.write(write, said.encode())
        os.close(write)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    assert os.waitpid(pid, 0)[1] == 0
    return said


def count(spec: SQLSpec) -> int:
    """The rows of `item`."""
    with spec.provide_session() as session:
        return int(session.execute("SELECT count(*) FROM item").scalar())


@ignored
def test_g18_an_inherited_file_is_refused(spec: SQLSpec) -> None:
    """With what to do; the parent process goes on."""
    said = in_child(lambda: str(count(spec)))

    assert said.startswith("ConnectError: ")
    assert "fork" in said
    assert count(spec) == 0


@ignored
def test_g18_an_inherited_file_is_refused_to_a_new_registry_too(spec: SQLSpec, path: Path) -> None:
    """And when it would only be read: DuckDB would serve it from the copy."""
    config = DuckDBConfig(database=str(path))

    def look() -> str:
        with config.provide_session() as session:
            return str(session.execute("SELECT count(*) FROM item").scalar())

    assert in_child(look).startswith("ConnectError: ")
    assert count(spec) == 0


@ignored
def test_g18_an_inherited_memory_is_refused() -> None:
    """Its rows would go separate ways."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig())
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER)")

        assert in_child(lambda: str(count(spec))).startswith("ConnectError: ")
        assert count(spec) == 0


@ignored
def test_g18_an_inherited_session_touches_nothing(spec: SQLSpec) -> None:
    """Its transaction is the parent process's, which commits it; a stream and a result are refused too."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO item VALUES (1, 'one')")
        rows = session.execute("SELECT id FROM item")
        stream = session.stream("SELECT id FROM item")
        said = in_child(lambda: str(session.execute("INSERT INTO item VALUES (2, 'two')")))
        read = in_child(lambda: str(rows.all()))
        streamed = in_child(lambda: str(next(stream)))
        ended = in_child(lambda: str(session._end_block(None)))
        assert rows.scalars() == [1]

    assert said.startswith("SessionClosedError: ")
    assert streamed.startswith("SessionClosedError: ")
    assert read.startswith("ConnectError: ")
    assert ended.startswith("(False, SessionClosedError(")
    assert count(spec) == 1


@ignored
def test_what_is_opened_after_the_fork_is_the_childs(path: Path, tmp_path: Path, spec: SQLSpec) -> None:
    """Another file, another memory; the inherited registry is forgotten in peace."""

    def use() -> str:
        spec.close()
        for database in (str(tmp_path / "child.db"), ":memory:"):
            with DuckDBConfig(database=database).provide_session() as session:
                session.execute("CREATE TABLE t (i INTEGER)")
        return "done"

    assert in_child(use) == "done"
    assert path.exists()
    assert count(spec) == 0


@ignored
def test_a_file_that_is_closed_before_the_fork_is_anybodys(path: Path) -> None:
    """Then the child may open it."""
    config = DuckDBConfig(database=str(path))
    with config.provide_session() as session:
        session.execute("CREATE TABLE item (id INTEGER)")

    def use() -> str:
        with config.provide_session() as session:
            return str(session.execute("SELECT count(*) FROM item").scalar())

    assert in_child(use) == "0"


ENDING = """
import os, pathlib, sys, warnings
warnings.simplefilter("ignore")
from sqlspec import SQLSpec
from sqlspec_duckdb import DuckDBConfig

path = pathlib.Path(sys.argv[1])
wal = path.with_name(path.name + ".wal")
spec = SQLSpec()
spec.register_config(DuckDBConfig(database=str(path)), "main")
with spec.provide_session() as session:
    session.execute("CREATE TABLE item AS SELECT i AS id FROM range(1000) n (i)")
before = path.read_bytes(), wal.read_bytes()
pid = os.fork()
if pid == 0:
    os.close(2)  # 2.x counts what it could not free, and says so
    sys.exit(0)  # the interpreter frees all that it can
os.waitpid(pid, 0)
assert before == (path.read_bytes(), wal.read_bytes()), "the child wrote"
spec.close()
with DuckDBConfig(database=str(path)).provide_session() as session:
    assert session.execute("SELECT count(*) FROM item").scalar() == 1000
"""


def test_g18_the_end_of_the_child_writes_nothing_into_the_file(path: Path) -> None:
    """DuckDB writes a checkpoint when a database is freed: in the child it never is."""
    done = subprocess.run(
        [sys.executable, "-c", ENDING, str(path)], check=False, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")


COLLECTED_EARLY = """
import gc, os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # DuckDB has threads
from sqlspec import SQLSpec
import sqlspec.concurrency.forks
os.register_at_fork(after_in_child=gc.collect)
from sqlspec_duckdb import DuckDBConfig
gc.disable()
spec = SQLSpec()
spec.register_config(DuckDBConfig(database=":memory:"), "main")
with spec.provide_session() as session:
    session.execute("CREATE TABLE t AS SELECT * FROM range(100000)")
spec.close()  # what is in memory stays
garbage = [spec]
garbage.append(garbage)
del spec, session, garbage
pid = os.fork()
if pid == 0:
    os._exit(0)
print(os.waitpid(pid, 0)[1])
"""


def test_garbage_that_is_collected_before_the_fork_is_heard_of_closes_nothing() -> None:
    """A registry that nobody holds any more lets go of its database in the child: it is the parent's."""
    run = subprocess.run(
        [sys.executable, "-c", COLLECTED_EARLY], capture_output=True, text=True, timeout=60, check=False
    )

    assert (run.stdout.strip(), run.stderr) == ("0", "")
