"""What is said at a session's beginning and end, as the server takes it: plain messages.

The reset undoes what a borrower changed: role and settings, cursors, channels, locks, temporary tables. It
keeps what psycopg has prepared, unlike DISCARD ALL, and its plans, which are nobody's state and cost more to
make again than all the rest.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlspec.plugin import TransactionOptions

    from .config import PostgreSQLConfig

__all__ = ("FORGET_PREPARED", "RESET", "Phrases", "Resets", "begin")

RESET = (
    b"SET SESSION AUTHORIZATION DEFAULT",
    b"RESET ROLE",
    b"RESET ALL",
    b"CLOSE ALL",
    b"UNLISTEN *",
    b"SELECT pg_advisory_unlock_all()",
    b"DISCARD TEMP",
    b"DISCARD SEQUENCES",
)
FORGET_PREPARED = b"""\
;DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT p.name FROM pg_catalog.pg_prepared_statements p WHERE p.from_sql LOOP
        EXECUTE pg_catalog.format('DEALLOCATE %I', name);
    END LOOP;
END $$"""
"""What an owner prepared by SQL's PREPARE; DEALLOCATE ALL would take the driver's own along."""
GUARD = b"SET default_transaction_read_only = on"
UNGUARD = b"RESET default_transaction_read_only"


@lru_cache(maxsize=32)
def begin(options: TransactionOptions) -> bytes:
    """BEGIN, with *options*."""
    words = ["BEGIN"]
    if options.isolation is not None:
        words.append(f"ISOLATION LEVEL {options.isolation.upper()}")
    if options.read_only:
        words.append("READ ONLY")
    return " ".join(words).encode()


class Phrases:
    """The endings of sessions on one kind of server. Immutable."""

    __slots__ = ("commit", "commit_and_reset", "reset", "rollback_and_reset")

    def __init__(self, statements: tuple[bytes, ...]) -> None:
        self.reset = b";".join(statements)
        self.commit_and_reset = b";".join((b"COMMIT", *statements))
        self.rollback_and_reset = b";".join((b"ROLLBACK", *statements))


class Resets:
    """What the reset of one config consists of: some servers and roles lack a part of it.

    Found out by the first connection to each, and kept for the others. A standby has no channels, and may
    become a primary, so it is another server.
    """

    def __init__(self, config: PostgreSQLConfig) -> None:
        # Behind PgBouncer a connection's state is nobody's: nothing but a transaction belongs to us.
        self.candidates = () if config.pgbouncer else RESET
        self._known: dict[object, Phrases] = {}
        self._nothing = Phrases(())

    def get(self, server: object) -> Phrases | None:
        """What is known of *server*."""
        return self._known.get(server) if self.candidates else self._nothing

    def learn(self, server: object, statements: tuple[bytes, ...]) -> Phrases:
        """Remember what *server* can do."""
        phrases = self._known[server] = Phrases(statements)
        return phrases

    def forget(self) -> None:
        """Nothing is kept that would need it."""
