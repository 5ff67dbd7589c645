"""How to reach one PostgreSQL database by asyncpg, and how to behave towards it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Never

from sqlspec import AsyncOnlyConfig, AsyncSession
from sqlspec.plugin.postgresql import PostgreSQLSettings

if TYPE_CHECKING:
    import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # noqa: F401 - named in strings below

__all__ = ("AsyncpgConfig",)


class AsyncpgConfig(  # pyright: ignore[reportIncompatibleMethodOverride] - blocks for tasks alone
    AsyncOnlyConfig[AsyncSession, "asyncpg.Connection"],
    PostgreSQLSettings[Never, AsyncSession, Never, "asyncpg.Connection"],
    frozen=True,
    kw_only=True,
):
    """One PostgreSQL database, for `async with` alone. Its fields are those of `PostgreSQLSettings`.

    URLs: `postgresql://user:password@host:5432/database?application_name=shop`, with several hosts as
    `host1:5432,host2:5433`; a socket's folder is a host, percent-encoded: `postgresql://%2Frun%2Fpostgresql/db`.
    """

    adapter: ClassVar[str] = "asyncpg"
    usual_statement_cache_size: ClassVar[int] = 256
