"""Real servers on both ends: HTTP on the one, and on the other PostgreSQL, MariaDB, Redis and a file."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.adapters.redis import RedisConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.integrations import asgi

from .served import serve_asgi, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlspec_testkit.servers import PostgreSQL, PostgreSQLServer

    from .sites import SideName

CANARY = "pw-c4n4ry-5120"
CONFIGS: dict[str, tuple[Any, str]] = {
    "asyncpg": (AsyncpgConfig, "postgresql"),
    "psycopg": (PostgreSQLConfig, "postgresql"),
    "asyncmy": (AsyncMyConfig, "mariadb"),
    "redis": (RedisConfig, "redis"),
}
EACH = pytest.mark.parametrize("adapter", CONFIGS)
TIMEOUT = 0.5
PROBES = 50


@pytest.fixture
def spec() -> SQLSpec:
    """Closed by who serves it."""
    return SQLSpec()


def config_of(adapter: str, request: pytest.FixtureRequest, **options: Any) -> Any:
    """A config that leads to the shared server of that adapter; *password* and *port* may be others."""
    kind, server = CONFIGS[adapter]
    where = {key: options.pop(key) for key in ("password", "port") if key in options}
    url = request.getfixturevalue(f"{server}_server").url(**where)
    return kind(url=url, **options)


class Asker:
    """Asks an application over HTTP."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def ready(self, url: str) -> httpx2.Response:
        """What `/ready` says."""
        return await self.client.get(f"{url}/ready")

    async def report(self, url: str, name: str = "main") -> dict[str, Any]:
        """What it says of one database."""
        found: dict[str, Any] = (await self.ready(url)).json()["databases"][name]
        return found

    async def settled(self, url: str) -> None:
        """Wait until the database is reported as there; a test that waits for ever has failed."""
        async with asyncio.timeout(30):
            while (await self.report(url))["status"] != "ok":  # noqa: ASYNC110 - of a server elsewhere
                await asyncio.sleep(0.1)


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    """With as many connections as it likes, each for one request: a server that stops waits for none."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx2.AsyncClient(timeout=60, limits=limits) as client:
        yield Asker(client)


async def test_every_database_is_pinged_over_http(
    side: SideName, asker: Asker, spec: SQLSpec, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """By the pool where there is one, by a connection of its own where not."""
    spec.register_config(SQLiteConfig(database=str(tmp_path / "app.db")), "file")
    for adapter in CONFIGS:
        spec.register_config(config_of(adapter, request), adapter)

    with served(side, spec) as url:
        for _ in range(2):
            response = await asker.ready(url)

            assert response.status_code == 200
            reports = response.json()["databases"]
            assert reports.keys() == {"file", *CONFIGS}
            assert {report["status"] for report in reports.values()} == {"ok"}
        assert (await asker.client.head(f"{url}/ready")).status_code == 200
        assert (await asker.client.post(f"{url}/ready", content=b"x" * 100)).status_code == 405
        # A pool keeps what it opened; what is opened for one ping is closed.
        kept = {name: stats.size for name, stats in spec.stats().items()}
    apart = 0 if side == "wsgi" else 1
    assert kept == {"file": 1, "asyncpg": apart, "psycopg": 1, "asyncmy": apart, "redis": 1}


@EACH
async def test_g32_a_wrong_password_is_told_by_its_kind_alone(
    side: SideName, asker: Asker, spec: SQLSpec, adapter: str, request: pytest.FixtureRequest
) -> None:
    """Neither the password, nor the host, nor the user."""
    spec.register_config(config_of(adapter, request, password=CANARY), "main")
    address = request.getfixturevalue(f"{CONFIGS[adapter][1]}_server").address

    with served(side, spec) as url:
        response = await asker.ready(url)

    assert response.status_code == 503
    assert response.json()["databases"]["main"] == {
        "status": "failed",
        "reason": "authentication failed",
        "error": "AuthenticationError",
    }
    for secret in (CANARY, str(address.port), address.host, address.user or CANARY):
        assert secret not in response.text
    assert CANARY not in str(response.headers)


@pytest.mark.parametrize("adapter", ["asyncpg", "psycopg"])
async def test_a_server_that_was_stopped_is_there_again_when_it_was_started(
    side: SideName, asker: Asker, spec: SQLSpec, adapter: str, own_postgresql_server: PostgreSQLServer
) -> None:
    """Without a word from the application."""
    spec.register_config(CONFIGS[adapter][0](url=own_postgresql_server.url()), "main")

    with served(side, spec) as url:
        assert (await asker.report(url))["status"] == "ok"

        own_postgresql_server.stop()
        for _ in range(2):
            assert (await asker.report(url))["reason"] in {"can not connect", "connection lost"}
        own_postgresql_server.start()

        assert (await asker.report(url))["status"] == "ok"


@EACH
@pytest.mark.parametrize("is_connected", [True, False], ids=["connected", "not connected"])
async def test_a_server_that_hangs_is_late_for_all_who_ask(
    *,
    side: SideName,
    asker: Asker,
    spec: SQLSpec,
    adapter: str,
    is_connected: bool,
    request: pytest.FixtureRequest,
) -> None:
    """Fifty at once and then some more: few connections, and nothing that is left when it answers again."""
    proxy = request.getfixturevalue(f"{CONFIGS[adapter][1]}_proxy")
    spec.register_config(config_of(adapter, request, port=proxy.port, connect_timeout=2.0), "main")

    with served(side, spec, timeout=TIMEOUT) as url:
        if is_connected:
            await asker.settled(url)
        proxy.reset_counts()
        before = len(proxy.connections)
        proxy.stall()
        answers = await asyncio.gather(*(asker.report(url) for _ in range(PROBES)))
        later = [await asker.report(url) for _ in range(3)]
        made = len(proxy.connections) - before
        under_way = [one.name for one in threading.enumerate() if one.name.startswith("sqlspec-ping")]
        proxy.resume()
        await asker.settled(url)

        assert {answer["reason"] for answer in answers} == {"timed out"}
        assert {answer["status"] for answer in later} == {"failed"}
        assert made <= 1 + len(later)
        assert len(under_way) <= 1
        async with asyncio.timeout(30):
            while any(one.name.startswith("sqlspec-ping") for one in threading.enumerate()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert spec.stats("main").in_use == 0


async def test_a_frozen_server_hides_nothing_of_the_others(
    side: SideName,
    asker: Asker,
    spec: SQLSpec,
    postgresql_server: PostgreSQL,
    own_postgresql_server: PostgreSQLServer,
) -> None:
    """Each is reported for itself."""
    spec.register_config(PostgreSQLConfig(url=postgresql_server.url()), "good")
    spec.register_config(PostgreSQLConfig(url=own_postgresql_server.url(), connect_timeout=2.0), "frozen")

    with served(side, spec, timeout=TIMEOUT) as url, own_postgresql_server.frozen():
        databases = (await asker.ready(url)).json()["databases"]

    assert databases["good"]["status"] == "ok"
    assert databases["frozen"]["reason"] == "timed out"


async def test_uvicorn_serves_it_alone(asker: Asker, spec: SQLSpec) -> None:
    """On a port of its own, say, which only the orchestrator reaches."""
    spec.register_config(SQLiteConfig(), "main")

    with serve_asgi(asgi.health_app(spec)) as url:
        assert (await asker.report(url))["status"] == "ok"
    spec.close()
