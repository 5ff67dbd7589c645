"""The side connection, to the server of another one: it stops what that runs, or asks what it has read."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from asyncmy.errors import MySQLError

from . import transport
from .opening import open_raw

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from .config import AsyncMyConfig

__all__ = ("SideConnection",)

READ_ONLY_TRANSACTION, NO_EXPLAIN = 1792, 1345
"""Errors: a write in such a transaction; a view with tables that the user may not see."""
STOP_TIMEOUT = 0.8
"""Seconds to stop another connection's statement: the cancelled task waits for it."""


class SideConnection:
    """Opened for each question, beside the connection *raw*: to the very server that is connected there.

    One name may stand for several servers, and on another one the same number is somebody else's connection.
    """

    def __init__(self, config: AsyncMyConfig, address: tuple[str, int], raw: Any) -> None:
        self._config, self._peer = config, transport.peer(raw)
        # With `verify-full` the certificate is for the name.
        needs_name = config.effective_ssl_mode == "verify-full"
        self._address = address if self._peer is None or needs_name else self._peer

    async def stop(self, thread: int, *, for_good: bool) -> bool:
        """KILL what the server runs for connection *thread*; *for_good*: the connection as well.

        A best effort, in bounded time: returns whether the server has done it.
        """
        with suppress(Exception):  # the caller has an error of its own to raise
            async with self._opened() as raw:
                await raw.query(b"KILL %s %d" % (b"CONNECTION" if for_good else b"QUERY", thread))
                return True
        return False

    async def reads_only(self, statements: Sequence[str], selects: Sequence[bytes]) -> bool | None:
        """Whether all *selects* write nothing, not by functions or views either; None if nobody can tell.

        In a transaction that is read-only the server explains no statement that writes.
        """
        with suppress(Exception):  # a best effort
            try:
                async with self._opened() as raw:
                    for statement in (*statements, "START TRANSACTION READ ONLY"):
                        await raw.query(statement)
                    for select in selects:
                        await _explain(raw, select)
                    return True
            except MySQLError as exc:
                return False if exc.args[0] == READ_ONLY_TRANSACTION else None
        return None

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[Any]:
        raw: Any = None
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                raw = await open_raw(self._config, self._address, await self._config.afetch_password())
                if transport.peer(raw) != self._peer:
                    raise ConnectionError("the name leads to another server")
                yield raw
        finally:
            if raw is not None:
                raw.close()


async def _explain(raw: Any, select: bytes) -> None:
    try:
        await raw.query(b"EXPLAIN " + select)
    except MySQLError as exc:
        if exc.args[0] != NO_EXPLAIN:
            raise
        await raw.query(b"SELECT 1 FROM (" + select + b"\n) AS explained LIMIT 0")
