"""What a connect needs first, for threads and for tasks: the addresses of a name."""

from __future__ import annotations

from typing import Any

from psycopg import conninfo

__all__ = ("async_attempts", "attempts")


def attempts(parameters: dict[str, str]) -> list[dict[str, Any]]:
    """The parameters for each address in turn; names are looked up."""
    return [dict(attempt) for attempt in conninfo.conninfo_attempts(parameters)]


async def async_attempts(parameters: dict[str, str]) -> list[dict[str, Any]]:
    """The parameters for each address in turn; names are looked up."""
    return [dict(attempt) for attempt in await conninfo.conninfo_attempts_async(parameters)]
