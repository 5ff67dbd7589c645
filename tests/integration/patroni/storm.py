"""A storm: three loads write all the time, and something befalls the primary."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig

from .load import Load, Tasks, Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from .cluster import Cluster
    from .nodes import Node

__all__ = ("FAULTS", "LOADS", "TABLES", "Storm", "run_storm")

TABLES = """
CREATE TABLE ledger (worker text, number int); -- without a key: a row that is there twice must show
CREATE TABLE probe (id serial)
"""
OPTIONS = {
    "pool_size": 6,  # fewer than the tasks, so that some wait
    # Connections are replaced all the time: each is a chance to land on the wrong server.
    "pool_recycle": 0.5,
    "connect_timeout": 2.0,
    "query_timeout": 2.0,
    "commit_timeout": 2.0,
}
BEFORE, DURING, AFTER = 2.0, 4.0, 5.0
"""Seconds of load: before the fault, under the new primary alone, and when the old one is back."""
TWO_PRIMARIES = 2.0
"""Seconds for which a thawed server takes writes, until its Patroni is thawed, too."""
LOADS: Mapping[str, Callable[[str, str], Load]] = {
    "psycopg in threads": lambda name, url: Threads(name, PostgreSQLConfig(url=url, **OPTIONS)),  # type: ignore[arg-type]
    "psycopg in tasks": lambda name, url: Tasks(name, PostgreSQLConfig(url=url, **OPTIONS)),  # type: ignore[arg-type]
    "asyncpg in tasks": lambda name, url: Tasks(name, AsyncpgConfig(url=url, **OPTIONS)),  # type: ignore[arg-type]
}


@contextmanager
def _killed(node: Node) -> Generator[None, None, None]:
    node.kill()
    try:
        yield
    finally:
        node.start()  # which also frees the memory that it shared


@contextmanager
def _frozen(node: Node) -> Generator[None, None, None]:
    with node.frozen():
        yield
        node.thaw_server()
        time.sleep(TWO_PRIMARIES)


@contextmanager
def _switched_over(node: Node) -> Generator[None, None, None]:
    with ThreadPoolExecutor(1) as threads:  # Patroni answers when it is done
        answer = threads.submit(node.ask, "POST", "/switchover", leader=node.member)
        yield
        assert answer.result()[0] == 200, answer.result()


FAULTS: Mapping[str, Callable[[Node], AbstractContextManager[None]]] = {
    "killed": _killed,
    "frozen": _frozen,
    "switched over": _switched_over,
}


@dataclass(frozen=True)
class Storm:
    """What came of it."""

    old: Node
    new: Node
    accepted: float
    """When the new primary took a write for the first time."""
    loads: Mapping[str, Load]
    stored: Mapping[tuple[str, int], int]
    """How often each row is in the table of the primary, when all is well again."""


def run_storm(cluster: Cluster, fault: str) -> Storm:
    """Write, let it befall the primary, and look what is stored in the end."""
    old = cluster.heal()
    old.sql("TRUNCATE ledger")
    url = cluster.url(old)
    with ExitStack() as stack:
        loads = {name: stack.enter_context(load(name, url)) for name, load in LOADS.items()}
        time.sleep(BEFORE)
        with FAULTS[fault](old):
            new, accepted = _first_to_accept([node for node in cluster.nodes if node is not old])
            time.sleep(DURING)
        time.sleep(AFTER)
    return Storm(old, new, accepted, loads, _stored(cluster.heal()))


def _first_to_accept(nodes: Sequence[Node], *, timeout: float = 40.0) -> tuple[Node, float]:
    """Ask them in turn for a write, until one takes it: which, and when."""
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        for node in nodes:
            try:
                with psycopg.connect(node.url(), autocommit=True, connect_timeout=2) as connection:
                    connection.execute("INSERT INTO probe DEFAULT VALUES")
                    return node, time.monotonic()
            except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction):
                continue
        time.sleep(0.02)
    raise AssertionError(f"no new primary after {timeout:g} s")


def _stored(primary: Node) -> Counter[tuple[str, int]]:
    with psycopg.connect(primary.url()) as connection:
        return Counter(connection.execute("SELECT worker, number FROM ledger").fetchall())
