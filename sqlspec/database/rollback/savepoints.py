"""The savepoints of several sessions in one transaction: who set them, and what may be undone.

A database keeps savepoints as a stack: to undo one undoes all that came after it, whoever did it. Sessions
end in any order. So one that commits out of order stays on the stack until those above it have ended; and
one that would undo another session's work is refused.
"""

from __future__ import annotations

from sqlspec.errors import TransactionAbortedError

__all__ = ("Mark", "Savepoints")


class Mark:
    """A savepoint that stands for a transaction of a session, or for a part of one."""

    __slots__ = ("has_others", "has_writes", "is_done", "name", "owner")

    def __init__(self, name: str, owner: object) -> None:
        self.name, self.owner = name, owner
        self.is_done = False
        """Its session has committed it; it is forgotten when nothing of others is above it any more."""
        self.has_writes = False
        """Its session may have written since it was set."""
        self.has_others = False
        """Other sessions may have written since it was set, and want to keep it."""


class Savepoints:
    """Those of one transaction, the latest last. Decides only; who calls sends the statements."""

    def __init__(self) -> None:
        self._marks: list[Mark] = []

    def new(self, owner: object) -> Mark:
        """One to be set for *owner*. No other has its name: MySQL replaces those of the same name."""
        return Mark(f"sqlspec_nested_{len(self._marks) + 1}", owner)

    def add(self, mark: Mark) -> None:
        """It was set."""
        self._marks.append(mark)

    def is_alone(self, owner: object) -> bool:
        """Whether no other session has anything open."""
        return all(mark.owner is owner or mark.is_done for mark in self._marks)

    @property
    def has_open(self) -> bool:
        """Whether a session has anything open."""
        return bool(self._marks)

    def has_of(self, owner: object) -> bool:
        """Whether *owner* has anything open."""
        return any(mark.owner is owner and not mark.is_done for mark in self._marks)

    def note_write(self, owner: object) -> None:
        """*owner* may be about to write."""
        for mark in reversed(self._marks):
            if mark.owner is owner:
                mark.has_writes = True
                return
            mark.has_others = True

    def keep(self, mark: Mark) -> Mark | None:
        """What is to be released so that the work since *mark* is kept; None: nothing yet."""
        if mark not in self._marks:
            return None
        mark.is_done = True
        above = self._marks[self._marks.index(mark) + 1 :]
        if any(not one.is_done and one.owner is not mark.owner for one in above):
            return None
        return self._forget_from(mark)

    def _forget_from(self, mark: Mark) -> Mark:
        """Forget it and all above it, then those below that have waited for this. Returns the lowest."""
        self._hand_down(self._pop_from(mark))
        return self._forget_done() or mark

    def _forget_done(self) -> Mark | None:
        """Those on top that are committed, and have waited for what was above them. Returns the lowest."""
        lowest = None
        while self._marks and self._marks[-1].is_done:
            lowest = self._marks.pop()
            self._hand_down([lowest])
        return lowest

    def _hand_down(self, gone: list[Mark]) -> None:
        """What was written since them was written since the one below, too."""
        if not self._marks:
            return
        below = self._marks[-1]
        for one in gone:
            below.has_others |= one.has_others
            if one.owner is below.owner:
                below.has_writes |= one.has_writes
            else:
                below.has_others |= one.has_writes

    def _pop_from(self, mark: Mark) -> list[Mark]:
        at = self._marks.index(mark)
        gone, self._marks[at:] = self._marks[at:], []
        return gone

    def undo(self, mark: Mark) -> Mark | None:
        """What is to be rolled back to so that the work since *mark* is undone; None: it is gone already.

        Raises `TransactionAbortedError` if that would undo what another session did.
        """
        if mark not in self._marks:
            return None
        above = self._marks[self._marks.index(mark) + 1 :]
        foreign = [one for one in above if one.owner is not mark.owner]
        if mark.has_others or any(one.has_writes or not one.is_done for one in foreign):
            raise TransactionAbortedError(
                "two sessions overlapped, and one of them rolled back: inside of override(…, rollback=True) "
                "all sessions share one transaction, where its work can not be undone without the other's. "
                "Open one after the other, or give this test a database of its own"
            )
        self._pop_from(mark)
        self._forget_done()
        return mark
