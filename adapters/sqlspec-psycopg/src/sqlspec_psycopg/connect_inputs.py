"""What a connect needs first, for threads and for tasks: the addresses of a name."""

from __future__ import annotations

import asyncio
from typing import Any

from psycopg import conninfo

from sqlspec.errors import DeadlineExceeded

from .deadlines import seconds_until

__all__ = ("async_attempts", "attempts")


def attempts(parameters: dict[str, str], until: float) -> list[dict[str, Any]]:  # noqa: ARG001 - see below
    """The parameters for each address of a host.

    The look-up of a name can not be stopped in a thread; what it takes is missing to the connect.
    """
    return [dict(attempt) for attempt in conninfo.conninfo_attempts(parameters)]


async def async_attempts(parameters: dict[str, str], until: float) -> list[dict[str, Any]]:
    """The same. Raises `DeadlineExceeded` for a name server that is silent."""
    scope = asyncio.timeout(seconds_until(until))
    try:
        async with scope:
            return [dict(attempt) for attempt in await conninfo.conninfo_attempts_async(parameters)]
    except TimeoutError:
        if not scope.expired():
            raise
        raise DeadlineExceeded("the name server did not answer in time") from None
