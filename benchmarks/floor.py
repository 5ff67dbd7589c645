"""The floor: the shortest code that lends a connection and gives a row as a dict, without our promises.

No limit, no queue, no deadline, no guard, no reset, no look whether a connection is alive, no errors of ours.
What a session costs above it is what the promises cost. It is written once and not made faster: a row that is
printed beside it can be compared on any machine, where ratios of Python to C can not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections import deque

__all__ = ("Floor",)


class Floor:
    """A block: takes the last one that came back."""

    __slots__ = ("_idle", "_raw")

    def __init__(self, idle: deque[Any]) -> None:
        self._idle = idle

    async def __aenter__(self) -> FloorSession:
        self._raw = self._idle.pop()
        return FloorSession(self._raw)

    async def __aexit__(self, *reason: object) -> None:
        self._idle.append(self._raw)


class FloorSession:
    """Of asyncpg."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    async def one(self, sql: str, *parameters: Any) -> dict[str, Any]:
        """A row."""
        return dict(await self._raw.fetchrow(sql, *parameters))
