"""Encryption that the server does not have, or that it insists on: told in time, and the advice works."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConnectError
from sqlspec_testkit.servers import MariaDBServer, PostgreSQLServer, RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDES = [
    ("postgresql+psycopg", True),
    ("postgresql+psycopg", False),
    ("postgresql+asyncpg", True),
    ("mysql", True),
    ("redis", True),
    ("redis", False),
]
pytestmark = pytest.mark.parametrize(
    ("scheme", "in_tasks"),
    SIDES,
    ids=[f"{scheme}-{'tasks' if tasks else 'threads'}" for scheme, tasks in SIDES],
)
ADVICE = re.compile(r"ssl_mode='(\w+)'")


@dataclass
class Servers:
    """URLs by scheme."""

    plain: dict[str, str]
    """They speak no TLS."""
    strict: dict[str, str]
    """They speak nothing else."""


@pytest.fixture(scope="module")
def servers(prepared_postgresql_server: PostgreSQLServer) -> Iterator[Servers]:
    """Of each kind one without TLS, and one that takes nobody without."""
    prepared = prepared_postgresql_server
    with ExitStack() as stack:
        mariadb, strict_mariadb = MariaDBServer(), MariaDBServer(tls=True)
        redis, strict_redis = RedisServer(), RedisServer(tls=True)
        postgresql = PostgreSQLServer(copy_of=prepared)
        strict_postgresql = PostgreSQLServer(
            copy_of=prepared, tls=True, hba=("hostnossl all all all reject",)
        )
        for server in (mariadb, strict_mariadb, redis, strict_redis, postgresql, strict_postgresql):
            stack.enter_context(server)
        strict_mariadb.sql("SET GLOBAL require_secure_transport = ON")
        kinds: dict[str, tuple[PostgreSQLServer | MariaDBServer, PostgreSQLServer | MariaDBServer]] = {
            "postgresql+psycopg": (postgresql, strict_postgresql),
            "postgresql+asyncpg": (postgresql, strict_postgresql),
            "mysql": (mariadb, strict_mariadb),
        }
        plain = {scheme: one.url(scheme=scheme) for scheme, (one, _) in kinds.items()}
        strict = {scheme: one.url(scheme=scheme) for scheme, (_, one) in kinds.items()}
        yield Servers(
            plain | {"redis": redis.url()}, strict | {"redis": strict_redis.url(port=strict_redis.tls_port)}
        )


async def ping(url: str, *, in_tasks: bool, **options: Any) -> None:
    """Connect once, and say nothing more."""
    spec = SQLSpec()
    spec.register_config(url, "db")
    config: Any = spec.get_config("db").replace(**options)
    spec.register_config(config, "db", override=True)
    async with spec:
        if in_tasks:
            async with spec.provide_connection("db"):
                pass
        else:
            await asyncio.to_thread(_ping_in_thread, spec)


def _ping_in_thread(spec: SQLSpec) -> None:
    with spec.provide_connection("db"):
        pass


@pytest.mark.parametrize("mode", ["require", "verify-full"])
async def test_a_server_without_tls_that_is_asked_for_it_names_ssl_mode(
    servers: Servers, scheme: str, in_tasks: bool, mode: str
) -> None:
    """Within two seconds, though Redis says nothing; with the mode that it names it connects."""
    url = servers.plain[scheme]
    await ping(url, in_tasks=in_tasks)  # the driver is imported
    started = time.monotonic()

    with pytest.raises(ConnectError, match="does not take encrypted connections") as caught:
        await ping(url, in_tasks=in_tasks, ssl_mode=mode, connect_timeout=20.0)

    assert time.monotonic() - started < 10  # far from the 20
    assert ADVICE.findall(str(caught.value)) == ["disable"]
    await ping(url, in_tasks=in_tasks, ssl_mode="disable")


async def test_a_server_that_insists_on_tls_names_ssl_mode(
    servers: Servers, scheme: str, in_tasks: bool
) -> None:
    """With the mode that it names it connects."""
    url = servers.strict[scheme]

    with pytest.raises(ConnectError) as caught:
        await ping(url, in_tasks=in_tasks, ssl_mode="disable")

    (mode,) = ADVICE.findall(str(caught.value))
    assert mode == "require"
    await ping(url, in_tasks=in_tasks, ssl_mode=mode)


async def test_a_certificate_of_an_unknown_authority_names_ssl_root_cert(
    servers: Servers, scheme: str, in_tasks: bool
) -> None:
    """In the same words on all adapters."""
    with pytest.raises(ConnectError, match="not trusted; name its authority's file as ssl_root_cert"):
        await ping(servers.strict[scheme], in_tasks=in_tasks, ssl_mode="verify-ca")


async def test_nobody_advises_plain_text_where_no_server_answers(scheme: str, in_tasks: bool) -> None:
    """One that is silent, and one that is not there, may well speak TLS."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"{scheme}://u:p@127.0.0.1:{port}/0?ssl_mode=require&connect_timeout=3"
        with pytest.raises(ConnectError) as caught:
            await ping(url, in_tasks=in_tasks)
    assert "disable" not in str(caught.value)

    with pytest.raises(ConnectError) as caught:
        await ping(url, in_tasks=in_tasks)
    assert "disable" not in str(caught.value)
