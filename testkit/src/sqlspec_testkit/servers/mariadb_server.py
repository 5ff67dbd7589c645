"""A throw-away MariaDB."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from .base import HOST, Server
from .clients import Address
from .errors import ServerError
from .mariadb import MariaDB
from .ports import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .tls import Authority

__all__ = ("MariaDBServer",)

SMALL: dict[str, str | int] = {
    "innodb_buffer_pool_size": "16M",
    "innodb_log_file_size": "4M",
    # To the operating system with every COMMIT, to the disk sometimes: what was committed survives
    # stop("immediate").
    "innodb_flush_log_at_trx_commit": 2,
    "performance_schema": "OFF",
    "character_set_server": "utf8mb4",
}
FLAGS = ("--no-defaults", "--skip-name-resolve")
GALERA = ("/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so")
"""Where packages put it; Debian's mariadb-server brings it along."""
FIRST_WORDS = 0.2  # seconds to wait for them, before we look again whether it lives


class MariaDBServer(MariaDB, Server):
    """A private MariaDB: `with MariaDBServer() as server: connect(server.url(database=…))`.

    `server.user` may do everything, by password, over TCP and over the socket in its directory. With *tls* it
    takes TLS as well as plain connections; its certificate is for localhost, signed by `server.authority`.
    With *galera* it is a Galera cluster of one node, or joins that of another server. Life and
    threads: see `Server`.
    """

    name = "mariadb"
    programs = ("mariadbd", "mariadb-install-db", "mariadb")
    packages = ("mariadb-server", "mariadb-client", "openssl")
    users = ("mysql", "nobody")

    def __init__(
        self,
        *,
        max_connections: int = 100,
        settings: Mapping[str, str | int] | None = None,
        tls: bool = False,
        galera: bool | MariaDBServer = False,
        copy_of: MariaDBServer | None = None,
        start_timeout: float = 60.0,
        stop_timeout: float = 30.0,
    ) -> None:
        """*settings* are system variables, as the command line has them.

        *copy_of* is a server that does not run: to copy its data is faster than to make new ones.
        """
        super().__init__(start_timeout=start_timeout, stop_timeout=stop_timeout)
        self.authority: Authority | None = None
        """Who signed the server's certificate; None without *tls*."""
        self._settings = {**SMALL, "max_connections": max_connections, **(settings or {})}
        self._tls, self._copy_of = tls, copy_of
        self._galera, self._cluster_port = galera, 0

    @property
    def address(self) -> Address:
        """Over TCP, as the user who may do everything."""
        return Address(HOST, self.port, self.user, self.password)

    @property
    def socket_path(self) -> str:
        """In the server's directory."""
        return str(self.directory / "socket")

    # --- parts ----------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._tls:
            self.authority = self._certify()
        if self._copy_of is None:
            self._create()
        else:
            self._copy(self._copy_of)
        self._write(
            "first.sql",
            f"CREATE USER IF NOT EXISTS '{self.user}'@'%' IDENTIFIED BY '{self.password}';",
            f"GRANT ALL PRIVILEGES ON *.* TO '{self.user}'@'%' WITH GRANT OPTION;",
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{self.password}';",
        )

    def _create(self) -> None:
        self._run(
            "mariadb-install-db",
            *("--no-defaults", f"--datadir={self._data}", "--auth-root-authentication-method=normal"),
            *("--skip-test-db", "--innodb-log-file-size=4M"),
        )

    def _command(self) -> list[str]:
        settings = {
            **self._settings,
            "datadir": self._data,
            "tmpdir": self.directory,
            "bind_address": HOST,
            "port": self.port,
            "socket": self.socket_path,
            "pid_file": self.directory / "pid",
            "init_file": self.directory / "first.sql",
        }
        if self._tls:
            folder = self.directory / "tls"
            settings |= {
                "ssl_ca": folder / "ca.pem",
                "ssl_cert": folder / "server.pem",
                "ssl_key": folder / "server.key",
            }
        if self._galera is not False:
            settings |= self._cluster()
        return [self._found["mariadbd"], *FLAGS, *(f"--{key}={value}" for key, value in settings.items())]

    def _cluster(self) -> dict[str, str | int | Path]:
        provider = next((path for path in GALERA if Path(path).exists()), None)
        if provider is None:
            raise ServerError("galera not found. On Debian or Ubuntu: sudo apt-get install galera-4")
        self._cluster_port = self._cluster_port or free_port()
        node = self._galera
        other = "" if isinstance(node, bool) else f"{HOST}:{node._cluster_port}"  # noqa: SLF001 - its like
        options = {
            "gmcast.listen_addr": f"tcp://{HOST}:{self._cluster_port}",
            "ist.recv_addr": f"{HOST}:{free_port()}",
            "gcache.size": "1M",
            "gcache.page_size": "1M",
            # Notice soon that another node is gone.
            "evs.inactive_check_period": "PT0.2S",
            "evs.keepalive_period": "PT0.2S",
            "evs.suspect_timeout": "PT1S",
            "evs.inactive_timeout": "PT2S",
            "evs.install_timeout": "PT2S",
        }
        return {
            "wsrep_on": "ON",
            "wsrep_provider": provider,
            "wsrep_provider_options": ";".join(f"{key}={value}" for key, value in options.items()),
            "wsrep_cluster_name": "sqlspec",
            "wsrep_cluster_address": f"gcomm://{other}",
            "wsrep_node_address": HOST,
            "wsrep_sst_receive_address": f"{HOST}:{free_port()}",
            "wsrep_sst_method": "rsync",
            "binlog_format": "ROW",
            "innodb_autoinc_lock_mode": 2,
        }

    def _is_ready(self) -> bool:
        """The server speaks first, as soon as it serves."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(FIRST_WORDS)
            try:
                client.connect(self.socket_path)
                return bool(client.recv(1))
            except OSError:
                return False

    @property
    def _way(self) -> tuple[str, ...]:
        """By the socket: it is there whatever becomes of the port, and needs no TLS."""
        return "--protocol=socket", "--socket", self.socket_path

    @property
    def _data(self) -> Path:
        return self.directory / "data"
