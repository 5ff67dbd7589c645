"""What a connection keeps of statements that ran before: prepared ones, and which tables take binary rows."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, TypeAlias

__all__ = ("Prepared", "StatementCache")

MAX_LENGTH = 16_384
"""Characters: longer statements are prepared each time."""

Prepared: TypeAlias = "tuple[Any, tuple[str, ...]]"
"""asyncpg's statement, and the names of its columns."""


class StatementCache:
    """Of one connection; cleared when DDL may have changed what it knows."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.statements: OrderedDict[str, Prepared] = OrderedDict()
        """By text, the oldest first."""
        self.binary_tables: dict[tuple[tuple[str, ...], tuple[str, ...]], bool] = {}
        """By a table's name and columns: whether COPY may send them in binary."""

    def put(self, statement: str, prepared: Prepared) -> None:
        """Keep a statement, and drop the oldest if there are too many."""
        if self._size and len(statement) <= MAX_LENGTH:
            self.statements[statement] = prepared
            if len(self.statements) > self._size:
                self.statements.popitem(last=False)

    def clear(self) -> None:
        """Forget all that depends on the database's objects."""
        self.statements.clear()
        self.binary_tables.clear()
