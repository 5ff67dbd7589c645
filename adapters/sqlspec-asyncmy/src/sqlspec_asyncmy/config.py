"""How to reach one MySQL or MariaDB database, and how to behave towards it."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - a config's annotations are read at runtime
from typing import TYPE_CHECKING, ClassVar, Literal, Never

from sqlspec import AsyncOnlyConfig, AsyncSession
from sqlspec.plugin.network import MultiHostConfig, URLWord

if TYPE_CHECKING:
    import asyncmy.connection  # noqa: F401 - named in strings below

__all__ = ("AsyncMyConfig",)

_NAME = re.compile(r"[A-Za-z0-9_]+")
_ZONE = re.compile(r"[A-Za-z0-9_+:/-]+")
_MODES = re.compile(r"[A-Za-z0-9_,]*")


MODES = {
    **{mode: mode for mode in ("disable", "require", "verify-ca", "verify-full")},
    "disabled": "disable",
    "required": "require",
    "verify_ca": "verify-ca",
    "verify_identity": "verify-full",
}
MODE = URLWord(
    "ssl_mode",
    MODES,
    "ssl_mode is disable, require, verify-ca or verify-full; no server without TLS is taken for one with it",
)
SOCKET = URLWord(refusal="a socket is a host, percent-encoded: mysql://user@%2Frun%2Fmysqld.sock/database")
WORDS = {
    "ssl_mode": MODE,
    "ssl-mode": MODE,
    "sslmode": MODE,
    "ssl-ca": URLWord("ssl_root_cert"),
    "ssl-cert": URLWord("ssl_cert"),
    "ssl-key": URLWord("ssl_key"),
    "ssl": URLWord("ssl_mode", {"true": "require", "1": "require", "false": "disable", "0": "disable"}),
    "sslaccept": URLWord("ssl_mode", {"strict": "verify-full", "accept_invalid_certs": "require"}),
    "unix_socket": SOCKET,
    "socket": SOCKET,
    "connection_limit": URLWord("pool_size"),
    "reconnect": URLWord(refusal="leave it out; a connection that broke is replaced by its pool"),
}
"""What the client, other drivers and Prisma call our fields."""


class AsyncMyConfig(  # pyright: ignore[reportIncompatibleMethodOverride] - blocks for tasks alone
    AsyncOnlyConfig[AsyncSession, "asyncmy.connection.Connection"],
    MultiHostConfig[Never, AsyncSession, Never, "asyncmy.connection.Connection"],
    frozen=True,
    kw_only=True,
):
    """One MySQL or MariaDB database, for `async with` alone.

    URLs: `mysql://user:password@host:3306/database?time_zone=UTC`, or `mariadb://…`, with several hosts as
    `host1:3306,host2:3306`; a socket is a host, percent-encoded:
    `mysql://user@%2Frun%2Fmysqld%2Fmysqld.sock/database`.
    """

    adapter: ClassVar[str] = "asyncmy"
    default_port: ClassVar[int] = 3306
    url_schemes: ClassVar[tuple[str, ...]] = ("mysql", "mariadb")
    url_fields: ClassVar[Mapping[str, str]] = {**MultiHostConfig.url_fields, "database": "database"}
    url_words: ClassVar[Mapping[str, URLWord]] = WORDS
    code_only: ClassVar[frozenset[str]] = frozenset({"local_infile"})

    database: str | None = None
    """The database that statements mean when they name none."""
    charset: Literal["utf8mb4", "utf8"] = "utf8mb4"
    """How text travels; `utf8` for servers that lack the other. In these no letter contains a quote."""
    collation: str | None = None
    """How literals compare; without it as the server has it for the charset."""
    application_name: str = "sqlspec"
    """What the server calls us in `performance_schema.session_connect_attrs`."""
    target_session_attrs: Literal["any", "read-write", "read-only"] = "any"
    """Which of several hosts will do: one that takes writes, one that takes none, or any."""
    sql_mode: str | None = None
    """The modes of every session; without it the server's, less `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES`."""
    time_zone: str | None = None
    """What TIMESTAMP columns are shown in, `UTC` or `+00:00`; without it the server's."""
    pipelining: bool = True
    """Send what belongs together at once. Off for proxies that lose the second of two commands."""
    local_infile: bool = False
    """Let the server ask for files of this machine (LOAD DATA LOCAL). Only code may allow it."""

    def check(self) -> None:
        """Ranges, and words that go into statements."""
        super().check()
        for name, pattern in (("collation", _NAME), ("time_zone", _ZONE), ("sql_mode", _MODES)):
            value = getattr(self, name)
            if value is not None and not pattern.fullmatch(value):
                raise self.invalid(name, "is not spelled as the server knows it")
        if self.sql_mode is not None and harmful_modes(self.sql_mode):
            raise self.invalid("sql_mode", "must leave quotes and backslashes their usual meaning")

    @property
    def socket(self) -> str | None:
        """The path of the socket, where the host is one."""
        return self.host if self.host is not None and self.host.startswith("/") else None


# The combinations of modes contain ANSI_QUOTES, and are spelled out by the server.
_HARMFUL = frozenset(
    {"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"}
)


def harmful_modes(sql_mode: str) -> frozenset[str]:
    """Those of *sql_mode* that change where a literal ends, so that no placeholder could be told."""
    return _HARMFUL.intersection(sql_mode.upper().split(","))


def harmless(sql_mode: str) -> str:
    """*sql_mode* without those."""
    return ",".join(mode for mode in sql_mode.split(",") if mode.upper() not in _HARMFUL)
