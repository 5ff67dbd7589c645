"""A config used alone, without a registry: connect, run, close."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.forks import retire_in_child
from sqlspec.loading.manager import Plugins
from sqlspec.plugin.contract import SessionOptions

from .blocks import EitherConnectionBlock, EitherSessionBlock
from .database import DEFAULT_OPTIONS, Database
from .defaults import Defaults

if TYPE_CHECKING:
    from types import TracebackType

    from sqlspec.config import DatabaseConfig
    from sqlspec.lending import AsyncPoolLike, PoolLike

__all__ = ("Standalone", "process_plugins")


class _Lone:
    """Ends its database with its block."""

    __slots__ = ()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, exc, trace)  # type: ignore[misc] # the block's, next in line
        finally:
            self._database.retire()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await super().__aexit__(kind, exc, trace)  # type: ignore[misc]
        finally:
            await self._database.aclose()
            self._database.retire()

    if TYPE_CHECKING:
        _database: Database


class _LoneSession(_Lone, EitherSessionBlock[Any, Any]):
    """A session whose database ends with it."""


class _LoneConnection(_Lone, EitherConnectionBlock[Any, Any]):
    """A driver's connection whose database ends with it."""


class Standalone:
    """What a config can do by itself."""

    def __init__(self, config: DatabaseConfig[Any, Any, Any, Any]) -> None:
        self._config = config

    def _database(self) -> Database:
        return Database(self._config.adapter, self._config, process_plugins())

    def create_pool(self) -> PoolLike:
        """A new pool for threads; the caller closes it. An in-memory database lives as long as the pool.

        In a forked child it lends no more: make another there.
        """
        pool = self._database().make().pool("config.create_async_pool()")
        _note(pool)
        return pool

    def create_async_pool(self) -> AsyncPoolLike:
        """A new pool for the running loop; the caller closes it. In a forked child it lends no more."""
        pool = self._database().make().async_pool()
        _note(pool)
        return pool

    def provide_connection(self) -> EitherConnectionBlock[Any, Any]:
        """A connection opened for one block."""
        return _LoneConnection(self._database(), DEFAULT_OPTIONS)

    def provide_session(
        self,
        *,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: str | None = None,
        query_timeout: float | None = None,
    ) -> EitherSessionBlock[Any, Any]:
        """A session on a connection opened for one block."""
        options = SessionOptions(
            autocommit=autocommit, read_only=read_only, isolation=isolation, query_timeout=query_timeout
        )
        return _LoneSession(self._database(), options)


def process_plugins() -> Plugins:
    """The plugins of configs that are used alone, without a registry."""
    # setdefault is atomic: of two that come first at once, both get the same.
    return _process.get("") or _process.setdefault("", Plugins(defaults=Defaults()))


_process: dict[str, Plugins] = {}


def _note(pool: PoolLike | AsyncPoolLike) -> None:
    with suppress(TypeError):  # an adapter's own, which can not be held weakly, has its own ways with forks
        retire_in_child(pool, _abandon)


def _abandon(pool: PoolLike | AsyncPoolLike) -> None:
    pool.abandon()
