"""The fixtures for applications, in projects of other people: any plugin for async tests, xdist, kill -9."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sqlspec_testkit.servers import MariaDBServer, PostgreSQL, ServerError

PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rfE", "--tb=short"]
SETTINGS = """
[pytest]
asyncio_mode = strict
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
CONFTEST = """
import asyncio, pytest
from sqlspec import SQLSpec

spec = SQLSpec()

def fill(url):
    async def tables():
        async with SQLSpec() as new:
            new.register_config(url, "main")
            async with new.provide_session("main") as session:
                await session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
    asyncio.run(tables())

@pytest.fixture(scope="session")
def database(SERVER):
    with SERVER.template(lambda url: fill("ADAPTER" + url[url.index(":"):])) as template:
        with template.clone() as url:
            spec.register_config("ADAPTER" + url[url.index(":"):], "main")
            yield
    spec.close()

@pytest.fixture(autouse=True)
def undone(database, rolled_back):
    rolled_back(spec, "main")

async def add():
    # The same key in every test: whatever another one left would be in its way.
    async with spec.provide_session("main") as session:
        await session.execute("INSERT INTO item VALUES (1)")
    async with spec.provide_session("main") as session:
        assert await session.execute("SELECT count(*) FROM item").scalar() == 1
"""
SCOPES = """
import pytest
from conftest import add

@pytest.mark.asyncio
async def test_default(): await add()

@pytest.mark.parametrize("number", range(3))
@pytest.mark.asyncio(loop_scope="function")
async def test_function(number): await add()

@pytest.mark.asyncio(loop_scope="class")
class TestClass:
    async def test_one(self): await add()
    async def test_two(self): await add()

@pytest.mark.asyncio(loop_scope="module")
async def test_module(): await add()

@pytest.mark.asyncio(loop_scope="session")
async def test_session(): await add()

def test_a_loop_of_its_own():
    import asyncio
    asyncio.run(add())
"""
ANYIO = """
import pytest
from conftest import add

pytestmark = pytest.mark.anyio

@pytest.fixture(scope="module")
def anyio_backend(): return "asyncio"

@pytest.mark.parametrize("number", range(3))
async def test_number(number): await add()
"""
KILLED = """
import os, pathlib, time
from sqlspec_testkit.servers._guardian import tree

def test_server(postgresql_server, redis_server):
    # Their guardians remove the directories, and end last.
    servers = postgresql_server, redis_server
    pids = [pid for one in servers for pid in (*tree(one.pid), one._guard._process.pid)]
    text = " ".join(map(str, [postgresql_server.directory, os.getpid(), *pids]))
    path = pathlib.Path(__file__).with_name(f"told-{os.getpid()}")
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").rename(path)
    time.sleep(600)

test_other = test_server
"""


def project(folder: Path, adapter: str, text: str) -> None:
    """A project with such tests, which knows nothing of this repository."""
    (folder / "pytest.ini").write_text(SETTINGS)
    server = "mariadb_server" if adapter == "asyncmy" else "postgresql_server"
    (folder / "conftest.py").write_text(CONFTEST.replace("ADAPTER", adapter).replace("SERVER", server))
    (folder / "test_mine.py").write_text(text)


@pytest.mark.parametrize(
    ("adapter", "options"),
    [("psycopg", ()), ("psycopg", ("-n", "2")), ("asyncpg", ()), ("asyncpg", ("-n", "2")), ("asyncmy", ())],
)
@pytest.mark.parametrize(("text", "count"), [(SCOPES, 9), (ANYIO, 3)], ids=["asyncio", "anyio"])
def test_each_test_is_undone(
    tmp_path: Path, adapter: str, options: tuple[str, ...], text: str, count: int
) -> None:
    """In every scope of pytest-asyncio's loops, and by anyio's plugin; and nothing warns."""
    project(tmp_path, adapter, text)

    done = subprocess.run(
        [*PYTEST, *options], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} passed" in done.stdout


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_no_server_outlives_a_run_that_is_killed(tmp_path: Path, options: tuple[str, ...]) -> None:
    """By kill -9, which nobody can see coming; with xdist the workers are not even told."""
    (tmp_path / "test_mine.py").write_text(KILLED)
    workers = int(options[1]) if options else 1
    run = subprocess.Popen(
        [*PYTEST, *options], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 120
        while len(told := list(tmp_path.glob("told-*[0-9]"))) < workers:
            assert time.monotonic() < until
            assert run.poll() is None
            time.sleep(0.05)
        found = [path.read_text().split() for path in told]
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()

    for directory, *pids in found:
        for pid in map(int, pids):
            try:
                handle = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            ended, _, _ = select.select([handle], [], [], 30)
            os.close(handle)
            assert ended, f"{pid} has survived"
        assert not Path(directory).exists()


def test_a_template_is_cloned(postgresql_server: PostgreSQL) -> None:
    """As often as one likes; each clone is its owner's, and is gone in the end."""
    filled: list[str] = []

    def fill(url: str) -> None:
        filled.append(url)
        name = url.rsplit("/", 1)[1].partition("?")[0]
        postgresql_server.sql("CREATE TABLE item (id INTEGER); INSERT INTO item VALUES (1)", database=name)

    before = postgresql_server.sql("SELECT count(*) FROM pg_database")
    with postgresql_server.template(fill) as template:
        urls: list[str] = []
        for _ in range(3):
            with template.clone() as url:
                urls.append(url)
                name = url.rsplit("/", 1)[1].partition("?")[0]
                postgresql_server.sql("INSERT INTO item VALUES (2)", database=name)
                assert postgresql_server.sql("SELECT count(*) FROM item", database=name) == "2"
        assert len({*urls, *filled}) == 4
    assert postgresql_server.sql("SELECT count(*) FROM pg_database") == before


def test_a_template_of_mariadb_is_cloned(own_mariadb_server: MariaDBServer) -> None:
    """With its rows, views, routines and triggers."""
    server = own_mariadb_server

    def name_in(url: str) -> str:
        return url.rsplit("/", 1)[1].partition("?")[0]

    def fill(url: str) -> None:
        server.sql(
            "CREATE TABLE item (id INTEGER, raw BLOB); CREATE VIEW items AS SELECT * FROM item;"
            "CREATE TRIGGER more BEFORE INSERT ON item FOR EACH ROW SET NEW.id = NEW.id + 10;"
            "CREATE FUNCTION five() RETURNS INTEGER DETERMINISTIC RETURN 5;"
            "INSERT INTO item VALUES (1, x'00FF27')",
            database=name_in(url),
        )

    with server.template(fill) as template:
        for _ in range(2):
            with template.clone() as url:
                server.sql("INSERT INTO item VALUES (2, NULL)", database=name_in(url))
                listed = server.sql(
                    "SELECT id + five(), hex(raw) FROM items ORDER BY id", database=name_in(url)
                )
                assert listed == "16\t00FF27\n17\tNULL"


def test_a_template_that_needs_a_loop_says_so(postgresql_server: PostgreSQL) -> None:
    """And leaves nothing."""

    async def fill(url: str) -> None:
        raise AssertionError(url)

    with pytest.raises(ServerError, match=r"asyncio\.run"), postgresql_server.template(fill):
        raise AssertionError
