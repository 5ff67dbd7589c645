# Printed from _async.py by tools/print_sync.py; do not edit.
"""The `begin()` blocks of a session: a transaction, or a savepoint within one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.concurrency.interruptions import is_interruption
from sqlspec.errors import InvalidArgumentError
from sqlspec.session.base import CLOSED
from sqlspec.session.call._sync import Call

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from sqlspec.session._sync import Session

__all__ = ("Opening", "Transaction")


class Transaction:
    """A `begin()` block. Blocks nest, and end in reverse order."""

    __slots__ = ("_depth", "_savepoint", "_seconds", "_session")

    def __init__(self, session: Session, seconds: float | None) -> None:
        """*seconds*: how long BEGIN may take, or a savepoint; COMMIT and ROLLBACK have their own limits."""
        self._session, self._depth, self._seconds = session, 0, seconds
        self._savepoint: str | None = None

    def __enter__(self) -> Self:
        session = self._session
        if self._depth:
            msg = "this begin() block is open already; call begin() again for another"
            raise InvalidArgumentError(msg)
        session._unentered = False
        with Call(session, "BEGIN", seconds=self._seconds) as connection:
            if session._begun:
                session._check_savepoints()
                self._savepoint = f"sqlspec_{session._blocks + 1}"
                connection.savepoint(self._savepoint, session._deadline)
            else:
                session._begin_block()
        session._blocks += 1
        self._depth = session._blocks
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        session = self._session
        if session._trouble is CLOSED:
            return
        session._blocks = self._depth - 1
        self._depth = 0
        aborted: BaseException | None = None
        is_kept = self._savepoint is not None and exc is None and session._trouble is None
        seconds = self._seconds if is_kept else None
        try:
            with Call(session, "end of begin()", even_if_aborted=True, seconds=seconds):
                if self._savepoint is None:
                    self._end_transaction(exc)
                else:
                    aborted = self._end_savepoint(self._savepoint, exc)
        except BaseException as error:
            if session._begun:
                session._give_up(exc or error)  # neither kept nor undone: nobody may commit it
            if exc is None or not isinstance(error, Exception) or is_interruption(error):
                raise
            # The body's exception is what the caller sees; why its undoing failed is a note on it.
            exc.add_note(f"rolling back failed too: {error}")
        if aborted is not None:
            raise aborted

    def _end_transaction(self, exc: BaseException | None) -> None:
        if exc is None:
            self._session._commit()
        else:
            self._session._rollback()

    def _end_savepoint(self, name: str, exc: BaseException | None) -> BaseException | None:
        """Keep or undo; returns the error for a block that ended well on what the database had given up."""
        session = self._session
        if exc is None and session._trouble is None:
            session._connection.release_savepoint(name, session._deadline)
            return None
        aborted = None if exc is not None or session._trouble is None else session._aborted()
        session._connection.rollback_to_savepoint(name, session._clean_up_deadline())
        session._recovered()
        return aborted


class Opening(Transaction):
    """The first thing in a transaction, which stays open; undone by a rollback, so without a savepoint."""

    __slots__ = ()

    def _end_transaction(self, exc: BaseException | None) -> None:
        if exc is not None:
            self._session._rollback()
