"""What may run inside of the one transaction that is undone, by the text of a statement."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from sqlspec.errors import NotSupportedError, ReadOnlyError, TransactionControlError
from sqlspec.plugin.info import Capability
from sqlspec.session.plan import statements_of
from sqlspec.sql._lexer import words

if TYPE_CHECKING:
    from sqlspec.plugin.info import AdapterInfo

__all__ = ("BEGINS", "COMMITS", "ROLLS_BACK", "Rules")

READS = frozenset(
    (
        "SELECT",
        "VALUES",
        "TABLE",
        "FROM",
        "SHOW",
        "EXPLAIN",
        "DESCRIBE",
        "DESC",
        "PRAGMA",
        "SET",
        "FETCH",
        "HELP",
    )
)
"""What changes no data, as far as the first word tells."""
WRITES = frozenset(("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "INTO", "CREATE"))
"""What makes a SELECT, or a WITH, one that does."""
ENDS_TRANSACTIONS = frozenset(
    """
    ALTER ANALYZE CACHE CHANGE CHECK CREATE DROP FLUSH GRANT INSTALL LOCK OPTIMIZE PURGE RENAME REPAIR RESET
    REVOKE START STOP TRUNCATE UNINSTALL UNLOCK
    """.split()  # noqa: SIM905 - a list says no more
)
"""With these a database without transactional DDL commits what is open: MySQL 8.4 manual, 15.3.3."""
TEMPORARY = (("CREATE", "TEMPORARY"), ("DROP", "TEMPORARY"))
HINT = "test it on a database of its own: a copy, or a clone of a template"

BEGINS: Final = "begins"
COMMITS: Final = "commits"
ROLLS_BACK: Final = "rolls back"
REFUSED: Final = "refused"
KINDS: Final[dict[tuple[str, ...], str | None]] = {
    ("BEGIN",): BEGINS,
    ("START", "TRANSACTION"): BEGINS,
    ("COMMIT",): COMMITS,
    ("END",): COMMITS,
    ("ROLLBACK",): ROLLS_BACK,
    ("ABORT",): ROLLS_BACK,
    # Savepoints of the script's own lie within ours.
    ("SAVEPOINT",): None,
    ("RELEASE",): None,
    ("ROLLBACK", "TO"): None,
    ("ROLLBACK", "WORK", "TO"): None,
    ("ROLLBACK", "TRANSACTION", "TO"): None,
    ("BEGIN", "NOT", "ATOMIC"): None,
}
HEAD = 4
"""Words that are looked at."""


class Rules:
    """Those of one adapter."""

    def __init__(self, info: AdapterInfo) -> None:
        self._statements = statements_of(info)
        self.is_postgresql = self._statements.dialect.name == "postgresql"
        """Its dialect is PostgreSQL's: it has deferred constraints, and settings that outlast a session."""
        phrases = [tuple(phrase.split()) for phrase, _ in self._statements.dialect.control]
        self._control = sorted(phrases, key=len, reverse=True)
        self._commits_by_ddl = Capability.TRANSACTIONAL_DDL not in info.capabilities

    def check(self, statement: str, *, read_only: bool) -> None:
        """Refuse what could not be undone, and what writes in a read-only session."""
        if self._commits_by_ddl:
            head = self._head(statement)
            if head[:1] and head[0] in ENDS_TRANSACTIONS and head[:2] not in TEMPORARY:
                raise NotSupportedError(
                    f"{head[0]} makes this database commit, so inside of override(…, rollback=True) it could "
                    f"not be undone; run it before the block, or {HINT}"
                )
            if head[:2] == ("SET", "PASSWORD"):
                raise NotSupportedError(f"SET PASSWORD could not be undone; {HINT}")
        if read_only and self.may_write(statement):
            raise ReadOnlyError("this session is read-only, and the statement may write")

    def may_write(self, statement: str) -> bool:
        """Whether the text may change data; a function that a SELECT calls is not looked into."""
        found = words(self._statements.parts(statement))
        first = next(found, "")
        if first == "WITH" or first in {"SELECT", "EXPLAIN"}:
            return not WRITES.isdisjoint(found)
        return first not in READS

    def control(self, statement: str) -> str | None:
        """What a statement of a script does with transactions; None: nothing.

        Raises `TransactionControlError` for what can not be one of a savepoint.
        """
        head = self._head(statement)
        for phrase in self._control:
            if head[: len(phrase)] == phrase:
                break
        else:
            return None
        kind = KINDS.get(phrase, REFUSED)
        if kind is REFUSED or "CHAIN" in head:
            raise TransactionControlError(
                f"{' '.join(phrase)} in a script is refused inside of override(…, rollback=True): {HINT}"
            )
        return kind

    def _head(self, statement: str) -> tuple[str, ...]:
        return tuple(islice(words(self._statements.parts(statement)), HEAD))
