"""What clients are told and what is stored: ours in FastAPI, beside SQLAlchemy's usual pattern there.

The load of our own tests: clients that place an order, and look for it in their next request. One in ten
fails in the endpoint, one in ten at COMMIT, one in 21 vanishes. Behind uvicorn, on PostgreSQL by psycopg,
with sync sessions in sync endpoints and a pool of ten. First fewer clients at once than FastAPI has threads,
then more.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlspec_testkit.servers import PostgreSQLServer
from tests.integrations.load.client import run_load
from tests.integrations.load.judge import judge
from tests.integrations.load.places import POOL_SIZE, SIDES, Place, tables
from tests.integrations.load.servers import served

from .harness import Row, Spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integrations.load.judge import Verdict

    from .harness import Bench

__all__ = ("rows",)

FEW, MANY = 20, 100
"""Clients at once: FastAPI has 40 threads."""
ORDERS = 1_000
POOL_TIMEOUT = 5.0
"""Both have 30 s by default, which would only be waited for."""
THOROUGH = 50
"""Rounds from which on a bench is no quick look."""
SIDE = next(side for side in SIDES if side.name == "psycopg")


class Peer(NamedTuple):
    """An application, and what it has to be told."""

    name: str
    app: str
    settings: Callable[[str], dict[str, Any]]


def _ours(url: str) -> dict[str, Any]:
    return Place(SIDE, {"url": url, "pool_timeout": POOL_TIMEOUT}, lambda _: set()).settings


def _alchemy(url: str) -> dict[str, Any]:
    return {
        "url": url.replace("postgresql://", "postgresql+psycopg://"),
        "pool_size": POOL_SIZE,
        "pool_timeout": POOL_TIMEOUT,
    }


PEERS = (
    Peer("sqlspec", "tests.integrations.load.shop:app", _ours),
    Peer("SQLAlchemy", "benchmarks.web_sqlalchemy:app", _alchemy),
)


def rows(bench: Bench) -> list[Row]:
    """Each application with few clients at once, and with many."""
    orders = ORDERS if bench.rounds >= THOROUGH else FEW * 10
    with PostgreSQLServer() as server:
        return [
            row
            for at_once, count in ((FEW, orders), (MANY, MANY))
            for peer in PEERS
            for row in asyncio.run(rows_of(server, peer, count, at_once))
        ]


async def rows_of(server: PostgreSQLServer, peer: Peer, count: int, at_once: int) -> list[Row]:
    """What clients of one application were told."""
    verdict, seconds = await _load(server, peer, count, at_once)
    about = f"{peer.name}, {count} orders, {at_once} at once"
    return [
        _row(f"{about}: seconds", seconds, "s"),
        _row(f"{about}: told stored, and were not", len(verdict.lies)),
        _row(f"{about}: did not find their own", len(verdict.unseen)),
        _row(f"{about}: errors that nothing provoked", len(verdict.unprovoked) - len(verdict.lies)),
        *(
            _row(f"{about}: answered {status or 'nobody'}", times)
            for status, times in sorted(verdict.statuses.items(), key=str)
        ),
    ]


async def _load(server: PostgreSQLServer, peer: Peer, count: int, at_once: int) -> tuple[Verdict, float]:
    with TemporaryDirectory() as folder, server.database() as name:
        for statement in tables(SIDE.dialect):
            server.sql(statement, database=name)
        settings = peer.settings(server.url(database=name))
        async with served("uvicorn", settings, Path(folder), workers=1, app=peer.app) as site:
            started = time.monotonic()
            outcomes = await run_load(site.port, range(count), at_once=at_once)
            seconds = time.monotonic() - started
        found = [server.sql(f"SELECT id FROM {table}", database=name) for table in ("orders", "audit")]  # noqa: S608
    orders, audits = ({int(line) for line in text.splitlines()} for text in found)
    return judge(outcomes, orders, audits), seconds


def _row(what: str, value: float, unit: str = "") -> Row:
    return Row(what, Spread(value, value, value), unit)
