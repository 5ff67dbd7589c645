"""A throw-away Redis."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .base import HOST, Server
from .clients import Address
from .ports import free_port
from .redis import Numbers, Redis

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from .tls import Authority

__all__ = ("RedisServer",)

DATABASES = 64


class RedisServer(Redis, Server):
    """A private Redis: `with RedisServer() as server: connect(server.url())`.

    It keeps everything in memory, so a `stop` empties it. With *needs_password* off, anybody may come in.
    With *tls* it listens on `tls_port`, too: `server.url(port=server.tls_port, scheme="rediss")`; its
    certificate is for localhost, signed by `server.authority`. Life and threads: see `Server`.
    """

    name = "redis"
    programs = ("redis-server", "redis-cli")
    packages = ("redis-server", "redis-tools", "openssl")
    users = ("redis", "nobody")

    def __init__(
        self,
        *,
        needs_password: bool = True,
        settings: Mapping[str, str | int] | None = None,
        tls: bool = False,
        start_timeout: float = 60.0,
        stop_timeout: float = 30.0,
    ) -> None:
        """*settings* as in redis.conf."""
        super().__init__(start_timeout=start_timeout, stop_timeout=stop_timeout)
        self.authority: Authority | None = None
        """Who signed the server's certificate; None without *tls*."""
        self.tls_port = 0
        """Where it listens for TLS, if it does."""
        if not needs_password:
            self.password = ""
        self._settings = {"databases": DATABASES, **(settings or {})}
        self._numbers = Numbers(int(self._settings["databases"]))
        self._tls = tls

    @property
    def address(self) -> Address:
        """Over TCP, without TLS, database 0."""
        return Address(HOST, self.port, "", self.password, "0", scheme="redis")

    @property
    def socket_path(self) -> str:
        """Its unix socket, in the server's directory."""
        return str(self.directory / "socket")

    @contextmanager
    def database(self) -> Generator[int, None, None]:
        """An empty database inside of the block: its number."""
        number = self._numbers.acquire()
        self.command("FLUSHDB", database=number)
        try:
            yield number
        finally:
            self._numbers.give_back(number)

    # --- parts ----------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._tls:
            self.authority = self._certify()

    def _command(self) -> list[str]:
        # By a file: what is on the command line can be read by all, the password included.
        conf = self._write("redis.conf", *(f'{key} "{value}"' for key, value in self._conf().items()))
        return [self._found["redis-server"], str(conf)]

    def _conf(self) -> dict[str, object]:
        conf: dict[str, object] = {
            "save": "",
            "appendonly": "no",
            "port": self.port,
            "bind": HOST,
            "unixsocket": self.socket_path,
            "unixsocketperm": "777",
            "dir": self.directory,
            **self._settings,
        }
        if self.password:
            conf["requirepass"] = self.password
        if self._tls:
            self.tls_port = self.tls_port or free_port()
            folder = self.directory / "tls"
            conf |= {
                "tls-port": self.tls_port,
                "tls-auth-clients": "no",
                "tls-ca-cert-file": folder / "ca.pem",
                "tls-cert-file": folder / "server.pem",
                "tls-key-file": folder / "server.key",
            }
        return conf

    def _is_ready(self) -> bool:
        """It may want to know who we are, but it answers. By the socket: the port may be another's yet."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            try:
                client.connect(self.socket_path)
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith((b"+PONG", b"-NOAUTH"))
            except OSError:
                return False
