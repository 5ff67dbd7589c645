"""The Python blocks of `seed/registry-system.md`, from which this library was written, on real servers.

Each block is read from the document, executed under its heading's name, and what it defines is called. Five
liberties, no more; `seed/document.py` lists them by the word:

* A blank that the document leaves as `...` is filled in.
* A URL leads to a server of the tests.
* `process_order` says what type its row has.
* A service of the catalogue is a text with an address, as the loop over services reads it.
* What a block uses and does not bring is given: its imports, tables, `User`, `Order`, `app`, and as much of
  Celery and of Consul's client as it needs.

Databases are the real ones, by the adapters that the document names; what they hold is looked up by their own
programs or drivers.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import closing
from decimal import Decimal
from hashlib import sha256
from types import ModuleType
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from sqlspec import InstrumentationConfig, SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.errors import NoRowError, ReadOnlyError, SessionClosedError
from sqlspec_redis import decode
from sqlspec_testkit.servers import PostgreSQLServer
from tests.seed.document import BLANKS, CHANGES, DOCUMENT, Run, blocks
from tests.seed.given import Celery, Consul, Home, Order, User

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from sqlspec_testkit.servers import MariaDB, PostgreSQL, Redis

IS_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
SCENES: dict[str, str] = {}
"""Heading -> the test that runs its block."""


def block(heading: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say which block a test runs; the fixture `run` sees that it does."""

    def note(test: Callable[..., Any]) -> Callable[..., Any]:
        assert heading not in SCENES
        SCENES[heading] = test.__name__
        return test

    return note


@pytest.fixture
def home(postgresql_server: PostgreSQL) -> Iterator[Home]:
    """The database that most blocks call `main`."""
    with postgresql_server.database() as name:
        yield Home(postgresql_server, name, user="Ada")


@pytest.fixture
def other_home(postgresql_server: PostgreSQL) -> Iterator[Home]:
    """The document's test database."""
    with postgresql_server.database() as name:
        yield Home(postgresql_server, name, user="Test User")


@pytest.fixture
def encrypted_home(prepared_postgresql_server: PostgreSQLServer) -> Iterator[Home]:
    """A database in production: its server takes encrypted connections."""
    with (
        PostgreSQLServer(copy_of=prepared_postgresql_server, tls=True) as server,
        server.database() as name,
    ):
        yield Home(server, name, user="Grace")


@pytest.fixture
def run(request: pytest.FixtureRequest, home: Home) -> Iterator[Run]:
    """What runs blocks. They find an empty registry as `spec`; some make their own."""
    with SQLSpec() as spec:
        run = Run(spec=spec)
        run.urls["postgresql://main/db"] = home.url
        yield run
        run.names["spec"].close()
    test = request.node.originalname
    assert test not in SCENES.values() or test in {SCENES[heading] for heading in run.done}


@pytest.fixture
def spec(run: Run, home: Home) -> SQLSpec:
    """The blocks' registry, in which there is `main`."""
    spec: SQLSpec = run.names["spec"]
    spec.register_config(PostgreSQLConfig(url=home.url), "main")
    return spec


@pytest.fixture
async def arun(run: Run) -> AsyncIterator[Run]:
    """What runs blocks with async sessions."""
    yield run
    await run.names["spec"].aclose()


# --- the blocks, each in its scene ------------------------------------------------------------------


@block("Configuration Registration")
async def test_configs_are_registered_by_name_and_one_is_the_default(
    arun: Run, home: Home, mariadb_url: str, mariadb_server: MariaDB
) -> None:
    """Each opens the database it names; the replica only reads; no name means the default."""
    arun.urls |= {
        "postgresql://primary/db": home.url,
        "postgresql://replica/db": home.url,
        "mysql://analytics/db": mariadb_url,
    }

    spec: SQLSpec = arun("Configuration Registration")["spec"]

    assert spec.names == ("primary", "replica", "analytics")
    assert spec.get_config() is spec.get_config("primary")
    assert type(spec.get_config("analytics")) is AsyncMyConfig
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO users VALUES (?, ?)", (2, "Grace"))
    async with spec.provide_session("replica") as session:
        assert await session.execute("SELECT name FROM users WHERE id = 2").scalar() == "Grace"
    with pytest.raises(ReadOnlyError):
        async with spec.provide_session("replica") as session:
            await session.execute("INSERT INTO users VALUES (?, ?)", (3, "Linus"))
    async with spec.provide_session("analytics") as session:
        await session.execute("CREATE TABLE visit (number integer)")
        await session.execute("INSERT INTO visit VALUES (?)", (7,))
        database = await session.execute("SELECT database()").scalar()
    assert home.values("SELECT name FROM users ORDER BY id") == ["Ada", "Grace"]
    assert mariadb_server.sql("SELECT number FROM visit", database=database).strip() == "7"


@block("Type-Based Lookup")
async def test_a_config_is_found_by_its_type(arun: Run) -> None:
    """Registered without a name, and still a key."""
    names = arun("Type-Based Lookup")

    spec, found = names["spec"], names["config"]
    assert type(found) is AsyncpgConfig
    assert found is spec.get_config()
    async with spec.provide_session(AsyncpgConfig) as session:
        assert await session.execute("SELECT name FROM users").scalar() == "Ada"


@block("Session Lifecycle")
def test_a_session_manages_its_transaction(run: Run, home: Home) -> None:
    """What it did is committed, and its connection is back."""
    spec: SQLSpec = run.names["spec"]
    spec.register_config(PostgreSQLConfig(url=home.url), "primary")

    names = run("Session Lifecycle")

    assert names["result"].all() == [{"id": 1, "name": "Ada"}]
    assert home.values("SELECT id FROM audit") == ["1"]
    assert spec.stats("primary").in_use == 0
    with pytest.raises(SessionClosedError):
        names["session"].execute("SELECT 1")


@block("Configuration Hierarchy")
def test_configs_are_merged(run: Run, home: Home, encrypted_home: Home) -> None:
    """What was given wins, deeply; what was not given is inherited. Both results reach their servers."""
    run.urls |= {"postgresql://localhost/dev": home.url, "postgresql://prod.db/app": encrypted_home.url}

    names = run("Configuration Hierarchy")

    spec, dev, prod = names["spec"], names["dev_config"], names["prod_config"]
    assert (dev.pool_size, dev.pool_timeout, dev.url) == (20, 30, home.url)
    assert dev.instrumentation == InstrumentationConfig(
        enable_opentelemetry=True, enable_prometheus=True, log_queries=True, log_results=True
    )
    assert (prod.pool_size, prod.pool_timeout, prod.ssl_mode) == (100, 30, "require")
    assert prod.instrumentation == names["base_config"].instrumentation
    for config, user, is_encrypted in ((dev, "Ada", False), (prod, "Grace", True)):
        spec.register_config(config, user)
        with spec.provide_session(user) as session:
            assert session.execute("SELECT name FROM users").scalar() == user
            assert session.execute(IS_ENCRYPTED).scalar() is is_encrypted


@block("Standard Pattern")
def test_a_registry_is_used_throughout_the_application(run: Run) -> None:
    """The function of the document returns a typed row."""
    get_user = run("Standard Pattern")["get_user"]

    assert get_user(1) == User(1, "Ada")
    with pytest.raises(NoRowError):
        get_user(2)


@block("Dependency Injection Pattern")
@pytest.mark.usefixtures("spec")
def test_a_repository_takes_any_provider(run: Run) -> None:
    """The registry is one."""
    names = run("Dependency Injection Pattern")

    assert names["repo"].get_user(1) == User(1, "Ada")


@block("Testing Pattern")
def test_a_test_puts_its_own_database_in_place(run: Run, other_home: Home) -> None:
    """The application's function, unchanged, then reads from there."""
    run.urls["postgresql://test/db"] = other_home.url
    names = run("Standard Pattern")
    names["spec"].unregister_config("main")  # the next block begins with it

    run("Testing Pattern")

    assert names["get_user"](1) == User(1, "Ada")
    names["test_something"]()
    assert names["get_user"](1) == User(1, "Test User")


@pytest.fixture
async def orders(arun: Run, home: Home, redis_url: str, tmp_path: Path) -> Run:
    """Three databases registered by the document's block, and twenty orders in the first."""
    home.values("INSERT INTO orders SELECT n, n + 0.5 FROM generate_series(1, 20) AS n")
    arun.urls |= {"redis://cache": redis_url, "duckdb://events": f"duckdb:///{tmp_path / 'events.duckdb'}"}
    spec: SQLSpec = arun("Multi-Database Scenarios")["spec"]
    async with spec.provide_session("analytics") as session:
        await session.execute("CREATE TABLE order_events (id INTEGER, total DECIMAL(8, 2))")
    return arun


async def _events(orders: Run, tmp_path: Path) -> list[tuple[int, Decimal]]:
    await orders.names["spec"].aclose()  # before that the file is not the driver's alone
    with closing(duckdb.connect(tmp_path / "events.duckdb")) as raw:
        return raw.execute("SELECT id, total FROM order_events ORDER BY id").fetchall()


@block("Multi-Database Scenarios")
async def test_one_function_works_with_three_databases(
    orders: Run, redis_server: Redis, redis_url: str, tmp_path: Path
) -> None:
    """An order of PostgreSQL becomes a row of DuckDB and a value in Redis that reads back as what it was."""
    await orders.names["process_order"](7)

    async with orders.names["spec"].provide_session("cache") as cache:
        assert decode(await cache.get("order:7"), Order) == Order(7, Decimal("7.50"))
        assert await cache.keys() == [b"order:7"]
    number = int(redis_url.rpartition("/")[2])
    assert redis_server.command("GET", "order:7", database=number).strip() == '{"id":7,"total":"7.50"}'
    assert await _events(orders, tmp_path) == [(7, Decimal("7.50"))]


async def test_the_function_runs_many_times_at_once(orders: Run, tmp_path: Path) -> None:
    """Twenty orders are stored once each; an order that is not there leaves nothing anywhere."""
    process_order, spec = orders.names["process_order"], orders.names["spec"]

    await asyncio.gather(*map(process_order, range(1, 21)))
    with pytest.raises(NoRowError):
        await process_order(21)

    async with spec.provide_session("cache") as cache:
        assert await cache.dbsize() == 20
    assert [pool.in_use for pool in spec.stats().values()] == [0, 0, 0]
    assert await _events(orders, tmp_path) == [(n, Decimal(n) + Decimal("0.5")) for n in range(1, 21)]


@block("Environment Variables")
def test_configs_are_made_from_the_environment(
    run: Run, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the document's two classes, with the options that the variables say; both open their database."""
    monkeypatch.setenv("DB_PRIMARY_URL", home.url)
    monkeypatch.setenv("DB_PRIMARY_POOL_SIZE", "3")
    monkeypatch.setenv("DB_ANALYTICS_DATABASE", str(tmp_path / "events.duckdb"))

    spec: SQLSpec = run("Environment Variables")["spec"]

    assert spec.names == ("primary", "analytics")
    assert type(spec.get_config("primary")) is PostgreSQLConfig
    assert spec.get_config("primary").pool_size == 3
    with spec.provide_session("primary") as session:
        assert session.execute("SELECT name FROM users").scalar() == "Ada"
    with spec.provide_session("analytics") as session:
        session.execute("CREATE TABLE order_events (id INTEGER)")
    assert (tmp_path / "events.duckdb").exists()


@block("Configuration Files")
def test_configs_are_read_from_a_file(
    run: Run, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder where the document has it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME_URL", home.url)
    path = tmp_path / "config" / "database.yaml"
    path.parent.mkdir()
    path.write_text("databases:\n  main:\n    url: ${HOME_URL}\n    pool_size: 3\n")

    spec: SQLSpec = run("Configuration Files")["spec"]

    assert spec.names == ("main",)
    assert type(spec.get_config()) is PostgreSQLConfig
    with spec.provide_session() as session:
        assert session.execute("SELECT name FROM users").scalar() == "Ada"


@block("Service Discovery")
def test_configs_are_made_from_a_catalogue(run: Run, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each service that is a database, under the service's name, and where the catalogue says."""
    address = home.server.address
    monkeypatch.setattr(Consul, "address", address.host, raising=False)
    monkeypatch.setattr(Consul, "port", address.port, raising=False)
    client = ModuleType("consul")
    client.Consul = Consul  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "consul", client)
    known = f"@{address.host}:{address.port}/"
    assert known in home.url
    run.urls["postgresql://{service.address}:{service.port}/db"] = home.url.replace(
        known, "@{service.address}:{service.port}/"
    )

    spec: SQLSpec = run("Service Discovery")["spec"]

    assert spec.names == ("db-main", "db-other")
    for name in spec.names:
        with spec.provide_session(name) as session:
            assert session.execute("SELECT name FROM users").scalar() == "Ada"


@block("Connection Pool Management")
def test_a_pool_is_made_on_first_use_and_kept(run: Run, spec: SQLSpec) -> None:
    """Nothing is open before, one connection is afterwards, and the options are those of the document."""
    assert spec.stats("main").size == 0

    config: PostgreSQLConfig = run("Connection Pool Management")["config"]

    assert (spec.stats("main").size, spec.stats("main").in_use) == (1, 0)
    assert (config.pool_size, config.pool_recycle, config.pool_pre_ping) == (20, 3600, True)
    spec.register_config(config, "main", override=True)
    first, again = (run("Connection Pool Management")["conn"] for _ in range(2))
    assert isinstance(first, psycopg.Connection)
    assert again is first


@block("Configuration Caching")
@pytest.mark.usefixtures("spec")
def test_every_lookup_gives_the_same_config(run: Run) -> None:
    """The block asserts it itself."""
    run("Configuration Caching")


@block("Error Handling")
def test_errors_carry_the_names(run: Run, home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """Both handlers of the document run, and log what was asked for; the first config stays and works."""
    config = PostgreSQLConfig(url=home.url)
    run.names |= {"logger": logging.getLogger("app"), "config": config, "other_config": config.merge(config)}

    spec: SQLSpec = run("Error Handling")["spec"]

    assert caplog.messages == ["Database config not found: unknown", "Config already registered: main"]
    assert spec.get_config("main") is config
    with spec.provide_session("main") as session:
        assert session.execute("SELECT name FROM users").scalar() == "Ada"


@block("Thread Safety")
def test_ten_threads_share_the_registry(run: Run, spec: SQLSpec, home: Home) -> None:
    """Each one's row is there."""
    run("Thread Safety")

    assert home.values("SELECT thread FROM logs ORDER BY thread") == [f"thread-{n}" for n in range(10)]
    assert spec.stats("main").in_use == 0


@block("With Web Frameworks")
def test_fastapi_gets_its_session_from_a_generator(run: Run, spec: SQLSpec) -> None:
    """The endpoint answers with the row, and the connection is back."""
    run.names["app"] = FastAPI()
    run("With Web Frameworks")

    with TestClient(run.names["app"]) as client:
        assert client.get("/users/1").json() == {"id": 1, "name": "Ada"}
    assert (spec.stats("main").size, spec.stats("main").in_use) == (1, 0)


@block("With Task Queues")
def test_a_task_opens_its_own_session(run: Run, spec: SQLSpec) -> None:
    """Each time it is called; the pool keeps the connection in between."""
    run.names["celery"] = celery = Celery()
    run("With Task Queues")

    for _ in range(3):
        celery.tasks["process_data"](1)
    with pytest.raises(NoRowError):
        celery.tasks["process_data"](2)
    assert (spec.stats("main").size, spec.stats("main").in_use) == (1, 0)


# --- nothing is left out ----------------------------------------------------------------------------


def test_the_document_is_kept_byte_for_byte() -> None:
    """No formatter and no editor touched it."""
    digest = "78e9b0dcf128a7b49f7dc186d0e5115ea5a4b92cf050ee43063d334f8f855634"

    assert sha256(DOCUMENT.read_bytes()).hexdigest() == digest


def test_every_block_runs() -> None:
    """Each fence of the document is found, and is in a scene."""
    fences = DOCUMENT.read_text(encoding="utf-8").count("```python\n")

    assert len(blocks()) == fences == 17
    assert sorted(SCENES) == sorted(blocks())
    assert BLANKS.keys() | CHANGES.keys() <= SCENES.keys()
