"""How to reach one PostgreSQL database, and how to behave towards it, whatever the driver."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - a config's annotations are read at runtime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal

import msgspec

from sqlspec.config.base import A, AsyncRaw, Raw, S
from sqlspec.plugin.network import MultiHostConfig, URLWord

if TYPE_CHECKING:
    from sqlspec.config.url import URL

__all__ = ("PostgreSQLSettings",)

_SETTING = re.compile(r"[^\W\d][\w$]*(?:\.[^\W\d][\w$]*)*")
MODES = {mode: mode for mode in ("disable", "require", "verify-ca", "verify-full")}
NO_FALLBACK = "takes no server without TLS for one with it: write require or disable"
WORDS = {
    # libpq's
    "dbname": URLWord("database"),
    "user": URLWord("username"),
    "sslmode": URLWord("ssl_mode", MODES, f"ssl_mode is one of {', '.join(MODES)}; sqlspec {NO_FALLBACK}"),
    "sslrootcert": URLWord("ssl_root_cert"),
    "sslcert": URLWord("ssl_cert"),
    "sslkey": URLWord("ssl_key"),
    "keepalives_idle": URLWord("keepalive"),
    "keepalives": URLWord(refusal="write keepalive instead, which is seconds, or null for off"),
    "channel_binding": URLWord(
        refusal="leave it out; ssl_mode=verify-full makes sure that the server is the right one"
    ),
    "gssencmode": URLWord(refusal="leave it out; nothing is encrypted by Kerberos here"),
    "passfile": URLWord(refusal="is not read; give a password, or a Secret that fetches it"),
    "service": URLWord(refusal="is not read; write host, port and database"),
    # that of SQLAlchemy's asyncpg, of node-postgres and of Heroku
    "ssl": URLWord(
        "ssl_mode",
        {
            **MODES,
            "true": "require",
            "1": "require",
            "no-verify": "require",
            "false": "disable",
            "0": "disable",
        },
    ),
    # Prisma's
    "schema": URLWord(refusal="write options=-c%20search_path%3DNAME"),
    "connection_limit": URLWord("pool_size"),
}
"""What others call our fields."""


class PostgreSQLSettings(
    MultiHostConfig[S, A, Raw, AsyncRaw], Generic[S, A, Raw, AsyncRaw], frozen=True, kw_only=True
):
    """The config of an adapter for PostgreSQL. A base class; the adapter's own says what it caches.

    URLs: `postgresql://user:password@host:5432/database?application_name=shop`, with several hosts as
    `host1:5432,host2:5433`; a socket's folder is a host, percent-encoded: `postgresql://%2Frun%2Fpostgresql/db`.
    """

    default_port: ClassVar[int] = 5432
    url_schemes: ClassVar[tuple[str, ...]] = ("postgresql", "postgres")
    url_fields: ClassVar[Mapping[str, str]] = {**MultiHostConfig.url_fields, "database": "database"}
    url_words: ClassVar[Mapping[str, URLWord]] = WORDS
    usual_statement_cache_size: ClassVar[int]
    """What `statement_cache_size` means where it is not said."""

    database: str | None = None
    """Which database; None: the one that is named like the user."""
    application_name: str = "sqlspec"
    """What the server calls us in its log and in `pg_stat_activity`."""
    target_session_attrs: Literal[
        "any", "read-write", "read-only", "primary", "standby", "prefer-standby"
    ] = "any"
    """Which of several hosts will do."""
    pgbouncer: bool = False
    """PgBouncer in transaction mode stands in between: nothing may outlive a transaction."""
    server_settings: Mapping[str, str] = {}
    """Settings that every session starts with: `{"statement_timeout": "5s"}`. A reset returns to them."""
    statement_cache_size: int | None = None
    """How many prepared statements each connection keeps; None: the adapter's number, with `pgbouncer` 0."""

    @classmethod
    def parse_url(cls, url: URL) -> dict[str, Any]:
        """The settings of libpq's `options`."""
        if "options" not in url.query:
            return super().parse_url(url)
        query = {name: value for name, value in url.query.items() if name != "options"}
        settings = _settings(cls, url.query["options"])
        return super().parse_url(msgspec.structs.replace(url, query=query)) | {"server_settings": settings}

    def check(self) -> None:
        """Names of settings, and what is kept."""
        super().check()
        for name in self.server_settings:
            if not _SETTING.fullmatch(name):
                raise self.invalid("server_settings", "a setting's name is of letters, digits, _ and .")
        if self.cached_statements < 0:
            raise self.invalid("statement_cache_size", "must be 0 or more")

    @property
    def location(self) -> str:
        """Where the database is, for the texts of errors; the port is part of a socket's name, too."""
        return ", ".join(f"{host}:{port}" for host, port in self.addresses)

    @property
    def cached_statements(self) -> int:
        """How many prepared statements each connection keeps."""
        if self.statement_cache_size is not None:
            return self.statement_cache_size
        return 0 if self.pgbouncer else self.usual_statement_cache_size

    @property
    def session_settings(self) -> dict[str, str]:
        """What a session starts with, and what its reset returns to, besides `application_name`.

        PgBouncer refuses settings that it does not know, so it is not told that a config is read-only: there
        every transaction says so.
        """
        if self.read_only and not self.pgbouncer:
            return {**self.server_settings, "default_transaction_read_only": "on"}
        return dict(self.server_settings)


def _settings(cls: type[PostgreSQLSettings[Any, Any, Any, Any]], options: str) -> dict[str, str]:
    """What libpq's `options` set: `-c name=value`, taken apart at blanks without a backslash before them."""
    words = [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r"(?:\\.|\S)+", options)]
    settings: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word == "-c" and words:
            word = f"-c{words.pop(0)}"
        name, equals, value = word.removeprefix("-c").removeprefix("--").partition("=")
        if name.startswith("+"):
            raise cls.invalid("options", "+ is no blank in a URL: write options=-c%20search_path%3Dsales")
        if not word.startswith(("-c", "--")) or not name or not equals:
            raise cls.invalid("options", "sets values alone, as in -c search_path=sales; see server_settings")
        settings[name.replace("-", "_")] = value
    return settings
