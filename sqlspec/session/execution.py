"""`execute`, eager for threads and awaitable-with-methods for tasks.

`@async_execution` stands over the async method and `@execution` over the printed one: the first returns
an `AsyncExecution` at once, the second changes nothing, and what it returns is the `Result` itself.
"""

from __future__ import annotations

import sys
import warnings
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import msgspec

from sqlspec.errors import SessionInUseError
from sqlspec.result import Result, V

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

__all__ = ("AsyncExecution", "async_execution", "execution")

T = TypeVar("T")
F = TypeVar("F")


Execution = Result
"""For threads a statement that was executed is its result."""


def execution(method: F) -> F:
    """Leave a sync method as it is."""
    return method


def async_execution(
    method: Callable[..., Coroutine[Any, Any, Result[Any]]],
) -> Callable[..., AsyncExecution[Any]]:
    """Make an async method return its execution instead of a coroutine."""

    @wraps(method)
    def start(
        self: Any,
        sql: str,
        parameters: Any = None,
        *,
        schema_type: Any = None,
        query_timeout: float | None = None,
    ) -> AsyncExecution[Any]:
        return AsyncExecution((method, self, sql, parameters, schema_type, query_timeout))

    return start


# A Struct, because it is made for every statement, and in C.
class AsyncExecution(msgspec.Struct, Generic[T], eq=False):
    """A statement on its way: `await` it for the `Result`, or `await` one of its methods for what is in it.

    It runs once, when first awaited. Awaited again it gives the same result, or raises the same error;
    it never sends again. Dropped without being awaited it has not run, and warns.
    """

    _call: tuple[Any, Any, str, Any, Any, float | None] | None
    """Until it runs: the method, and what it takes."""
    _result: Result[T] | None = None
    _error: BaseException | None = None

    def __await__(self) -> Generator[Any, Any, Result[T]]:
        return self._run().__await__()

    async def _run(self) -> Result[T]:
        call, self._call = self._call, None
        if call is None:
            return self._again()
        method, session, sql, parameters, schema_type, query_timeout = call
        try:
            self._result = result = await method(
                session, sql, parameters, schema_type=schema_type, query_timeout=query_timeout
            )
        except BaseException as exc:
            self._error = exc
            raise
        return result  # type: ignore[no-any-return] # the session's method is untyped here

    async def _as_table(self) -> Result[T]:
        from sqlspec.plugin.results import TABLE_WANTED

        token = TABLE_WANTED.set(True)
        try:
            return await self._run()
        finally:
            TABLE_WANTED.reset(token)

    def _again(self) -> Result[T]:
        if self._result is not None:
            return self._result
        if self._error is not None:
            raise self._error
        msg = "this execution is being awaited by another task; await it once and share the result"
        raise SessionInUseError(msg)

    def __repr__(self) -> str:
        """What has become of it, and its statement until it runs; never a parameter, or an error's text."""
        if self._call is not None:
            return f"<AsyncExecution of {self._call[2]!r}: not awaited>"
        if self._error is not None:
            return f"<AsyncExecution: failed with {type(self._error).__name__}>"
        return f"<AsyncExecution: {'running' if self._result is None else 'done'}>"

    # Bound as defaults: when the interpreter ends, the names of this module are gone before the last objects.
    def __del__(
        self, is_finalizing: Callable[[], bool] = sys.is_finalizing, warn: Callable[..., None] = warnings.warn
    ) -> None:
        if self._call is not None and not is_finalizing():
            warn(
                f"an execution was never awaited, so it never ran: {self._call[2]}",
                RuntimeWarning,
                stacklevel=2,
            )

    async def one(self) -> T:
        """The only row; `NoRowError` or `MultipleRowsError` otherwise."""
        return (await self._run()).one()

    async def one_or_none(self) -> T | None:
        """The only row, or None; `MultipleRowsError` for several."""
        return (await self._run()).one_or_none()

    async def first(self) -> T | None:
        """The first row, or None."""
        return (await self._run()).first()

    async def all(self) -> list[T]:
        """Every row."""
        return (await self._run()).all()

    @overload
    async def scalar(self: AsyncExecution[V]) -> V: ...
    @overload
    async def scalar(self) -> Any: ...
    async def scalar(self) -> Any:
        """The first column of the first row; `NoRowError` without one."""
        return (await self._run()).scalar()

    @overload
    async def scalar_or_none(self: AsyncExecution[V]) -> V | None: ...
    @overload
    async def scalar_or_none(self) -> Any: ...
    async def scalar_or_none(self) -> Any:
        """The first column of the first row, or None without one."""
        return (await self._run()).scalar_or_none()

    @overload
    async def scalars(self: AsyncExecution[V]) -> list[V]: ...
    @overload
    async def scalars(self) -> list[Any]: ...
    async def scalars(self) -> list[Any]:
        """The first column of every row."""
        return (await self._run()).scalars()

    async def arrow(self) -> Any:
        """The rows as a `pyarrow.Table`."""
        return (await self._as_table()).arrow()

    async def pandas(self) -> Any:
        """The rows as a `pandas.DataFrame`."""
        return (await self._as_table()).pandas()

    async def polars(self) -> Any:
        """The rows as a `polars.DataFrame`."""
        return (await self._as_table()).polars()
