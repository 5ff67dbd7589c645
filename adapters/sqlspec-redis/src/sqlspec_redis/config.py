"""How to reach one Redis database, and how to behave towards it."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a config's annotations are read at runtime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from sqlspec.plugin.network import NetworkConfig, URLWord

if TYPE_CHECKING:
    import redis
    import redis.asyncio  # noqa: F401 - named in strings below

    from sqlspec import URL
    from sqlspec.plugin import SSLMode

    from .clients import AsyncClient, Client  # noqa: F401 - the same

__all__ = ("RedisConfig",)

SOCKET_TIMEOUT = 5.0
COMMIT_TIMEOUT = 30.0
"""What every config says that does not speak of it."""


SENTINEL = (
    "Redis Sentinel is not supported. Write the address of the primary, or of a proxy that knows it, as in "
    "redis://host:6379/0"
)
CLUSTER = (
    "Redis Cluster is not supported. Write the address of one server that is no part of a cluster, or of a "
    "proxy before the cluster, as in redis://host:6379/0"
)
SOCKET = "for a unix socket write unix:///run/redis.sock?database=0"
WORDS = {
    "ssl_cert_reqs": URLWord(
        "ssl_mode",
        {
            "none": "require",
            "cert_none": "require",
            "required": "verify-full",
            "cert_required": "verify-full",
        },
    ),
    "ssl_ca_certs": URLWord("ssl_root_cert"),
    "ssl_certfile": URLWord("ssl_cert"),
    "ssl_keyfile": URLWord("ssl_key"),
    "db": URLWord("database"),
    "socket_connect_timeout": URLWord("connect_timeout"),
    "max_connections": URLWord("pool_size"),
    "health_check_interval": URLWord(refusal="leave it out; pool_pre_ping asks a connection that rested"),
    "retry_on_timeout": URLWord(refusal="leave it out; nothing that may have been done is done again"),
}
"""What redis-py, and the platforms that write URLs for it, call our fields."""


class RedisConfig(
    NetworkConfig["Client", "AsyncClient", "redis.Redis", "redis.asyncio.Redis"],
    frozen=True,
    kw_only=True,
):
    """One Redis database, for `with` and `async with` alike. Sessions are redis-py's own clients.

    URLs: `redis://user:password@host:6379/0`, `rediss://…` for TLS, `unix:///run/redis.sock?database=1`.
    """

    adapter: ClassVar[str] = "redis"
    url_schemes: ClassVar[tuple[str, ...]] = ("redis", "rediss", "unix")
    url_fields: ClassVar[Mapping[str, str]] = {**NetworkConfig.url_fields, "database": "database"}
    refused_schemes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys((f"redis{tls}{sign}sentinel" for tls in ("", "s") for sign in "+-"), SENTINEL),
        **dict.fromkeys((f"redis{tls}{sign}cluster" for tls in ("", "s") for sign in "+-"), CLUSTER),
        **dict.fromkeys(("redis+socket", "redis+unix"), SOCKET),
    }
    url_words: ClassVar[Mapping[str, URLWord]] = WORDS
    default_port: ClassVar[int] = 6379

    host: str = "localhost"
    """The server's name or address."""
    port: int = default_port
    """The server's port."""
    socket_path: str | None = None
    """The server's unix socket; then host and port do not count."""
    database: int = 0
    """The number of the database."""
    socket_timeout: float | None = SOCKET_TIMEOUT
    """Seconds to wait for a reply; then the connection is dropped. None: for ever.

    `query_timeout`, which every config has, is the same, and goes before the default.
    """
    codec: Literal["json"] | None = None
    """Values that redis-py would refuse are sent as JSON; None: they are refused."""
    decode_responses: bool = False
    """Replies are str, not bytes."""
    protocol: Literal[2, 3] | None = None
    """The version of the wire protocol; None: redis-py's choice."""
    client_name: str | None = None
    """What the server's CLIENT LIST shows."""

    @classmethod
    def parse_url(cls, url: URL) -> dict[str, Any]:
        """A `unix://` URL has a path where others have the database's number."""
        if url.scheme != "unix":
            return super().parse_url(url)
        if url.hosts or not url.database:
            raise cls.invalid("url", "the socket's path begins after two slashes: unix:///run/redis.sock")
        path = f"/{url.database}"
        return super().parse_url(msgspec.structs.replace(url, database=None)) | {"socket_path": path}

    def check(self) -> None:
        """Ranges, and what Redis has no use for."""
        super().check()
        if self.database < 0:
            raise self.invalid("database", "is a database's number, 0 or more")
        if self.socket_timeout is not None and not 0 < self.socket_timeout < float("inf"):
            raise self.invalid("socket_timeout", "must be a finite number of seconds above 0, or None")
        if self.query_timeout is not None and self.socket_timeout not in {SOCKET_TIMEOUT, self.query_timeout}:
            raise self.invalid(
                "query_timeout", "is Redis' socket_timeout, which says something else; leave one out"
            )
        self._check_encryption()
        self._check_senseless()

    def _check_encryption(self) -> None:
        encrypts = self.ssl_mode not in {None, "disable"}
        if self.socket_path is not None and (encrypts or self.has_secure_url):
            raise self.invalid("ssl_mode", "nothing is encrypted on a unix socket")
        if self.has_secure_url and self.ssl_mode == "disable":
            raise self.invalid("ssl_mode", "rediss:// means TLS; write redis:// for none")

    def _check_senseless(self) -> None:
        if self.read_only:
            raise self.invalid("read_only", "Redis has no read-only sessions; use a user with fewer rights")
        if self.commit_timeout != COMMIT_TIMEOUT:
            raise self.invalid("commit_timeout", "Redis has no COMMIT; socket_timeout bounds every command")

    @property
    def reply_timeout(self) -> float | None:
        """Seconds to wait for a reply, by whichever name they were given."""
        return self.socket_timeout if self.query_timeout is None else self.query_timeout

    @property
    def has_secure_url(self) -> bool:
        """Whether the URL begins with `rediss://`, which means TLS."""
        return self.url is not None and self.url.lower().startswith("rediss")

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The server, or its unix socket."""
        return ((self.socket_path, self.port),) if self.socket_path is not None else super().addresses

    @property
    def effective_ssl_mode(self) -> SSLMode:
        """What `ssl_mode` comes to; without it `rediss://` means `verify-full`."""
        return "verify-full" if self.ssl_mode is None and self.has_secure_url else super().effective_ssl_mode

    @property
    def place(self) -> str:
        """Where it is, for errors: nothing secret."""
        return f"{self.location}, database {self.database}"
