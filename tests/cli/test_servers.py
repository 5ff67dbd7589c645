"""With real servers: async-only adapters, what the doctor asks, and how much memory a copy takes."""

from __future__ import annotations

import json
import subprocess
import sys
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from sqlspec_testkit.servers import PostgreSQLServer

    from .conftest import Run

COLUMNS = "id, price, made, name, doc"
MEBIBYTE = 1 << 20
# In a process of its own: the highest memory that it had, in bytes.
MEASURED = """
import re, sys
from pathlib import Path
from sqlspec.cli.program import program

try:
    program.main(sys.argv[1:], prog_name="sqlspec")
finally:
    # Not what getrusage() says: that is at least what the parent had.
    (peak,) = re.findall(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
    sys.stdout.write(str(int(peak) * 1024))
"""


@pytest.fixture
def three(folder: Path, sqlspec: Run, postgresql_url: str, mariadb_url: str) -> Run:
    """PostgreSQL by two adapters, and MariaDB; a table `typed` in both."""
    urls = {
        "async": (postgresql_url, "asyncpg"),
        "sync": (postgresql_url, "psycopg"),
        "maria": (mariadb_url, "asyncmy"),
    }
    text = "".join(f'[databases.{name}]\nurl = "{_with(*url)}"\n' for name, url in urls.items())
    (folder / "sqlspec.toml").write_text(text, "utf-8")
    for name, kinds in (("async", "jsonb numeric"), ("maria", "json decimal(12,3)")):
        doc, number = kinds.split()
        done = sqlspec(
            "query",
            name,
            "--write",
            f"CREATE TABLE typed (id bigint PRIMARY KEY, price {number}, "
            f"made timestamp NULL, name text, doc {doc})",
        )
        assert done.exit_code == 0, done.output
    return sqlspec


def _with(url: str, adapter: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}+{adapter}://{rest}"


def _rows(run: Run, name: str) -> list[dict[str, Any]]:
    done = run("query", name, f"SELECT {COLUMNS} FROM typed ORDER BY id", "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("name", "other"), [("async", "maria"), ("sync", "maria"), ("maria", "async")])
def test_a_file_goes_in_and_a_table_across(three: Run, folder: Path, name: str, other: str) -> None:
    """Texts become what the server's columns are; values arrive as they were."""
    (folder / "a.csv").write_text("id,price,made,name\n1,1.500,2026-01-31T12:00:00,one\n2,,,\n", "utf-8")

    loaded = three("load", name, "typed", "a.csv")
    copied = three("copy", f"{name}:typed", f"{other}:typed")

    assert loaded.exit_code == 0, loaded.output
    assert copied.exit_code == 0, copied.output
    first, second = _rows(three, name)
    assert first["made"] == "2026-01-31T12:00:00"
    assert second == dict.fromkeys(second) | {"id": 2}
    assert _rows(three, other) == [first, second]


@pytest.mark.parametrize(("name", "other"), [("async", "maria"), ("sync", "maria"), ("maria", "async")])
def test_documents(three: Run, folder: Path, name: str, other: str) -> None:
    """Go in as an object of JSON lines or as a text of CSV, and across as what the other database has."""
    (folder / "a.jsonl").write_text('{"id": 1, "doc": {"a": [1]}}\n', "utf-8")
    (folder / "a.csv").write_text('id,doc\n2,"{""a"": [1]}"\n', "utf-8")

    for words in (
        ("load", name, "typed", "a.jsonl"),
        ("load", name, "typed", "a.csv"),
        ("copy", f"{name}:typed", f"{other}:typed"),
    ):
        done = three(*words)
        assert done.exit_code == 0, done.output

    for one in (name, other):
        found = [row["doc"] for row in _rows(three, one)]
        assert [json.loads(doc) if isinstance(doc, str) else doc for doc in found] == [{"a": [1]}, {"a": [1]}]
        assert {type(doc) for doc in found} == {str if one == "maria" else dict}


@pytest.mark.parametrize("name", ["async", "sync", "maria"])
def test_a_server_refuses_to_be_changed(three: Run, name: str) -> None:
    """Unless --write is said."""
    done = three("query", name, "INSERT INTO typed (id) VALUES (1)")

    assert done.exit_code == 1
    assert "ReadOnlyError" in done.stderr
    assert _rows(three, name) == []


def test_the_doctor_asks_servers(three: Run) -> None:
    """Version, TLS, clock, and whether the pool fits."""
    done = three("doctor", "--json")

    found = {one["subject"]: one for one in json.loads(done.stdout)}
    assert done.exit_code == 0, done.output
    for name in ("async", "sync", "maria"):
        assert found[f"server of {name}"]["message"].startswith("version 1")
        assert found[f"TLS of {name}"]["message"] == "not used; the server is on this machine"
        assert found[f"clock of {name}"]["status"] == "ok"
        assert "pool_size 10 of at most" in found[f"pool of {name}"]["message"]


def test_the_doctor_finds_a_pool_that_does_not_fit(three: Run, folder: Path) -> None:
    """A problem, and the line to write."""
    path = folder / "sqlspec.toml"
    path.write_text(
        path.read_text("utf-8").replace("\n[databases.sync]", "\npool_size = 5000\n[databases.sync]"), "utf-8"
    )

    done = three("doctor", "--json")

    found = {one["subject"]: one for one in json.loads(done.stdout)}
    assert done.exit_code == 1
    assert found["pool of async"]["status"] == "problem"
    assert "pool_size = " in found["pool of async"]["advice"]
    assert found["pool of sync"]["status"] == "ok"


def test_ping_says_who_does_not_answer(three: Run, folder: Path) -> None:
    """All are asked, and one that fails makes the exit code."""
    with (folder / "sqlspec.toml").open("a", encoding="utf-8") as file:
        file.write('[databases.gone]\nurl = "postgresql+asyncpg://127.0.0.1:1/x"\n')

    every, one = three("ping", "--all", "--json"), three("ping", "async")

    assert {row["name"]: row["status"] for row in json.loads(every.stdout)} == {
        "async": "ok",
        "sync": "ok",
        "maria": "ok",
        "gone": "problem",
    }
    assert (every.exit_code, one.exit_code) == (1, 0)
    assert three("ping", "async", "--all").exit_code == 2
    assert three("ping").exit_code == 2


def test_ping_waits_until_it_is_there(
    sqlspec: Run, folder: Path, own_postgresql_server: PostgreSQLServer
) -> None:
    """As a start script wants it: the server comes later."""
    own_postgresql_server.start()
    url = own_postgresql_server.url()
    own_postgresql_server.stop()
    (folder / "sqlspec.toml").write_text(f'[databases.main]\nurl = "{_with(url, "asyncpg")}"\n', "utf-8")
    assert sqlspec("ping").exit_code == 1
    later = Thread(target=own_postgresql_server.start)
    later.start()

    done = sqlspec("ping", "--wait", "60")

    later.join()
    assert done.exit_code == 0, done.output


@pytest.mark.skipif(sys.platform != "linux", reason="the system says how much memory it was")
def test_a_copy_needs_no_more_memory_for_more_rows(sqlspec: Run, folder: Path) -> None:
    """256 MiB go through 200 MiB of memory, and four times as many rows through about as much."""
    (folder / "sqlspec.toml").write_text(
        '[databases.a]\nurl = "sqlite:///a.db"\n[databases.b]\nurl = "sqlite:///b.db"\n', "utf-8"
    )
    for table, count in (("small", 16_384), ("large", 65_536)):
        for name in ("a", "b"):
            create = f"CREATE TABLE {table} (id INTEGER, text TEXT)"
            assert sqlspec("query", name, "--write", create).exit_code == 0
        fill = (
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            f"INSERT INTO {table} SELECT i, hex(zeroblob(2048)) FROM n"
        )
        assert sqlspec("query", "a", "--write", fill).exit_code == 0

    small, large = _peak("copy", "a:small", "b:small"), _peak("copy", "a:large", "b:large")

    assert (folder / "b.db").stat().st_size > 256 * MEBIBYTE
    assert large < 200 * MEBIBYTE
    assert large - small < 16 * MEBIBYTE


@pytest.mark.skipif(sys.platform != "linux", reason="the system says how much memory it was")
def test_large_rows_are_copied_a_few_at_a_time(sqlspec: Run, folder: Path) -> None:
    """256 MiB in rows of half a mebibyte."""
    (folder / "sqlspec.toml").write_text(
        '[databases.a]\nurl = "sqlite:///a.db"\n[databases.b]\nurl = "sqlite:///b.db"\n', "utf-8"
    )
    for name in ("a", "b"):
        assert sqlspec("query", name, "--write", "CREATE TABLE t (id INTEGER, raw BLOB)").exit_code == 0
    fill = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 512) "
        "INSERT INTO t SELECT i, zeroblob(524288) FROM n"
    )
    assert sqlspec("query", "a", "--write", fill).exit_code == 0

    assert _peak("copy", "a:t", "b:t") < 200 * MEBIBYTE

    assert (folder / "b.db").stat().st_size > 256 * MEBIBYTE


def _peak(*words: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words], capture_output=True, text=True, check=True
    )
    return int(done.stdout)
