"""A result that is still with the driver when `execute` returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .contract import RawResult, Row

__all__ = ("TABLE_WANTED", "LazyResult", "fetch_now")

TABLE_WANTED: ContextVar[bool] = ContextVar("sqlspec_table_wanted", default=False)
"""Whether the caller awaits `arrow()` or the like: then a result need not become Python objects first."""


class LazyResult(ABC):
    """A result whose rows are still with the driver when `execute` returns, in place of a `RawResult`.

    For drivers that have more than one form of it, such as Arrow. Core calls `fetch_now` in the same call,
    in its thread; afterwards any thread may read, and nothing that the driver raises comes late.
    """

    columns: tuple[str, ...]
    rowcount: int = -1
    lastrowid: int | None = None
    row_count: int | None = None
    """How many rows it has, if that is known without making them: for observers."""
    more: Sequence[RawResult | LazyResult] = ()
    arrow_types: Callable[[], Sequence[Any]] | None = None

    @abstractmethod
    def fetch_now(self, *, as_table: bool) -> None:
        """Run the statement to its end, and keep what it returned; *as_table*: it will be read as Arrow.

        Raises what the statement raises, so that `execute` does. Called again it does nothing.
        """

    @property
    @abstractmethod
    def rows(self) -> Sequence[Row]:
        """The rows as tuples."""

    def to_arrow(self) -> Any:
        """The rows as a `pyarrow.Table`; None where that would have to be made of the rows."""
        return None


def fetch_now(result: RawResult | LazyResult) -> None:
    """Leave nothing of *result* with the driver. In the thread of the call, before it ends."""
    if isinstance(result, LazyResult):
        result.fetch_now(as_table=TABLE_WANTED.get())
