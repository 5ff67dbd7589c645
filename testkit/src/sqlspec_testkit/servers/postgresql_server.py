"""A throw-away PostgreSQL."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, ClassVar

from .base import HOST, POLL, Server, StopMode
from .clients import Address
from .errors import ServerError
from .postgresql import PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .tls import Authority

__all__ = ("PostgreSQLServer",)

# A test's data need not survive a power cut. They do survive stop("immediate"): what was committed is written
# then, so synchronous_commit stays on.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    # A file of the directory: /dev/shm would keep it if the server is killed.
    "dynamic_shared_memory_type": "mmap",
}
READY = {"ready", "standby"}


class PostgreSQLServer(PostgreSQL, Server):
    """A private PostgreSQL: `with PostgreSQLServer() as server: connect(server.url())`.

    Its superuser is `server.user`, by password (SCRAM) over TCP and over the socket in its directory. With
    *tls* it takes TLS as well as plain connections; its certificate is for localhost, signed by
    `server.authority`. Life and threads: see `Server`.
    """

    name = "postgresql"
    programs = ("postgres", "initdb", "pg_basebackup", "psql")
    packages = ("postgresql", "postgresql-client", "openssl")
    users = ("postgres", "nobody")
    stop_signals: ClassVar[Mapping[StopMode, signal.Signals]] = {
        "fast": signal.SIGINT,
        "immediate": signal.SIGQUIT,
    }

    def __init__(
        self,
        *,
        max_connections: int = 100,
        settings: Mapping[str, str | int] | None = None,
        hba: Sequence[str] = (),
        tls: bool = False,
        follows: PostgreSQLServer | None = None,
        copy_of: PostgreSQLServer | None = None,
        start_timeout: float = 60.0,
        stop_timeout: float = 30.0,
    ) -> None:
        """*settings* as in postgresql.conf; lines of *hba* come before all others of pg_hba.conf.

        *follows* makes it a hot standby of that server, which must run when this one starts first.
        *copy_of* is a server that does not run: to copy its data is faster than to make new ones.
        """
        super().__init__(start_timeout=start_timeout, stop_timeout=stop_timeout)
        self.authority: Authority | None = None
        """Who signed the server's certificate; None without *tls*."""
        self._settings = {**FAST, "max_connections": max_connections, **(settings or {})}
        self._hba, self._tls, self._follows, self._copy_of = tuple(hba), tls, follows, copy_of

    @property
    def address(self) -> Address:
        """Over TCP, as superuser, to the database postgres."""
        return Address(HOST, self.port, self.user, self.password, "postgres")

    @property
    def socket_folder(self) -> str:
        """The server's directory."""
        return str(self.directory)

    # --- standby ------------------------------------------------------------------------------------

    def catch_up(self, *, timeout: float = 30.0) -> None:
        """On a standby: wait until all that is committed on the primary can be read here."""
        if self._follows is None:
            raise ServerError("only a standby can catch up: PostgreSQLServer(follows=primary)")
        target = self._follows.sql("SELECT pg_current_wal_flush_lsn()")
        until = time.monotonic() + timeout
        while self.sql(f"SELECT pg_last_wal_replay_lsn() >= '{target}'") != "t":
            if time.monotonic() > until:
                raise ServerError(f"the standby is still behind after {timeout:g} s:\n{self.log}")
            time.sleep(POLL)

    # --- parts ----------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._tls:
            self.authority = self._certify()
        if self._follows is not None:
            self._back_up(self._follows)
        elif self._copy_of is not None:
            self._copy(self._copy_of)
        else:
            self._create()
        everybody = ("local all,replication all scram-sha-256", "host all,replication all all scram-sha-256")
        self._write("data/pg_hba.conf", *self._hba, *everybody)

    def _create(self) -> None:
        secret = self._write("password", self.password)
        self._run(
            "initdb",
            *("--pgdata", str(self._data), "--username", self.user, "--pwfile", str(secret)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
            *("--no-sync", "--wal-segsize", "1"),
        )
        secret.unlink()

    def _back_up(self, primary: PostgreSQLServer) -> None:
        self._run(
            "pg_basebackup",
            *("--pgdata", str(self._data), "--dbname", primary.url(via="socket")),
            *("--write-recovery-conf", "--checkpoint", "fast", "--no-sync"),
        )

    def _command(self) -> list[str]:
        settings = {
            **self._settings,
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": self.directory,
        }
        if self._tls:
            folder = self.directory / "tls"
            settings |= {
                "ssl": "on",
                "ssl_ca_file": folder / "ca.pem",
                "ssl_cert_file": folder / "server.pem",
                "ssl_key_file": folder / "server.key",
            }
        return [
            self._found["postgres"],
            "-D",
            str(self._data),
            *(f"--{key}={value}" for key, value in settings.items()),
        ]

    def _is_ready(self) -> bool:
        """As pg_ctl looks: the last line of the file that the postmaster keeps."""
        try:
            lines = (self._data / "postmaster.pid").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() in READY  # noqa: PLR2004

    @property
    def _data(self) -> Path:
        return self.directory / "data"
