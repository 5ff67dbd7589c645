"""The hooks as types: what an adapter's functions must look like, and what core calls.

    import sqlspec_mydb.plugin
    plugin: SyncAdapterPlugin = sqlspec_mydb.plugin      # mypy and pyright check every hook of the module

A plugin is a module or an instance. Of a hook's arguments it may name those it needs, in any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from sqlspec.lending import AsyncPoolLike, PoolLike

    from ._async import AsyncPooledConnection
    from ._sync import PooledConnection
    from .contract import Resources, SessionOptions
    from .info import AdapterInfo

__all__ = (
    "AdapterPlugin",
    "AsyncAdapterPlugin",
    "AsyncConnect",
    "AsyncPoolPlugin",
    "AsyncSessionPlugin",
    "Connect",
    "CreateAsyncConnection",
    "CreateAsyncPool",
    "CreateAsyncSession",
    "CreateConnection",
    "CreatePool",
    "CreateSession",
    "PoolPlugin",
    "SessionPlugin",
    "SyncAdapterPlugin",
)

# --- what core hands to a pool --------------------------------------------------------------------


class Connect(Protocol):
    """Opens a connection for a pool, by the adapter's hook and whatever wraps it."""

    @property
    def label(self) -> str:
        """What errors call the database."""
        ...

    def __call__(self) -> PooledConnection[Any]:
        """Open one. Raises `ConnectError`."""
        ...


class AsyncConnect(Protocol):
    """The same for a pool of tasks."""

    @property
    def label(self) -> str:
        """What errors call the database."""
        ...

    def __call__(self) -> Awaitable[AsyncPooledConnection[Any]]:
        """Open one, when awaited. Raises `ConnectError`."""
        ...


# --- what core calls: all arguments ---------------------------------------------------------------


class CreateConnection(Protocol):
    """`sqlspec_create_connection`, resolved."""

    def __call__(self, config: Any, resources: Resources) -> PooledConnection[Any]:
        """Open one connection."""
        ...


class CreateAsyncConnection(Protocol):
    """`sqlspec_create_async_connection`, resolved."""

    def __call__(self, config: Any, resources: Resources) -> Awaitable[AsyncPooledConnection[Any]]:
        """Open one connection, when awaited."""
        ...


class CreatePool(Protocol):
    """`sqlspec_create_pool`, resolved."""

    def __call__(self, config: Any, connect: Connect) -> PoolLike:
        """Make a pool."""
        ...


class CreateAsyncPool(Protocol):
    """`sqlspec_create_async_pool`, resolved."""

    def __call__(self, config: Any, connect: AsyncConnect) -> AsyncPoolLike:
        """Make the pool of the running event loop."""
        ...


class CreateSession(Protocol):
    """`sqlspec_create_session`, resolved."""

    def __call__(self, config: Any, connection: Any, options: SessionOptions) -> object:
        """Make a session."""
        ...


class CreateAsyncSession(Protocol):
    """`sqlspec_create_async_session`, resolved."""

    def __call__(self, config: Any, connection: Any, options: SessionOptions) -> object:
        """Make a session."""
        ...


# --- what authors write: fewer arguments will do --------------------------------------------------
# Keyword-only, because hooks are matched by name: mypy compares the names of positional arguments loosely.


class _Connection(Protocol):
    def __call__(self, *, config: Any, resources: Resources) -> PooledConnection[Any]: ...


class _ConnectionOfConfig(Protocol):
    def __call__(self, *, config: Any) -> PooledConnection[Any]: ...


class _AsyncConnection(Protocol):
    def __call__(self, *, config: Any, resources: Resources) -> Awaitable[AsyncPooledConnection[Any]]: ...


class _AsyncConnectionOfConfig(Protocol):
    def __call__(self, *, config: Any) -> Awaitable[AsyncPooledConnection[Any]]: ...


class _Pool(Protocol):
    def __call__(self, *, config: Any, connect: Connect) -> PoolLike: ...


class _AsyncPool(Protocol):
    def __call__(self, *, config: Any, connect: AsyncConnect) -> AsyncPoolLike: ...


class _Session(Protocol):
    def __call__(self, *, config: Any, connection: Any, options: SessionOptions) -> object: ...


class _SessionOfBoth(Protocol):
    def __call__(self, *, config: Any, connection: Any) -> object: ...


class _SessionOfConnection(Protocol):
    def __call__(self, *, connection: Any) -> object: ...


_AnyConnection: TypeAlias = "_Connection | _ConnectionOfConfig"
_AnyAsyncConnection: TypeAlias = "_AsyncConnection | _AsyncConnectionOfConfig"
_AnySession: TypeAlias = "_Session | _SessionOfBoth | _SessionOfConnection"


class SyncAdapterPlugin(Protocol):
    """An adapter for a sync driver."""

    @property
    def ADAPTER(self) -> AdapterInfo:  # noqa: N802 - a constant of the module
        """What it says about itself."""
        ...

    @property
    def sqlspec_create_connection(self) -> _AnyConnection:
        """See `hookspecs`."""
        ...


class AsyncAdapterPlugin(Protocol):
    """An adapter for an async driver."""

    @property
    def ADAPTER(self) -> AdapterInfo:  # noqa: N802 - a constant of the module
        """What it says about itself."""
        ...

    @property
    def sqlspec_create_async_connection(self) -> _AnyAsyncConnection:
        """See `hookspecs`."""
        ...


AdapterPlugin: TypeAlias = SyncAdapterPlugin | AsyncAdapterPlugin


class PoolPlugin(Protocol):
    """An adapter that brings its own pool."""

    @property
    def sqlspec_create_pool(self) -> _Pool:
        """See `hookspecs`."""
        ...


class AsyncPoolPlugin(Protocol):
    """An adapter that brings its own async pool."""

    @property
    def sqlspec_create_async_pool(self) -> _AsyncPool:
        """See `hookspecs`."""
        ...


class SessionPlugin(Protocol):
    """An adapter whose sessions are not `sqlspec.Session`."""

    @property
    def sqlspec_create_session(self) -> _AnySession:
        """See `hookspecs`."""
        ...


class AsyncSessionPlugin(Protocol):
    """An adapter whose async sessions are not `sqlspec.AsyncSession`."""

    @property
    def sqlspec_create_async_session(self) -> _AnySession:
        """See `hookspecs`."""
        ...
