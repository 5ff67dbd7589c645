"""The Python blocks of `seed/registry-system.md`, from which this library was written, run as they stand.

Each block is executed under its heading's name, and what it defines is called. Three liberties, no more:

* A blank that the document leaves as `...` is filled in by `BLANKS`, in order; no other character changes.
* The PostgreSQL and MySQL configs are stand-ins over SQLite: a `postgresql://host/name` is a private file.
  DuckDB is DuckDB.
* Names that a block uses and does not bring are given: `User`, `app`, and stand-ins for `celery` and for
  the client of `consul`.

Blocks that this version can not run are in `NOT_YET`, with the reason and with the error they end in.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import sys
from contextlib import AbstractContextManager, closing
from decimal import Decimal
from functools import wraps
from hashlib import sha256
from itertools import chain, repeat
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from sqlspec import (
    ConfigAlreadyRegisteredError,
    ConfigNotFoundError,
    InstrumentationConfig,
    Session,
    SQLSpec,
)
from sqlspec.adapters.duckdb import DuckDBConfig
from sqlspec.errors import AdapterNotInstalledError, NotSupportedError
from tests.seed.stand_ins import (
    AsyncMyConfig,
    AsyncpgConfig,
    Celery,
    Consul,
    Order,
    PostgreSQLConfig,
    Server,
    StandIn,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlspec.adapters.sqlite import SQLiteConfig


DOCUMENT = Path(__file__).with_name("seed") / "registry-system.md"
PARTS = re.compile(r"^```(\w*)\n(.*?)^```$|^#+ ([^\n]+)$", re.MULTILINE | re.DOTALL)
MAIN = 'url="postgresql://main/db"'
ONE_USER = '"SELECT * FROM users WHERE id = ?", (user_id,), schema_type=User'
BLANKS = {
    "Type-Based Lookup": [MAIN],
    "Session Lifecycle": ["DEFAULT VALUES"],
    "Standard Pattern": [MAIN],
    "Dependency Injection Pattern": ["...", ONE_USER],  # the first is Python's own: a protocol's empty body
    "Testing Pattern": [MAIN],
    "Connection Pool Management": ["postgresql://main/db"],
    "With Web Frameworks": [ONE_USER],
    "With Task Queues": ['"SELECT * FROM users WHERE id = ?", (data_id,)'],
}


class NotYet(NamedTuple):
    """Why a block does not run, and how that shows."""

    reason: str
    error: type[Exception]
    says: str
    needs: str = ""
    """The import that the block takes for granted."""


NOT_YET = {
    "Multi-Database Scenarios": NotYet(
        "the adapter for Redis, whose session the block writes to, is still to come",
        AdapterNotInstalledError,
        r"sqlspec\[redis\]",
        needs="from sqlspec.adapters.redis import RedisConfig",
    ),
    "Environment Variables": NotYet(
        "configs from the environment are still to come", AttributeError, "register_from_env"
    ),
    "Configuration Files": NotYet("YAML is still to come; TOML is read", NotSupportedError, "yaml"),
}


# --- the document -----------------------------------------------------------------------------------


def blocks() -> dict[str, str]:
    """Every Python block by the heading it stands under."""
    found: dict[str, str] = {}
    heading = ""
    # A fence, with what is between it and its end, or a heading: a comment in a block is none.
    for fence, code, title in PARTS.findall(DOCUMENT.read_text(encoding="utf-8")):
        heading = title or heading
        if fence == "python":
            assert heading not in found
            found[heading] = code
    return found


def filled(heading: str) -> str:
    """The block with its blanks filled in."""
    block = blocks()[heading]
    blanks = BLANKS.get(heading, [])
    pieces = block.split("...")
    assert len(pieces) == len(blanks) + 1, f"{heading}: {len(pieces) - 1} blanks"
    return "".join(chain.from_iterable(zip(pieces, [*blanks, ""], strict=True)))


# --- running it -------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Two servers, `main` and `test`, and the packages of the adapters that the document imports."""
    monkeypatch.setattr(StandIn, "folder", tmp_path, raising=False)
    stand_ins: dict[str, type[SQLiteConfig]] = {
        "sqlspec_asyncpg": AsyncpgConfig,
        "sqlspec_asyncmy": AsyncMyConfig,
        "sqlspec_psycopg": PostgreSQLConfig,
    }
    for name, config in stand_ins.items():
        module = ModuleType(name)
        setattr(module, config.__name__, config)
        monkeypatch.setitem(sys.modules, name, module)
    files = Server(tmp_path)
    files.create("main", "Ada")
    files.create("test", "Test User")
    return files


class Run:
    """Runs blocks in one namespace, which is what they share."""

    done: ClassVar[set[str]] = set()

    def __init__(self, spec: SQLSpec, **given: Any) -> None:
        self.names: dict[str, Any] = {
            "SQLSpec": SQLSpec,
            "InstrumentationConfig": InstrumentationConfig,
            "PostgreSQLConfig": PostgreSQLConfig,
            "AsyncpgConfig": AsyncpgConfig,
            "DuckDBConfig": DuckDBConfig,
            "User": User,
            "spec": spec,
            **given,
        }

    def __call__(self, heading: str) -> dict[str, Any]:
        """Run one; returns the names that there are afterwards."""
        code = compile(filled(heading), f"{DOCUMENT.name}: {heading}", "exec")
        self.done.add(heading)
        exec(code, self.names)  # noqa: S102 - the document's own code, which is the point
        return self.names


@pytest.fixture
def spec(server: Server) -> Iterator[SQLSpec]:
    """The registry of blocks that do not make their own."""
    assert server.folder == StandIn.folder
    with SQLSpec() as registry:
        yield registry


@pytest.fixture
def main(spec: SQLSpec) -> SQLSpec:
    """The same, with the database that most blocks call `main`."""
    spec.register_config(PostgreSQLConfig(url="postgresql://main/db"), "main")
    return spec


# --- the blocks, each in its scene ------------------------------------------------------------------

SCENES: dict[str, Callable[..., None]] = {}


def block(heading: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which block a test runs, and see that it does."""

    def under(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def scene(**fixtures: Any) -> None:
            Run.done.clear()
            test(**fixtures)
            assert heading in Run.done

        SCENES[heading] = scene
        return scene

    return under


@block("Configuration Registration")
def test_configs_are_registered_by_name_and_one_is_the_default(spec: SQLSpec) -> None:
    """With the imports as they are written."""
    made: SQLSpec = Run(spec)("Configuration Registration")["spec"]

    assert made.names == ("primary", "replica", "analytics")
    assert made.get_config() is made.get_config("primary")
    assert made.get_config("replica").read_only
    assert type(made.get_config("analytics")) is AsyncMyConfig
    assert made.get_config_by_type(AsyncpgConfig) is made.get_config("primary")


@block("Type-Based Lookup")
def test_a_config_is_found_by_its_type(spec: SQLSpec) -> None:
    """Registered without a name, and still a key."""
    found = Run(spec)("Type-Based Lookup")["config"]

    assert type(found) is AsyncpgConfig
    assert found is spec.get_config()
    with spec.provide_session(AsyncpgConfig) as session:
        assert session.execute("SELECT name FROM users").scalar() == "Ada"


@block("Session Lifecycle")
def test_a_session_manages_its_transaction(server: Server, spec: SQLSpec) -> None:
    """What it did is committed, and its connection is back."""
    spec.register_config(PostgreSQLConfig(url="postgresql://main/db"), "primary")

    names = Run(spec)("Session Lifecycle")

    assert names["result"].all() == [{"id": 1, "name": "Ada"}]
    assert server.values("SELECT count(*) FROM audit") == [1]
    assert spec.stats("primary").in_use == 0
    with pytest.raises(Exception, match="has ended"):
        names["session"].execute("SELECT 1")


@block("Configuration Hierarchy")
def test_configs_are_merged(spec: SQLSpec) -> None:
    """What was given wins, deeply; what was not given is inherited."""
    names = Run(spec)("Configuration Hierarchy")
    dev, prod = names["dev_config"], names["prod_config"]

    assert (dev.pool_size, dev.pool_timeout, dev.url) == (20, 30, "postgresql://localhost/dev")
    assert dev.instrumentation == InstrumentationConfig(
        enable_opentelemetry=True, enable_prometheus=True, log_queries=True, log_results=True
    )
    assert (prod.pool_size, prod.pool_timeout, prod.ssl_mode) == (100, 30, "require")
    assert prod.instrumentation == names["base_config"].instrumentation


@block("Standard Pattern")
def test_a_registry_is_used_throughout_the_application(spec: SQLSpec) -> None:
    """The function of the document returns a typed row."""
    names = Run(spec)("Standard Pattern")

    assert names["get_user"](1) == User(1, "Ada")
    names["spec"].close()


@block("Dependency Injection Pattern")
def test_a_repository_takes_any_provider(main: SQLSpec) -> None:
    """The registry is one."""
    names = Run(main, ContextManager=AbstractContextManager, Session=Session)("Dependency Injection Pattern")

    assert names["repo"].get_user(1) == User(1, "Ada")


@block("Testing Pattern")
def test_a_test_puts_its_own_database_in_place(spec: SQLSpec) -> None:
    """The application's function, unchanged, then reads from there."""
    run = Run(spec)
    get_user = run("Standard Pattern")["get_user"]
    shared: SQLSpec = run.names["spec"]
    shared.unregister_config("main")

    run("Testing Pattern")

    assert get_user(1) == User(1, "Ada")
    run.names["test_something"]()
    assert get_user(1) == User(1, "Test User")
    shared.close()


@block("Service Discovery")
def test_configs_are_made_from_a_catalogue(spec: SQLSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each service that is a database, under the service's name."""
    client = ModuleType("consul")
    client.Consul = Consul  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "consul", client)

    Run(spec)("Service Discovery")

    assert spec.names == ("db-main", "db-test")
    assert spec.get_config("db-main").url == "postgresql://db-main:5432/db"


@block("Connection Pool Management")
def test_a_pool_is_made_on_first_use_and_kept(main: SQLSpec) -> None:
    """Nothing is open before, one connection is afterwards, and the options are those of the document."""
    assert main.stats("main").size == 0

    config: PostgreSQLConfig = Run(main)("Connection Pool Management")["config"]

    assert (main.stats("main").size, main.stats("main").in_use) == (1, 0)
    assert (config.pool_size, config.pool_recycle, config.pool_pre_ping) == (20, 3600, True)
    main.register_config(config, "as documented")
    with main.provide_connection("as documented") as raw:
        assert isinstance(raw, sqlite3.Connection)


@block("Configuration Caching")
def test_every_lookup_gives_the_same_config(main: SQLSpec) -> None:
    """The block asserts it itself."""
    Run(main)("Configuration Caching")


@block("Error Handling")
def test_errors_carry_the_names(spec: SQLSpec, caplog: pytest.LogCaptureFixture) -> None:
    """Both handlers of the document run, and log what was asked for."""
    config, other = PostgreSQLConfig(url="postgresql://main/db"), PostgreSQLConfig(url="postgresql://test/db")
    errors = {
        "ConfigNotFoundError": ConfigNotFoundError,
        "ConfigAlreadyRegisteredError": ConfigAlreadyRegisteredError,
    }

    Run(spec, logger=logging.getLogger("app"), config=config, other_config=other, **errors)("Error Handling")

    assert caplog.messages == ["Database config not found: unknown", "Config already registered: main"]
    assert spec.get_config("main") is config


@block("Thread Safety")
def test_ten_threads_share_the_registry(server: Server, main: SQLSpec) -> None:
    """Each one's row is there."""
    Run(main)("Thread Safety")

    assert sorted(server.values("SELECT thread FROM logs")) == [f"thread-{number}" for number in range(10)]


@block("With Web Frameworks")
def test_fastapi_gets_its_session_from_a_generator(main: SQLSpec) -> None:
    """The endpoint answers with the row, and the connection is back."""
    app = FastAPI()
    Run(main, app=app)("With Web Frameworks")

    with TestClient(app) as client:
        assert client.get("/users/1").json() == {"id": 1, "name": "Ada"}
    assert main.stats("main").in_use == 0


@block("With Task Queues")
def test_a_task_opens_its_own_session(main: SQLSpec) -> None:
    """Once for each time it is called."""
    celery = Celery()
    Run(main, celery=celery)("With Task Queues")

    for task, _ in zip(repeat(celery.tasks["process_data"]), range(3), strict=False):
        task(1)
    assert (main.stats("main").size, main.stats("main").in_use) == (1, 0)


CACHE = "    # Update cache\n"
"""The paragraph of the document's function that needs Redis, and with which it ends."""
TWO_BLANKS = {
    "PostgreSQLConfig(...)": 'PostgreSQLConfig(url="postgresql://main/db")',
    "DuckDBConfig(...)": "DuckDBConfig()",
    'spec.register_config(RedisConfig(...), "cache")\n': "",
    "(order_id,)": "(order_id,), schema_type=Order",  # a dict has no `to_event`
    "order_events ...": "order_events VALUES (?, ?)",
}


async def test_the_multi_database_function_runs_with_two_databases(server: Server, spec: SQLSpec) -> None:
    """Reads from SQLite and writes to DuckDB, up to its last paragraph."""
    code, found, _ = blocks()["Multi-Database Scenarios"].partition(CACHE)
    assert found
    for blank, text in TWO_BLANKS.items():
        assert blank in code
        code = code.replace(blank, text)
    with closing(sqlite3.connect(server.folder / "main-db.db")) as raw, raw:
        raw.execute("CREATE TABLE orders (id INTEGER, total REAL)")
        raw.execute("INSERT INTO orders VALUES (7, 12.5)")
    names = Run(spec, Order=Order).names
    exec(code, names)  # noqa: S102 - the document's own
    async with spec.provide_session("analytics") as session:
        await session.execute("CREATE TABLE order_events (id INTEGER, total DECIMAL(8, 2))")

    await names["process_order"](7)

    async with spec.provide_session("analytics") as session:
        assert await session.execute("SELECT id, total FROM order_events").one() == {
            "id": 7,
            "total": Decimal("12.50"),
        }
    await spec.aclose()


# --- nothing is left out ----------------------------------------------------------------------------


def test_the_document_is_kept_byte_for_byte() -> None:
    """No formatter and no editor touched it."""
    digest = "78e9b0dcf128a7b49f7dc186d0e5115ea5a4b92cf050ee43063d334f8f855634"

    assert sha256(DOCUMENT.read_bytes()).hexdigest() == digest


def test_every_block_runs_or_says_why_not() -> None:
    """Each fence of the document is found, and is either in a scene or in the list."""
    fences = DOCUMENT.read_text(encoding="utf-8").count("```python\n")

    assert len(blocks()) == fences == 17
    assert sorted([*SCENES, *NOT_YET]) == sorted(blocks())
    assert set(BLANKS) <= set(SCENES)


@pytest.mark.parametrize("heading", NOT_YET)
def test_a_block_on_the_list_does_not_run(heading: str, spec: SQLSpec) -> None:
    """It ends in the error that the list says; when it no longer does, it gets a scene of its own."""
    why = NOT_YET[heading]
    run = Run(spec)

    with pytest.raises(why.error, match=why.says):
        exec(f"{why.needs}\n{blocks()[heading]}", run.names)  # noqa: S102
