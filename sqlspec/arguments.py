"""What callers of sessions pass, as type checkers see it: parameters, and the levels of isolation.

Read by type checkers alone, but for the door's `IsolationLevel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Protocol, TypeAlias

__all__ = ("IsolationLevel", "Parameters", "Positional")

IsolationLevel: TypeAlias = Literal[
    "read uncommitted",
    "read committed",
    "repeatable read",
    "serializable",
    "READ UNCOMMITTED",
    "READ COMMITTED",
    "REPEATABLE READ",
    "SERIALIZABLE",
]
"""What `isolation=` of a session takes."""


class Positional(Protocol):
    """A tuple, a list or any other sequence, but not a text: that would be one parameter for each letter."""

    # Here texts differ from other sequences: theirs takes a part of the text alone.
    def __contains__(self, value: object, /) -> bool: ...

    def __getitem__(self, index: int, /) -> Any: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...

    def index(self, value: Any, /) -> int:
        """As of every sequence."""
        ...

    def count(self, value: Any, /) -> int:
        """As of every sequence."""
        ...


Parameters: TypeAlias = Positional | Mapping[str, Any] | None
"""What a statement's placeholders stand for."""
