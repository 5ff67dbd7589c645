"""A throw-away PgBouncer."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, ClassVar, Literal

from .base import HOST, Server, StopMode
from .clients import run_client
from .packages import find_programs
from .postgresql import PSQL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .postgresql import PostgreSQL

__all__ = ("PgBouncer",)


class PgBouncer(Server):
    """A private PgBouncer in front of a PostgreSQL: `with PgBouncer(server) as bouncer: …`.

    In transaction mode, unless told otherwise. It knows the superuser of that server, and nobody else. Life
    and threads: see `Server`; the PostgreSQL is neither started nor stopped by it.
    """

    name = "pgbouncer"
    programs = ("pgbouncer",)
    packages = ("pgbouncer",)
    users = ("postgres", "nobody")
    stop_signals: ClassVar[Mapping[StopMode, signal.Signals]] = {
        "fast": signal.SIGINT,  # SIGTERM means, since 1.23, to wait until all clients have gone
        "immediate": signal.SIGKILL,
    }

    def __init__(
        self,
        server: PostgreSQL,
        *,
        pool_mode: Literal["session", "transaction", "statement"] = "transaction",
        pool_size: int = 10,
        settings: Mapping[str, str | int] | None = None,
        start_timeout: float = 60.0,
        stop_timeout: float = 30.0,
    ) -> None:
        """*settings* as in the section [pgbouncer] of its file."""
        super().__init__(start_timeout=start_timeout, stop_timeout=stop_timeout)
        self._server = server
        self._settings = {"pool_mode": pool_mode, "default_pool_size": pool_size, **(settings or {})}

    def url(
        self,
        *,
        database: str | None = None,
        user: str | None = None,
        password: str | None = None,
        port: int | None = None,
        scheme: str = "postgresql",
        options: Mapping[str, str] | None = None,
    ) -> str:
        """Where a client finds a database of the server through it; *port* may be a proxy's."""
        return self._server.url(
            database=database,
            user=user,
            password=password,
            port=port or self.port,
            scheme=scheme,
            options=options,
        )

    def admin(self, command: str) -> str:
        """Run a command of its console, `SHOW POOLS` for instance; returns the rows as lines `a|b`."""
        psql = find_programs("postgresql", ("psql",), ("postgresql-client",))["psql"]
        return run_client(psql, *PSQL, "--dbname", self.url(database="pgbouncer"), text=command)

    # --- parts ----------------------------------------------------------------------------------------

    def _command(self) -> list[str]:
        address = self._server.address
        users = self._write("users", f'"{address.user}" "{address.password}"')
        settings = {
            "listen_addr": HOST,
            "listen_port": self.port,
            "unix_socket_dir": "",  # with a socket, it would be content without the port
            "auth_type": "scram-sha-256",
            "auth_file": users,
            "admin_users": address.user,
            **self._settings,
        }
        databases = ("[databases]", f"* = host={address.host} port={address.port}")
        own = ("[pgbouncer]", *(f"{key} = {value}" for key, value in settings.items()))
        return [self._found["pgbouncer"], str(self._write("pgbouncer.ini", *databases, *own))]

    def _is_ready(self) -> bool:
        # Its word for it, not a connection: the port may be somebody else's, of which it is just complaining.
        return f"listening on {HOST}:{self.port}" in self._recent_log
