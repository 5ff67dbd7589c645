"""Which statements psycopg keeps: not all, because it counts them and not how long they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg._preparing import PrepareManager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg._preparing import Key, Prepare
    from psycopg.pq.abc import PGresult

__all__ = ("MAX_LENGTH", "ShortStatements")

MAX_LENGTH = 16_384
"""Characters: longer statements are sent whole each time."""


class ShortStatements(PrepareManager):
    """Forgets long statements as soon as they ran. Nothing is done for one that is known already."""

    def validate(self, key: Key, prep: Prepare, name: bytes, results: Sequence[PGresult]) -> None:
        """After a statement that is new to psycopg."""
        super().validate(key, prep, name, results)
        if len(key[0]) > MAX_LENGTH:
            self._counts.pop(key, None)  # it is never prepared then, but in a pipeline
