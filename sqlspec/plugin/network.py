"""What all network adapters share: where the server is, who connects, TLS, keep-alive.

A second step of the authors' door: `from sqlspec.plugin.network import NetworkConfig`. Importing it imports
neither `socket` nor `ssl`.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a config's annotations are read at runtime
from typing import TYPE_CHECKING, Any, ClassVar, Generic

import msgspec

from sqlspec.config import DatabaseConfig, Secret
from sqlspec.config.base import A, AsyncRaw, Raw, S
from sqlspec.config.secret import NO_SECRET, SecretOption
from sqlspec.config.url_words import URLWord
from sqlspec.plugin.hosts import Host, Hosts, Turn, share_of
from sqlspec.plugin.sockets import KeepAlive, set_keepalive, watch_socket
from sqlspec.plugin.tls import TLS_ONLY, SSLMode, default_ssl_mode, ip_of, tls_context, tls_problem

if TYPE_CHECKING:
    import ssl

    from sqlspec.config.url import URL

__all__ = (
    "TLS_ONLY",
    "Host",
    "Hosts",
    "KeepAlive",
    "MultiHostConfig",
    "NetworkConfig",
    "Turn",
    "URLWord",
    "set_keepalive",
    "share_of",
    "tls_problem",
    "watch_socket",
)

LARGEST_PORT = 65_535
LARGEST_KEEPALIVE = 32_767  # Linux takes no more
NOT_IN_A_NAME = frozenset(",/ \t\r\n\0")


class NetworkConfig(
    DatabaseConfig[S, A, Raw, AsyncRaw], Generic[S, A, Raw, AsyncRaw], frozen=True, kw_only=True
):
    """The config of an adapter that reaches its database over a network. A base class, like `DatabaseConfig`.

    A subclass sets `default_port`. One that may have several hosts extends `MultiHostConfig`.
    """

    default_port: ClassVar[int]
    """What `port` means where it is not said."""
    url_fields: ClassVar[Mapping[str, str]] = {
        "host": "host",
        "port": "port",
        "username": "username",
        "password": "password",
    }

    host: str | None = None
    """A name, an address, or the path of a unix socket. None: this machine, `localhost`."""
    port: int | None = None
    """The server's port, from 1 to 65535. None: the usual one."""
    username: str | None = None
    """Who connects; None: whom the driver or the server takes for it."""
    password: SecretOption = NO_SECRET
    """A `Secret` that holds a function is asked at every connect."""
    ssl_mode: SSLMode | None = None
    """Whether to encrypt, and what to check; None: `require`, but `disable` within this machine."""
    ssl_root_cert: str | None = None
    """A PEM file: whose certificates are trusted. None: those that the system trusts."""
    ssl_cert: str | None = None
    """A PEM file: our own certificate, for servers that ask for one."""
    ssl_key: str | None = None
    """A PEM file: its key."""
    ssl_key_password: SecretOption = NO_SECRET
    """What an encrypted key is opened with: a text. Nobody is asked for it on the terminal."""
    keepalive: float | None = 60.0
    """Seconds of silence after which TCP asks the server for a sign of life; None: never.

    A server that has vanished is noticed before twice as long.
    """

    def check(self) -> None:
        """Hosts, ports, TLS files and keep-alive."""
        super().check()
        self._check_address("host", self.host, self.port, port_field="port")
        if self.ssl_key is not None and self.ssl_cert is None:
            raise self.invalid("ssl_key", "is of no use without ssl_cert")
        self._check_key_password()
        if self.keepalive is not None and not 1 <= self.keepalive <= LARGEST_KEEPALIVE:
            reason = f"must be from 1 to {LARGEST_KEEPALIVE} seconds, or None for off; in a URL that is null"
            raise self.invalid("keepalive", reason)

    def _check_key_password(self) -> None:
        if self.ssl_key_password is None:
            return
        if self.ssl_cert is None:
            raise self.invalid("ssl_key_password", "is of no use without ssl_cert")
        if self.ssl_key_password.is_function:
            raise self.invalid("ssl_key_password", "is a text, not a function")

    def _check_address(self, field: str, host: str | None, port: int | None, *, port_field: str) -> None:
        """Refuse, in the name of these fields, what is no host or no port."""
        if host is not None and (reason := _no_host(host)):
            example = 'host="db.example", port=5433' if field == "host" else 'hosts=[("db.example", 5433)]'
            raise self.invalid(field, reason.format(example=example))
        if port is not None and not 0 < port <= LARGEST_PORT:
            raise self.invalid(port_field, f"must be a port from 1 to {LARGEST_PORT}")

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The host to connect to with its port; several if the adapter tries them in turn."""
        return (self._address(self.host, self.port),)

    def _address(self, host: str | None, port: int | None) -> tuple[str, int]:
        """A host and a port as they are meant."""
        return host or "localhost", self.default_port if port is None else port

    @property
    def location(self) -> str:
        """Where the database is, for the texts of errors: nothing secret."""
        return ", ".join(host if host.startswith("/") else f"{host}:{port}" for host, port in self.addresses)

    @property
    def effective_ssl_mode(self) -> SSLMode:
        """What `ssl_mode` comes to."""
        return self.ssl_mode or default_ssl_mode([host for host, _ in self.addresses])

    def tls(self) -> ssl.SSLContext | None:
        """The TLS context for a connection; None for plain text. Reads the files each time.

        Raises `InvalidConfigError` for a file that can not be used.
        """
        return tls_context(
            self.effective_ssl_mode,
            root_cert=self.ssl_root_cert,
            cert=self.ssl_cert,
            key=self.ssl_key,
            key_password=self.ssl_key_password,
        )

    @property
    def tcp_keepalive(self) -> KeepAlive | None:
        """`keepalive` as systems take it; None: off."""
        return None if self.keepalive is None else KeepAlive.of(self.keepalive)

    def reveal_password(self) -> str | None:
        """The password itself, for a connect of a thread; None if there is none.

        Blocks as long as the function of a `Secret` does, and lets its exceptions through.
        """
        return None if self.password is None else self.password.reveal()

    async def areveal_password(self) -> str | None:
        """The same for a task; no function holds up the event loop."""
        return None if self.password is None else await self.password.areveal()

    def fetch_password(self) -> Secret | None:
        """As `reveal_password`, but still a `Secret`: no variable of a connect holds the text.

        Whatever a variable holds is in the traceback of an error, and there are trackers that record it.
        """
        is_text = self.password is None or not self.password.is_function
        return self.password if is_text else Secret(self.password.reveal())  # type: ignore[union-attr]

    async def afetch_password(self) -> Secret | None:
        """The same for a task; no function holds up the event loop."""
        is_text = self.password is None or not self.password.is_function
        return self.password if is_text else Secret(await self.password.areveal())  # type: ignore[union-attr]


def _no_host(host: str) -> str | None:
    """Why this is no host; None if it is one."""
    if host.startswith(("/", "@")):  # a socket
        return None
    if "://" in host:
        return "a host is one name or address; what begins with a scheme is a url"
    if not NOT_IN_A_NAME.isdisjoint(host):
        return "a host is one name or address, without blanks, commas and slashes"
    if host.startswith("["):
        return "brackets around an IPv6 address belong to URLs; write it without, as in host='::1'"
    if ":" in host and ip_of(host) is None:
        return "the port stands beside the host: {example}"
    return None


class MultiHostConfig(
    NetworkConfig[S, A, Raw, AsyncRaw], Generic[S, A, Raw, AsyncRaw], frozen=True, kw_only=True
):
    """The config of an adapter that may be given several hosts, of which one serves.

    In a URL they stand as `host1:5432,host2:5433`. In which order they are asked: see `Hosts`.
    """

    hosts: tuple[tuple[str, int | None], ...] = ()
    """Several servers with their ports, instead of host and port: each is tried in turn."""

    @classmethod
    def parse_url(cls, url: URL) -> dict[str, Any]:
        """Several hosts."""
        if len(url.hosts) <= 1:
            return super().parse_url(url)
        return super().parse_url(msgspec.structs.replace(url, hosts=())) | {"hosts": url.hosts}

    def check(self) -> None:
        """Several hosts."""
        super().check()
        if self.hosts and (self.host is not None or self.port is not None):
            raise self.invalid("hosts", "stands instead of host and port; say it in one place")
        for host, port in self.hosts:
            self._check_address("hosts", host, port, port_field="hosts")

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The hosts to try in turn, with their ports."""
        return tuple(self._address(host, port) for host, port in self.hosts) or super().addresses
