"""What lends, as its callers see it: pools with their leases, and the blocks of `with`.

Read by type checkers alone. Whoever makes such an object stands far above those who only name its type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

__all__ = (
    "AsyncBlock",
    "AsyncPoolLike",
    "Block",
    "LeaseLike",
    "MakeStandalone",
    "PoolLike",
    "Standalone",
)

S_co = TypeVar("S_co", covariant=True)
A_co = TypeVar("A_co", covariant=True)


class LeaseLike(Protocol):
    """One borrowed connection."""

    @property
    def connection(self) -> Any:
        """What the pool lends: a `PooledConnection`, or any other object, which is lent as it is."""
        ...


class PoolLike(Protocol):
    """What `sqlspec_create_pool` returns. Thread-safe. Deadlines are `time.monotonic()` seconds.

    For its errors, `connect.label` is what users call the database.
    """

    def acquire(self, deadline: float | None = None) -> LeaseLike:
        """Borrow; waits no longer than *deadline*, or the config's `pool_timeout`."""
        ...

    def release(self, lease: Any, ok: bool) -> None:
        """Give back; *ok* says that the connection is provably clean."""
        ...

    def retire(self) -> None:
        """Lend no more: drop what is idle now, and the rest when it returns. Never waits."""
        ...

    def close(self, deadline: float | None = None) -> None:
        """Retire, and close what is idle."""
        ...

    def abandon(self) -> None:
        """Forget every connection without touching it: they belong to another process."""
        ...

    def stats(self) -> Any:
        """A snapshot of counters."""
        ...


class AsyncPoolLike(Protocol):
    """What `sqlspec_create_async_pool` returns: `PoolLike`, waiting in the event loop it was made for."""

    async def acquire(self, deadline: float | None = None) -> LeaseLike:
        """Borrow; waits no longer than *deadline*, or the config's `pool_timeout`."""
        ...

    async def release(self, lease: Any, ok: bool) -> None:
        """Give back; *ok* says that the connection is provably clean."""
        ...

    def retire(self) -> None:
        """Lend no more: drop what is idle now, and the rest when it returns. Never waits."""
        ...

    async def close(self, deadline: float | None = None) -> None:
        """Retire, and close what is idle."""
        ...

    def abandon(self) -> None:
        """Forget every connection without touching it."""
        ...

    def stats(self) -> Any:
        """A snapshot of counters."""
        ...


class Standalone(Protocol):
    """What a config uses to connect without a registry."""

    def create_pool(self) -> PoolLike:
        """A new pool for threads."""
        ...

    def create_async_pool(self) -> AsyncPoolLike:
        """A new pool for the running event loop."""
        ...

    def provide_connection(self) -> Block[Any, Any]:
        """A connection for one block."""
        ...

    def provide_session(
        self,
        *,
        autocommit: bool | None,
        read_only: bool | None,
        isolation: str | None,
        query_timeout: float | None,
    ) -> Block[Any, Any]:
        """A session for one block."""
        ...


class MakeStandalone(Protocol):
    """What makes it, of a config."""

    def __call__(self, config: Any) -> Standalone:
        """For one config; opens nothing."""
        ...


class AsyncBlock(Protocol[A_co]):
    """`async with` lends; what was lent is given back when the block ends."""

    async def __aenter__(self) -> A_co: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Block(AsyncBlock[A_co], Protocol[S_co, A_co]):
    """`with` or `async with` lends; what was lent is given back when the block ends."""

    async def reserve(self) -> None:
        """Wait in the running event loop, before a thread enters the block; see `SQLSpec.provide_session`."""
        ...

    def cancel_reservation(self) -> None:
        """Give back what was reserved, when the block is not entered after all."""
        ...

    def __enter__(self) -> S_co: ...

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None: ...
