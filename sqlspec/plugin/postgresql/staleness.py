"""What a connection keeps of types and statements, and another session has changed meanwhile.

The server refuses such a statement; that may cost an error, but only one: the connection forgets what it
keeps, and so do the others of its pool before they are used again. Found out by errors, because the server
tells nobody of a change.
"""

from __future__ import annotations

from threading import Lock

__all__ = ("SchemaChanges", "is_about_types", "may_be_stale")

_NAMES = frozenset({"42703", "42704", "42725", "42804", "42846", "42883", "42P01", "42P02", "42P18"})
"""What a statement names is not there, or is of another type."""
_FORMS = frozenset({"0A000", "08P01", "22P03", "42804"})
"""A plan or a value does not have the form that it needs now."""


def is_about_types(sqlstate: str | None, *, is_kept: bool, in_function: bool) -> bool:
    """Whether an error may come of types, tables or functions that are not any more what they were.

    *is_kept*: the statement was prepared or learned about before. *in_function*: it ran another statement,
    which failed.
    """
    state = sqlstate or ""
    # While the server reads a parameter it says so as it says where in a function it is.
    return state in _FORMS or state.startswith("XX") or (is_kept and state in _NAMES and not in_function)


def may_be_stale(sqlstate: str | None) -> bool:
    """Whether preparing a kept statement again may help after an error."""
    return (sqlstate or "").startswith(("0A", "22P", "26", "42"))


class SchemaChanges:
    """What the connections of one pool have found to be stale. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[str | None, ...] = ()
        self.count = 0
        """How many there were: a connection compares it with how many it knows."""

    def add(self, statement: str | None) -> None:
        """Note that a statement is stale, or with None everything."""
        with self._lock:
            self._last = (*self._last[-7:], statement)
            self.count += 1

    def since(self, count: int) -> tuple[str | None, ...]:
        """What came after the first *count* of them; None stands for everything."""
        with self._lock:
            new = self.count - count
            return (None,) if new > len(self._last) else self._last[-new:] if new else ()
