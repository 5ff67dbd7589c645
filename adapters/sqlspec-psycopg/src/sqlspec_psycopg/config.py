"""How to reach one PostgreSQL database by psycopg, and how to behave towards it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sqlspec import AsyncSession, Session
from sqlspec.plugin.postgresql import PostgreSQLSettings

if TYPE_CHECKING:
    from typing import Any  # noqa: F401 - named in strings below

    import psycopg  # noqa: F401 - as above

__all__ = ("PostgreSQLConfig",)


class PostgreSQLConfig(
    PostgreSQLSettings[Session, AsyncSession, "psycopg.Connection[Any]", "psycopg.AsyncConnection[Any]"],
    frozen=True,
    kw_only=True,
):
    """One PostgreSQL database, for `with` and for `async with`. Its fields are those of `PostgreSQLSettings`.

    URLs: `postgresql://user:password@host:5432/database?application_name=shop`, with several hosts as
    `host1:5432,host2:5433`; a socket's folder is a host, percent-encoded: `postgresql://%2Frun%2Fpostgresql/db`.
    """

    adapter: ClassVar[str] = "psycopg"
    usual_statement_cache_size: ClassVar[int] = 100
