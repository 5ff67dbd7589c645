# pyright: reportMissingTypeStubs=false
"""What a connection keeps of statements that ran before: prepared ones, and those without types."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from sqlspec.plugin.postgresql import is_about_types, may_be_stale

from .errors import is_from_server

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlspec.plugin.postgresql import SchemaChanges

    from .casts import ParameterFit
    from .columns import Columns

__all__ = ("Prepared", "StatementCache")

MAX_LENGTH = 16_384
"""Characters: longer statements are prepared each time."""

FEW = 16

Prepared: TypeAlias = "tuple[Any, Columns, ParameterFit]"
"""asyncpg's statement, the names of its columns, and what it takes."""


class StatementCache:
    """Of one connection; cleared when DDL may have changed what it knows."""

    def __init__(self, size: int, changes: SchemaChanges) -> None:
        """*changes*: what the pool's connections have found to be stale."""
        self._size, self.changes = size, changes
        self.known_changes = changes.count
        """As long as it is that of `changes`, the other connections know nothing that this one does not."""
        self.statements: OrderedDict[str, Prepared] = OrderedDict()
        """By text, the oldest first."""
        self.elements: dict[int, int | None] = {}
        """See `sqlspec.plugin.postgresql.arrow_types`."""
        self.untyped: set[str] = set()
        """Those whose parameters have types only if the statement names them."""

    def put(self, statement: str, prepared: Prepared) -> None:
        """Keep a statement, and drop the oldest if there are too many."""
        if self._size and len(statement) <= MAX_LENGTH:
            self.statements[statement] = prepared
            if len(self.statements) > self._size:
                self.statements.popitem(last=False)

    @contextmanager
    def keeping(self) -> Generator[None, None, None]:
        """Keep some statements meanwhile, even if none are to be kept: each row of a call may need them."""
        size, self._size = self._size, max(self._size, FEW)
        try:
            yield
        finally:
            self._size = size
            if not size:
                self.clear()

    def note_untyped(self, statement: str) -> None:
        """The server can not infer this one's types."""
        if len(self.untyped) >= self._size:
            self.untyped.clear()
        if len(statement) <= MAX_LENGTH:
            self.untyped.add(statement)

    def note_failure(self, statement: str, failure: Exception, *, is_kept: bool) -> bool:
        """Forget what an error shows to be stale, here and in the pool's other connections.

        True: types may have changed, too, which asyncpg itself must forget.
        """
        state = getattr(failure, "sqlstate", None)
        in_function = getattr(failure, "context", None) is not None
        if isinstance(failure, asyncpg.OutdatedSchemaCacheError) or (
            is_from_server(failure) and is_about_types(state, is_kept=is_kept, in_function=in_function)
        ):
            self.clear()
            self.changes.add(None)
            return True
        if is_kept and may_be_stale(state):
            self.statements.pop(statement, None)
            self.changes.add(statement)
        return False

    def catch_up(self) -> bool:
        """Forget what other connections of the pool found to be stale. True: types may be, too."""
        count, has_types = self.changes.count, False
        for statement in self.changes.since(self.known_changes):
            if statement is None:
                self.clear()
                has_types = True
            else:
                self.statements.pop(statement, None)
        self.known_changes = count
        return has_types

    def clear(self) -> None:
        """Forget all that depends on the database's objects."""
        self.statements.clear()
        self.untyped.clear()
        self.elements = {}  # results may still have the old ones
