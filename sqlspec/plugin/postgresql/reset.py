"""What a session says itself, as PostgreSQL takes it: how it begins, and the reset at its end.

The reset does what `DISCARD ALL` does, less two things. Statements that the driver prepared stay, because the
driver still uses them. So do their plans: they belong to no session, and cost more to make than the rest.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlspec.plugin.contract import TransactionOptions

__all__ = (
    "FORGET_PREPARED",
    "MAKE_READ_ONLY",
    "UNDO_READ_ONLY",
    "begin_statement",
    "reset_statements",
)

RESET_SETTINGS = "RESET ALL"
RESET = (
    "SET SESSION AUTHORIZATION DEFAULT",
    # Before PostgreSQL's releases of November 2024 the line above means SET ROLE NONE as well, also where the
    # account or the config says with which role a session begins. This one returns to that role.
    "RESET ROLE",
    RESET_SETTINGS,
    "CLOSE ALL",
    "UNLISTEN *",
    "SELECT pg_advisory_unlock_all()",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
)

FORGET_PREPARED = """\
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT p.name FROM pg_catalog.pg_prepared_statements p WHERE p.from_sql LOOP
        EXECUTE pg_catalog.format('DEALLOCATE %I', name);
    END LOOP;
END $$"""
"""Forget what a borrower prepared by SQL's PREPARE; DEALLOCATE ALL would take the driver's own along.

Not behind PgBouncer, where it may be another client's.
"""

MAKE_READ_ONLY = "SET default_transaction_read_only = on"
UNDO_READ_ONLY = "RESET default_transaction_read_only"


def reset_statements(*, pgbouncer: bool) -> tuple[str, ...]:
    """The statements that make a returned connection as new; a server or a role may refuse some of them.

    Behind PgBouncer in transaction mode they travel with the COMMIT or ROLLBACK, in one message, since the
    next message may meet another server connection. RESET ALL is not among them there: it would undo the
    settings that PgBouncer keeps for its client.
    """
    if pgbouncer:
        return tuple([statement for statement in RESET if statement != RESET_SETTINGS])
    return RESET


@lru_cache(maxsize=32)
def begin_statement(options: TransactionOptions) -> str:
    """BEGIN, with what a session asks for."""
    level = "" if options.isolation is None else f" ISOLATION LEVEL {options.isolation.upper()}"
    return f"BEGIN{level}{' READ ONLY' if options.read_only else ''}"
