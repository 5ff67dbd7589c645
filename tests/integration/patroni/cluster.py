"""A cluster of three, which has one primary at most times."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from sqlspec_testkit.servers import ServerError

from .nodes import Etcd, Node

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Cluster",)

HEALTHY = ["leader", "replica", "sync_standby"]
STREAMING = "SELECT count(*), count(*) FILTER (WHERE sync_state = 'sync') FROM pg_stat_replication"


class Cluster:
    """Three nodes and an etcd; they live as long as the block."""

    def __init__(self) -> None:
        self._etcd = Etcd()
        self.nodes = [Node(self._etcd, f"node{number}") for number in (1, 2, 3)]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for server in (self._etcd, *self.nodes):
                stack.enter_context(server)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def heal(self, *, timeout: float = 60.0) -> Node:
        """Start and thaw them, and wait until two follow one, the first of them in step; returns the one."""
        for node in self.nodes:
            node.start()
            node.thaw()
        until = time.monotonic() + timeout
        while (primary := self._healthy_primary()) is None:
            if time.monotonic() > until:
                logs = [f"--- {node.member}\n{node.log[-3000:]}" for node in self.nodes]
                raise ServerError(f"the cluster is not healthy after {timeout:g} s:\n" + "\n".join(logs))
            time.sleep(0.1)
        return primary

    def _healthy_primary(self) -> Node | None:
        """Who leads two followers, for Patroni and for PostgreSQL."""
        status, found = self.nodes[0].ask("GET", "/cluster")
        members = found["members"] if status == 200 else []
        if sorted(member["role"] for member in members) != HEALTHY:
            return None
        (leader,) = (member["name"] for member in members if member["role"] == "leader")
        (primary,) = (node for node in self.nodes if node.member == leader)
        return primary if primary.sql(STREAMING) == "2|1" else None

    def url(self, first: Node, **options: str) -> str:
        """All nodes in one URL, *first* before the others; the one that takes writes is wanted."""
        others = [node for node in self.nodes if node is not first]
        hosts = ",".join(f"{node.address.host}:{node.port}" for node in (first, *others))
        query = urlencode({"target_session_attrs": "read-write", **options})
        return f"postgresql://{first.user}:{first.password}@{hosts}/postgres?{query}"
