"""What is special about COMMIT: nobody stops it half-way, and a server may have done it for itself alone.

A server with synchronous standbys commits, then waits until they have it. An administrator, or a request to
cancel, can end that wait: then the server acknowledges the COMMIT, with a warning. The work is lost if a
standby takes over that has not got it, so this is no success.
"""

from __future__ import annotations

import re

from sqlspec.errors import CommitOutcomeUnknownError

__all__ = ("is_commit", "is_local_commit", "local_commit")

WAITS_FOR_STANDBYS = "SyncRepWaitForLSN"
"""The server's function that waits, and warns: its name is not translated, and the warning's SQLSTATE, 01000,
is that of every RAISE WARNING of a trigger, too."""
COMMIT = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*+(?:COMMIT|END)\b", re.IGNORECASE | re.DOTALL)


def is_commit(statement: str) -> bool:
    """Whether a statement of a script is a COMMIT."""
    return COMMIT.match(statement) is not None


def is_local_commit(routine: str | None) -> bool:
    """Whether a warning says that a COMMIT was done by this server alone; *routine* is its field R."""
    return routine == WAITS_FOR_STANDBYS


def local_commit() -> CommitOutcomeUnknownError:
    """The error for that."""
    return CommitOutcomeUnknownError(
        "the server committed, and its wait for synchronous standbys was ended: the work is stored there, "
        "and lost if a standby takes its place. Look before you run it again."
    )
