"""What a connect needs first, for threads and for tasks: the addresses of a name, and the password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import conninfo

if TYPE_CHECKING:
    from sqlspec import Secret

__all__ = ("async_attempts", "async_reveal", "attempts", "reveal")


def attempts(parameters: dict[str, str]) -> list[dict[str, Any]]:
    """The parameters for each address in turn; names are looked up."""
    return [dict(attempt) for attempt in conninfo.conninfo_attempts(parameters)]


async def async_attempts(parameters: dict[str, str]) -> list[dict[str, Any]]:
    """The parameters for each address in turn; names are looked up."""
    return [dict(attempt) for attempt in await conninfo.conninfo_attempts_async(parameters)]


def reveal(secret: Secret) -> str:
    """The password, from wherever it comes."""
    return secret.reveal()


async def async_reveal(secret: Secret) -> str:
    """The password, from wherever it comes: in a thread, because that may take its time."""
    from asyncio import to_thread

    return await to_thread(secret.reveal)
