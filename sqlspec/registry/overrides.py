"""Overrides: another database under a name, for the time of a block."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.errors import InvalidArgumentError

if TYPE_CHECKING:
    from types import TracebackType

    from sqlspec.config import DatabaseConfig
    from sqlspec.database import Database
    from sqlspec.registry import SQLSpec

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

__all__ = ("Override",)

DRAIN_TIMEOUT = 10.0
DRAIN_POLL = 0.01


class Override:
    """What `SQLSpec.override` returns. A block: entered once, left once."""

    def __init__(self, registry: SQLSpec, name: str, config: AnyConfig) -> None:
        self._registry, self._name, self._config = registry, name, config
        self.beneath: Database | None = None
        """What this override covers, while it is in force."""

    def __enter__(self) -> AnyConfig:
        if self.beneath is not None:
            msg = "this override is in force already; call override() again for another"
            raise InvalidArgumentError(msg)
        self._registry._push_override(self._name, self, self._config)  # noqa: SLF001 - two halves of one thing
        return self._config

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._registry._pop_override(self._name, self).retire()  # noqa: SLF001

    async def __aenter__(self) -> AnyConfig:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        from asyncio import sleep

        replaced = self._registry._pop_override(self._name, self)  # noqa: SLF001
        replaced.is_retired = True
        until = time.monotonic() + DRAIN_TIMEOUT
        try:
            # By looking again and again: its pools belong to several loops and threads, which share no event.
            while replaced.stats().in_use and time.monotonic() < until:  # noqa: ASYNC110
                await sleep(DRAIN_POLL)
            await replaced.aclose()
        finally:
            replaced.retire()
