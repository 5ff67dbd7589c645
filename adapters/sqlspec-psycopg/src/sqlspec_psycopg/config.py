"""How to reach one PostgreSQL database by psycopg, and how to behave towards it."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a config's annotations are read at runtime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sqlspec import AsyncSession, DatabaseConfig, Secret, Session
from sqlspec.errors import InvalidConfigError
from sqlspec.plugin import SSLMode  # noqa: TC001 - as above

if TYPE_CHECKING:
    import psycopg  # noqa: F401 - named in strings below

    from sqlspec import URL

__all__ = ("PostgreSQLConfig",)

PORT = 5432
CACHED_STATEMENTS = 100
LARGEST_PORT = 65_535
LIBPQ_WORDS = {
    "dbname": "database",
    "user": "username",
    "sslmode": "ssl_mode",
    "sslrootcert": "ssl_root_cert",
    "sslcert": "ssl_cert",
    "sslkey": "ssl_key",
}
"""What libpq calls our fields."""


class PostgreSQLConfig(
    DatabaseConfig[Session, AsyncSession, "psycopg.Connection[Any]", "psycopg.AsyncConnection[Any]"],
    frozen=True,
    kw_only=True,
):
    """One PostgreSQL database, for `with` and for `async with`.

    URLs: `postgresql://user:password@host:5432/database?application_name=shop`, with several hosts as
    `host1:5432,host2:5433`; a socket's folder is a host, percent-encoded: `postgresql://%2Frun%2Fpostgresql/db`.
    """

    adapter: ClassVar[str] = "psycopg"
    url_schemes: ClassVar[tuple[str, ...]] = ("postgresql", "postgres")
    url_fields: ClassVar[Mapping[str, str]] = {
        "host": "host",
        "port": "port",
        "username": "username",
        "password": "password",
        "database": "database",
    }

    host: str | None = None
    """A name, an address, or the folder of a socket. Without it, and without `hosts`: localhost."""
    port: int | None = None
    """5432, unless said."""
    hosts: tuple[tuple[str, int | None], ...] = ()
    """Several servers, instead of host and port: each is tried in turn."""
    username: str | None = None
    """Who connects; without it the user of the operating system."""
    password: Secret | None = None
    """A `Secret` that holds a function is asked at every connect. Without one, `.pgpass` is looked at."""
    database: str | None = None
    """Which database; without it the one that is named like the user."""
    application_name: str = "sqlspec"
    """What the server calls us in its log and in `pg_stat_activity`."""
    ssl_mode: SSLMode | None = None
    """Whether to encrypt, and what to check; without it `require`, but `disable` within this machine."""
    ssl_root_cert: str | None = None
    """A PEM file: whose certificates are trusted. Without it, those that the system trusts."""
    ssl_cert: str | None = None
    """A PEM file: our own certificate, for servers that ask for one."""
    ssl_key: str | None = None
    """A PEM file: its key."""
    target_session_attrs: Literal[
        "any", "read-write", "read-only", "primary", "standby", "prefer-standby"
    ] = "any"
    """Which of several hosts will do."""
    pgbouncer: bool = False
    """PgBouncer in transaction mode stands in between: keep nothing on a connection but transactions."""
    server_settings: Mapping[str, str] = {}
    """Settings that every session starts with: `{"statement_timeout": "5s"}`. A reset returns to them."""
    statement_cache_size: int | None = None
    """How many prepared statements each connection keeps: 100, but none with `pgbouncer`."""

    @classmethod
    def parse_url(cls, url: URL) -> dict[str, Any]:
        """Several hosts, and libpq's words."""
        for word in url.query.keys() & LIBPQ_WORDS:
            raise InvalidConfigError(f"{cls.__name__}.{word}: write {LIBPQ_WORDS[word]}", key=word)
        if len(url.hosts) <= 1:
            return super().parse_url(url)
        rest = type(url)(
            scheme=url.scheme,
            adapter=url.adapter,
            username=url.username,
            password=url.password,
            database=url.database,
            query=url.query,
        )
        return super().parse_url(rest) | {"hosts": url.hosts}

    def check(self) -> None:
        """Ranges, and what excludes each other."""
        super().check()
        if self.hosts and (self.host is not None or self.port is not None):
            raise self.invalid("hosts", "stands instead of host and port; say it in one place")
        for _, port in self.addresses:
            if not 0 < port <= LARGEST_PORT:
                raise self.invalid("hosts" if self.hosts else "port", f"is from 1 to {LARGEST_PORT}")
        if self.ssl_key is not None and self.ssl_cert is None:
            raise self.invalid("ssl_key", "is of no use without ssl_cert")
        if self.cached_statements < 0:
            raise self.invalid("statement_cache_size", "is 0 or more")

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The hosts to try, with their ports."""
        hosts = self.hosts or ((self.host or "localhost", self.port),)
        return tuple((host or "localhost", port or PORT) for host, port in hosts)

    @property
    def cached_statements(self) -> int:
        """How many prepared statements each connection keeps."""
        if self.statement_cache_size is not None:
            return self.statement_cache_size
        return 0 if self.pgbouncer else CACHED_STATEMENTS
