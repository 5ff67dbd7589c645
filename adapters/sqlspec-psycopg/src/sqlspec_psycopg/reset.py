"""What a session says at its beginning and end, in bytes as psycopg sends them: plain messages."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlspec.plugin import postgresql

if TYPE_CHECKING:
    from sqlspec.plugin import TransactionOptions

    from .config import PostgreSQLConfig

__all__ = ("FORGET_PREPARED", "GUARD", "UNGUARD", "Phrases", "Resets", "begin")

FORGET_PREPARED = b";" + postgresql.FORGET_PREPARED.encode()
GUARD = postgresql.MAKE_READ_ONLY.encode()
UNGUARD = postgresql.UNDO_READ_ONLY.encode()


@lru_cache(maxsize=32)
def begin(options: TransactionOptions) -> bytes:
    """BEGIN, with *options*."""
    return postgresql.begin_statement(options).encode()


class Phrases:
    """The endings of sessions on one kind of server. Immutable."""

    __slots__ = ("commit", "commit_and_reset", "reset", "rollback_and_reset")

    def __init__(self, statements: tuple[bytes, ...], *, pgbouncer: bool) -> None:
        # Behind PgBouncer what comes after the transaction may meet another server connection.
        self.reset = b"" if pgbouncer else b";".join(statements)
        self.commit_and_reset = b";".join((b"COMMIT", *statements))
        self.rollback_and_reset = b";".join((b"ROLLBACK", *statements))


class Resets:
    """What the reset of one config consists of: some servers and roles lack a part of it.

    Found out by the first connection to each, and kept for the others. A standby has no channels, and may
    become a primary, so it is another server.
    """

    def __init__(self, config: PostgreSQLConfig) -> None:
        self._pgbouncer = config.pgbouncer
        statements = postgresql.reset_statements(pgbouncer=config.pgbouncer)
        self.candidates = tuple([statement.encode() for statement in statements])
        self._known: dict[object, Phrases] = {}

    def get(self, server: object) -> Phrases | None:
        """What is known of *server*."""
        return self._known.get(server)

    def learn(self, server: object, statements: tuple[bytes, ...]) -> Phrases:
        """Remember what *server* can do."""
        phrases = self._known[server] = Phrases(statements, pgbouncer=self._pgbouncer)
        return phrases

    def forget(self) -> None:
        """Nothing is kept that would need it."""
