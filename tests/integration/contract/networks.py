"""The adapters that reach their database over a network, and the sides that each has."""

from __future__ import annotations

import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.adapters.redis import RedisConfig

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

__all__ = ("CANARY", "EACH", "EACH_SIDE", "NETWORKS", "Network", "connected", "make_certificate")

CANARY = "pw-c4n4ry-7391"


@dataclass(frozen=True)
class Network:
    """One adapter: its config, the server it speaks to, the usual port, and whether it has a sync side."""

    config_type: type[Any]
    server: str
    """The fixture."""
    port: int
    is_sync: bool

    def reach(self, server: Any, **options: Any) -> Any:
        """A config for the server, without its password."""
        address = server.address
        if self.config_type is not RedisConfig:
            options = {"username": address.user, "database": address.database, **options}
        return self.config_type(host=address.host, port=address.port, **options)


NETWORKS = {
    "asyncpg": Network(AsyncpgConfig, "postgresql_server", 5432, is_sync=False),
    "psycopg": Network(PostgreSQLConfig, "postgresql_server", 5432, is_sync=True),
    "asyncmy": Network(AsyncMyConfig, "mariadb_server", 3306, is_sync=False),
    "redis": Network(RedisConfig, "redis_server", 6379, is_sync=True),
}
SIDES = [
    (name, in_tasks)
    for name, network in NETWORKS.items()
    for in_tasks in (True, False)
    if in_tasks or network.is_sync
]
EACH = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
EACH_SIDE = pytest.mark.parametrize(
    ("network", "in_tasks"),
    [(NETWORKS[name], in_tasks) for name, in_tasks in SIDES],
    ids=[f"{name}-{'tasks' if in_tasks else 'threads'}" for name, in_tasks in SIDES],
)


@asynccontextmanager
async def connected(config: Any, *, in_tasks: bool) -> AsyncGenerator[None]:
    """One connection is open."""
    async with SQLSpec() as spec:
        spec.register_config(config, "db")
        if in_tasks:
            async with spec.provide_connection("db"):
                yield
        else:
            with spec.provide_connection("db"):
                yield


def make_certificate(cert: Path, key: Path) -> None:
    """With an encrypted key."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-subj",
        "/CN=x",
        "-passout",
        f"pass:{CANARY}",
    ]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
