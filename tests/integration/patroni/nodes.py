"""The parts of a cluster: etcd, which knows who leads, and PostgreSQL servers, each with its own Patroni."""

from __future__ import annotations

import json
import shutil
import signal
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sqlspec_testkit.servers import PostgreSQL, Server, StopMode
from sqlspec_testkit.servers._guardian import continue_tree, kill_tree, send
from sqlspec_testkit.servers.clients import Address
from sqlspec_testkit.servers.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Etcd", "Node")

HOST = "127.0.0.1"
REAPER = Path(__file__).with_name("reaper.py")
FAILOVER = {
    # A leader that does not say for so many seconds that it is one, is none. Patroni 4 makes it 20 at least.
    "ttl": 10,
    "loop_wait": 1,
    "retry_timeout": 4,
    # Who is told that a write is stored may rely on a second server's having it.
    "synchronous_mode": True,
}
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",
    "max_connections": 60,
    "wal_keep_size": "256MB",  # for pg_rewind
}


class Etcd(Server):
    """A store of one member."""

    name = "etcd"
    programs = ("etcd",)
    packages = ("etcd-server",)

    def _command(self) -> list[str]:
        client, peer = f"http://{HOST}:{self.port}", f"http://{HOST}:{free_port()}"
        return [
            self._found["etcd"],
            *("--data-dir", str(self.directory / "data"), "--logger", "zap", "--enable-v2"),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            *("--initial-cluster", f"default={peer}"),
        ]

    def _is_ready(self) -> bool:
        return ask(self.port, "GET", "/health") == (200, {"health": "true"})


class Node(PostgreSQL, Server):
    """A PostgreSQL under Patroni: the first of a cluster makes the data, the others copy them.

    All its processes are one tree: `freeze`, `thaw` and `kill` reach all of them. Patroni decides its role.
    """

    name = "patroni"
    programs = ("patroni", "postgres", "psql")
    packages = ("patroni", "postgresql", "postgresql-client")
    users = ("postgres", "nobody")
    stop_signals: ClassVar[Mapping[StopMode, signal.Signals]] = {
        "fast": signal.SIGTERM,
        "immediate": signal.SIGTERM,
    }

    def __init__(self, etcd: Etcd, member: str) -> None:
        """*member* is its name in the cluster."""
        super().__init__()
        self.member = member
        self._etcd = etcd
        self._api = 0

    @property
    def address(self) -> Address:
        """Over TCP, as superuser, to the database postgres."""
        return Address(HOST, self.port, self.user, self.password, "postgres")

    def kill(self) -> None:
        """End all its processes by SIGKILL, at once. `start` brings it back, with its data."""
        kill_tree(self.pid)
        self.stop()

    def thaw_server(self) -> None:
        """Let PostgreSQL go on, and not yet Patroni: nobody tells it that it is not the primary any more."""
        continue_tree(int((self.directory / "data" / "postmaster.pid").read_text("utf-8").split()[0]))

    def ask(self, method: str, path: str, **content: Any) -> tuple[int, Any]:
        """Ask its Patroni: the status of the answer, and what it says; status 0 is no answer."""
        return ask(self._api, method, path, content)

    # --- parts ----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        shutil.copy(REAPER, self.directory)
        self._offer(self.directory / REAPER.name)

    def _command(self) -> list[str]:
        self._api = free_port()
        config = self._write("patroni.json", json.dumps(self._config()))
        # Patroni's own Python: the one of the tests may stand where only root can read.
        reaper = ("/usr/bin/python3", "-I", "-S", str(self.directory / REAPER.name))
        return [*reaper, self._found["patroni"], str(config)]

    def _config(self) -> dict[str, Any]:
        listen, api = f"{HOST}:{self.port}", f"{HOST}:{self._api}"
        account = {"username": self.user, "password": self.password}
        return {
            "scope": "tests",
            "name": self.member,
            "restapi": {"listen": api, "connect_address": api},
            # By its old protocol: what the new one tells, Patroni 3.0 may keep when it has become stale.
            "etcd": {"host": f"{HOST}:{self._etcd.port}"},
            "bootstrap": {
                "dcs": {**FAILOVER, "postgresql": {"use_pg_rewind": True, "parameters": SETTINGS}},
                "initdb": ["no-sync", {"encoding": "UTF8"}, {"locale": "C"}],
            },
            "postgresql": {
                "listen": listen,
                "connect_address": listen,
                "data_dir": str(self.directory / "data"),
                "bin_dir": str(Path(self._found["postgres"]).parent),
                "pgpass": str(self.directory / "pgpass"),
                "authentication": {"superuser": account, "replication": account},
                "parameters": {"unix_socket_directories": str(self.directory)},
                "pg_hba": ["local all all scram-sha-256", "host all,replication all all scram-sha-256"],
                "remove_data_directory_on_diverged_timelines": True,
            },
            "watchdog": {"mode": "off"},
        }

    def _is_ready(self) -> bool:
        if self.ask("GET", "/readiness")[0] == 200:
            return True
        has_served = (self.directory / "data" / "postmaster.opts").exists()
        if not has_served and "Address already in use" in self._recent_log:
            send(self.pid, signal.SIGTERM)  # Patroni would try for ever; `start` tries another port
        return False


def ask(port: int, method: str, path: str, content: Mapping[str, Any] | None = None) -> tuple[int, Any]:
    """The status and the JSON of an HTTP answer; (0, None) if there is none."""
    client = HTTPConnection(HOST, port, timeout=60.0)
    try:
        client.request(method, path, json.dumps(content or {}))
        answer = client.getresponse()
        text = answer.read().decode("utf-8")
    except (OSError, HTTPException):
        return 0, None
    finally:
        client.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, text
