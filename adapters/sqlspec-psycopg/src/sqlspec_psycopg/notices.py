"""What the server says besides its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.pq import DiagnosticField

from sqlspec.plugin.postgresql import is_local_commit, local_commit

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg.pq.abc import PGresult

    from sqlspec.errors import CommitOutcomeUnknownError

__all__ = ("NoticeWatch",)


class NoticeWatch:
    """Stands before psycopg's own handler of notices, and notes what concerns the session.

    Holds no connection, which would be a circle.
    """

    __slots__ = ("_pass_on", "has_local_commit")

    def __init__(self, pass_on: Callable[[PGresult], None] | None) -> None:
        self._pass_on = pass_on
        self.has_local_commit = False
        """The server has committed for itself alone, and nobody was told yet."""

    def __call__(self, result: PGresult) -> None:
        """A notice has come; an error in here would be swallowed."""
        routine = result.error_field(DiagnosticField.SOURCE_FUNCTION)
        if routine is not None and is_local_commit(routine.decode("ascii", "replace")):
            self.has_local_commit = True
        if self._pass_on is not None:
            self._pass_on(result)

    def take_local_commit(self) -> CommitOutcomeUnknownError:
        """The error for it, which is raised once."""
        self.has_local_commit = False
        return local_commit()
