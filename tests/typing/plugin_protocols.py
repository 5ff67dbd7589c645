"""What mypy and pyright accept as an adapter, and what they must refuse. Checked, never run.

Each refusal stands under an ignore of both checkers, and both report an ignore that is not needed. Each
checker has its own copy: pyright obeys mypy's ignores, too.
"""
# ruff: noqa: D102 - the names of the classes say what is tried
# mypy: disable-error-code=empty-body
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

import sqlspec_sqlite.plugin
from sqlspec.plugin import (
    AdapterInfo,
    AsyncAdapterPlugin,
    AsyncConnection,
    AsyncPooledConnection,
    AsyncPoolLike,
    Connection,
    PooledConnection,
    PoolLike,
    Resources,
    SessionOptions,
    SyncAdapterPlugin,
    hookimpl,
)
from sqlspec.plugin.protocols import (
    AdapterPlugin,
    AsyncPoolPlugin,
    AsyncSessionPlugin,
    Connect,
    CreateAsyncConnection,
    CreateConnection,
    CreatePool,
    PoolPlugin,
    SessionPlugin,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlspec.loading.manager import Plugins

MYPY = False  # mypy takes it for true
INFO = AdapterInfo(name="mine", config_type="mine:Config")


class Config:
    """The author's own config."""


# --- accepted -----------------------------------------------------------------------------------


class SyncOne:
    """A part of the arguments, as an instance."""

    ADAPTER = INFO

    @hookimpl
    def sqlspec_create_connection(self, config: Config) -> Connection[Any]: ...


class SyncAll:
    """All of them, in another order, in a static method."""

    ADAPTER = INFO

    @staticmethod
    @hookimpl
    def sqlspec_create_connection(resources: Resources, config: Config) -> Connection[Any]: ...


class AsyncOne:
    """An `async def`."""

    ADAPTER = INFO

    @hookimpl
    async def sqlspec_create_async_connection(self, config: Config) -> AsyncConnection[Any]: ...


class AsyncAll:
    """A function that returns an awaitable, with pool and sessions."""

    ADAPTER = INFO

    @hookimpl
    def sqlspec_create_async_connection(
        self, config: Config, resources: Resources
    ) -> Awaitable[AsyncConnection[Any]]: ...

    @hookimpl
    def sqlspec_create_async_pool(
        self, config: Config, connect: Callable[[], Awaitable[AsyncPooledConnection[Any]]]
    ) -> AsyncPoolLike: ...

    @hookimpl
    def sqlspec_create_async_session(self, config: Config, connection: AsyncConnection[Any]) -> list[int]: ...


class Everything(SyncAll):
    """Pool and session of its own."""

    @hookimpl
    def sqlspec_create_pool(self, config: Config, connect: Connect) -> PoolLike: ...

    @hookimpl
    def sqlspec_create_session(
        self, config: Config, connection: Connection[Any], options: SessionOptions
    ) -> list[int]: ...


class WithoutSQL:
    """The lower step of the contract is enough."""

    ADAPTER = INFO

    @hookimpl
    def sqlspec_create_connection(self, config: Config) -> PooledConnection[Any]: ...

    @hookimpl
    async def sqlspec_create_async_connection(self, config: Config) -> AsyncPooledConnection[Any]: ...


a: SyncAdapterPlugin = SyncOne()
b: SyncAdapterPlugin = SyncAll()
c: AsyncAdapterPlugin = AsyncOne()
d: AsyncAdapterPlugin = AsyncAll()
e: tuple[AdapterPlugin, AdapterPlugin] = (SyncOne(), AsyncOne())
f: PoolPlugin = Everything()
g: SessionPlugin = Everything()
h: AsyncPoolPlugin = AsyncAll()
i: AsyncSessionPlugin = AsyncAll()
u: SyncAdapterPlugin = WithoutSQL()
v: AsyncAdapterPlugin = WithoutSQL()
module: SyncAdapterPlugin = sqlspec_sqlite.plugin


# --- refused ------------------------------------------------------------------------------------


class WrongName:
    """The argument is called `config`."""

    ADAPTER = INFO

    @hookimpl
    def sqlspec_create_connection(self, cfg: Config) -> Connection[Any]: ...


class UnknownArgument:
    """There is no `options` here."""

    ADAPTER = INFO

    @hookimpl
    def sqlspec_create_connection(self, config: Config, options: SessionOptions) -> Connection[Any]: ...


class WrongResult:
    """A string is no connection."""

    ADAPTER = INFO

    @hookimpl
    def sqlspec_create_connection(self, config: Config) -> str: ...


class NotAwaitable:
    """An async hook that is not."""

    ADAPTER = INFO

    @hookimpl
    def sqlspec_create_async_connection(self, config: Config) -> AsyncConnection[Any]: ...


class SyncIsAsync:
    """A sync hook that is async."""

    ADAPTER = INFO

    @hookimpl
    async def sqlspec_create_connection(self, config: Config) -> Connection[Any]: ...


class WrongResources:
    """`resources` is no string."""

    ADAPTER = INFO

    @hookimpl
    def sqlspec_create_connection(self, config: Config, resources: str) -> Connection[Any]: ...


class Misspelled:
    """Not the hook's name."""

    ADAPTER = INFO

    @hookimpl
    def sqlspec_creat_connection(self, config: Config) -> Connection[Any]: ...


class NoInfo:
    """Not an AdapterInfo."""

    ADAPTER = "mine"

    @hookimpl
    def sqlspec_create_connection(self, config: Config) -> Connection[Any]: ...


class WrongPool:
    """`connect` makes connections, not strings."""

    @hookimpl
    def sqlspec_create_pool(self, config: Config, connect: Callable[[str], str]) -> PoolLike: ...


class WrongSession:
    """The argument is called `connection`."""

    @hookimpl
    def sqlspec_create_session(self, config: Config, conn: Connection[Any]) -> object: ...


if MYPY:
    j: SyncAdapterPlugin = WrongName()  # type: ignore[assignment]
    k: SyncAdapterPlugin = UnknownArgument()  # type: ignore[assignment]
    m: SyncAdapterPlugin = WrongResult()  # type: ignore[assignment]
    n: AsyncAdapterPlugin = NotAwaitable()  # type: ignore[assignment]
    o: SyncAdapterPlugin = SyncIsAsync()  # type: ignore[assignment]
    p: SyncAdapterPlugin = WrongResources()  # type: ignore[assignment]
    q: AdapterPlugin = Misspelled()  # type: ignore[assignment]
    r: AdapterPlugin = NoInfo()  # type: ignore[assignment]
    s: PoolPlugin = WrongPool()  # type: ignore[assignment]
    t: SessionPlugin = WrongSession()  # type: ignore[assignment]
else:
    j: SyncAdapterPlugin = WrongName()  # pyright: ignore[reportAssignmentType]
    k: SyncAdapterPlugin = UnknownArgument()  # pyright: ignore[reportAssignmentType]
    m: SyncAdapterPlugin = WrongResult()  # pyright: ignore[reportAssignmentType]
    n: AsyncAdapterPlugin = NotAwaitable()  # pyright: ignore[reportAssignmentType]
    o: SyncAdapterPlugin = SyncIsAsync()  # pyright: ignore[reportAssignmentType]
    p: SyncAdapterPlugin = WrongResources()  # pyright: ignore[reportAssignmentType]
    q: AdapterPlugin = Misspelled()  # pyright: ignore[reportAssignmentType]
    r: AdapterPlugin = NoInfo()  # pyright: ignore[reportAssignmentType]
    s: PoolPlugin = WrongPool()  # pyright: ignore[reportAssignmentType]
    t: SessionPlugin = WrongSession()  # pyright: ignore[reportAssignmentType]


# --- what core gets -----------------------------------------------------------------------------


def core(plugins: Plugins, config: Config, resources: Resources) -> None:
    """A hook's name decides the type of what is called."""
    create = plugins.hook("sqlspec_create_connection", "mine")
    assert_type(create, CreateConnection | None)
    assert_type(plugins.hook("sqlspec_create_async_connection", "mine"), CreateAsyncConnection | None)
    assert_type(plugins.hook("sqlspec_create_pool", "mine"), CreatePool | None)
    if create is not None:
        assert_type(create(config, resources), PooledConnection[Any])
        assert_type(create(config=config, resources=resources), PooledConnection[Any])
