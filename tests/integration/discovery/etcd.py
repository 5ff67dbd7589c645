"""A real etcd, spoken to by its JSON gateway."""

from __future__ import annotations

import json
from base64 import b64encode
from http.client import HTTPConnection
from typing import Any

from tests.integration.patroni.nodes import Etcd

__all__ = ("EtcdServer",)


class EtcdServer(Etcd):
    """Debian's etcd, of one member, with what the tests do to it."""

    token: str | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, **content: Any) -> Any:
        """Ask it something; texts that are keys or values are to be encoded before."""
        client = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Authorization": self.token} if self.token else {}
            client.request("POST", path, json.dumps(content), headers)
            answer = client.getresponse()
            text = answer.read()
        finally:
            client.close()
        assert answer.status == 200, text
        return json.loads(text)

    def put(self, **values: str) -> int:
        """Set keys below /sqlspec/ in one transaction, `main__url=…`; returns the revision."""
        puts = [{"request_put": {"key": key(name), "value": base64(value)}} for name, value in values.items()]
        return int(self.ask("/v3/kv/txn", success=puts)["header"]["revision"])

    def delete(self, name: str) -> None:
        """Remove a key."""
        self.ask("/v3/kv/deleterange", key=key(name))

    def clear(self) -> None:
        """Remove all keys."""
        self.ask("/v3/kv/deleterange", key=base64("\0"), range_end=base64("\0"))

    def compact(self, revision: int) -> None:
        """Forget what was before a revision."""
        self.ask("/v3/kv/compaction", revision=str(revision), physical=True)


def key(name: str) -> str:
    """A key as JSON has it."""
    return base64(f"/sqlspec/{name.replace('__', '/')}")


def base64(text: str) -> str:
    """A text as JSON has it."""
    return b64encode(text.encode()).decode()
