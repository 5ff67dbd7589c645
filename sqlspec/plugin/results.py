"""What a driver returned: in memory already, or still with the driver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence  # noqa: TC003 - msgspec reads the annotations
from contextvars import ContextVar
from typing import Any

import msgspec

from .contract import Row  # noqa: TC001 - the same

__all__ = ("TABLE_WANTED", "LazyResult", "RawResult", "fetch_now")

TABLE_WANTED: ContextVar[bool] = ContextVar("sqlspec_table_wanted", default=False)
"""Whether the caller awaits `arrow()` or the like: then a result need not become Python objects first."""


class RawResult(msgspec.Struct, eq=False, gc=False):  # a Struct, because it is made in C
    """What a driver returned, untouched: column names and rows as tuples, all of them in memory."""

    columns: tuple[str, ...] = ()
    rows: Sequence[Row] = ()
    rowcount: int = -1
    """Rows that were changed, or returned where the driver says so; -1 when it does not know (PEP 249)."""
    lastrowid: int | None = None
    """The key that the last INSERT made, where the database has such a thing (PEP 249)."""
    more: Sequence[RawResult] = ()
    """What else the same statement returned, in order: a procedure may return several results."""
    arrow_types: Callable[[], Sequence[Any]] | None = None
    """Called for an Arrow table: a `pyarrow.DataType` for each column, as the database declares it. None for
    a column whose type must be found in its values; no function where that is so for all."""

    def to_arrow(self) -> Any:
        """The rows as a `pyarrow.Table`, where the driver has a way without Python objects; else None."""
        return None


class LazyResult(ABC):
    """A result whose rows are still with the driver when `execute` returns, in place of a `RawResult`.

    For drivers that have more than one form of it, such as Arrow. Core calls `fetch_now` in the same call,
    in its thread; afterwards any thread may read, and nothing that the driver raises comes late.
    """

    columns: tuple[str, ...]
    rowcount: int = -1
    lastrowid: int | None = None
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
