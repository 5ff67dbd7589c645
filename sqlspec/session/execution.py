"""`execute`, eager for threads and awaitable-with-methods for tasks.

`@async_execution` stands over the async method and `@execution` over the printed one: the first returns
an `AsyncExecution` at once, the second changes nothing, and what it returns is the `Result` itself.
"""

from __future__ import annotations

from collections.abc import Coroutine  # noqa: TC003 - whoever asks for the types of the methods needs it
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import msgspec

from sqlspec.errors import SessionInUseError
from sqlspec.result import Result, V

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ("AsyncExecution", "async_execution", "execution")

T = TypeVar("T")
F = TypeVar("F")
R = TypeVar("R")


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
        running = method(self, sql, parameters, schema_type=schema_type, query_timeout=query_timeout)
        return AsyncExecution(running, sql)

    return start


# A Struct, because it is made for every statement, and in C.
class AsyncExecution(msgspec.Struct, Generic[T], eq=False):
    """A statement on its way: `await` it for the `Result`, or `await` one of its methods for what is in it.

    It runs once, when first awaited. Awaited again it gives the same result, or raises the same error;
    it never sends again. Dropped without being awaited it has not run, and Python warns of the coroutine.
    """

    _coroutine: Coroutine[Any, Any, Result[T]] | None
    """Until it runs."""
    _sql: str
    _result: Result[T] | None = None
    _error: BaseException | None = None

    def __await__(self) -> Generator[Any, Any, Result[T]]:
        return self._then(_itself).__await__()

    # The methods below are no coroutines of their own: each would be another call at every step.
    async def _then(self, pick: Callable[[Result[T]], R]) -> R:
        coroutine, self._coroutine = self._coroutine, None
        if coroutine is None:
            return pick(self._again())
        try:
            self._result = result = await coroutine
        except BaseException as exc:
            self._error = exc
            raise
        return pick(result)

    async def _as_table(self, pick: Callable[[Result[T]], Any]) -> Any:
        from sqlspec.plugin.results import TABLE_WANTED

        token = TABLE_WANTED.set(True)
        try:
            return await self._then(pick)
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
        if self._coroutine is not None:
            return f"<AsyncExecution of {self._sql!r}: not awaited>"
        if self._error is not None:
            return f"<AsyncExecution: failed with {type(self._error).__name__}>"
        return f"<AsyncExecution: {'running' if self._result is None else 'done'}>"

    def one(self) -> Coroutine[Any, Any, T]:
        """The only row; `NoRowError` or `MultipleRowsError` otherwise."""
        return self._then(Result.one)

    def one_or_none(self) -> Coroutine[Any, Any, T | None]:
        """The only row, or None; `MultipleRowsError` for several."""
        return self._then(Result.one_or_none)

    def first(self) -> Coroutine[Any, Any, T | None]:
        """The first row, or None."""
        return self._then(Result.first)

    def all(self) -> Coroutine[Any, Any, list[T]]:
        """Every row."""
        return self._then(Result.all)

    @overload
    def scalar(self: AsyncExecution[V]) -> Coroutine[Any, Any, V]: ...
    @overload
    def scalar(self) -> Coroutine[Any, Any, Any]: ...
    def scalar(self) -> Coroutine[Any, Any, Any]:
        """The first column of the first row; `NoRowError` without one."""
        return self._then(Result.scalar)

    @overload
    def scalar_or_none(self: AsyncExecution[V]) -> Coroutine[Any, Any, V | None]: ...
    @overload
    def scalar_or_none(self) -> Coroutine[Any, Any, Any]: ...
    def scalar_or_none(self) -> Coroutine[Any, Any, Any]:
        """The first column of the first row, or None without one."""
        return self._then(Result.scalar_or_none)

    @overload
    def scalars(self: AsyncExecution[V]) -> Coroutine[Any, Any, list[V]]: ...
    @overload
    def scalars(self) -> Coroutine[Any, Any, list[Any]]: ...
    def scalars(self) -> Coroutine[Any, Any, list[Any]]:
        """The first column of every row."""
        return self._then(Result.scalars)

    def arrow(self) -> Coroutine[Any, Any, Any]:
        """The rows as a `pyarrow.Table`."""
        return self._as_table(Result.arrow)

    def pandas(self) -> Coroutine[Any, Any, Any]:
        """The rows as a `pandas.DataFrame`."""
        return self._as_table(Result.pandas)

    def polars(self) -> Coroutine[Any, Any, Any]:
        """The rows as a `polars.DataFrame`."""
        return self._as_table(Result.polars)


def _itself(result: Result[T]) -> Result[T]:
    return result
