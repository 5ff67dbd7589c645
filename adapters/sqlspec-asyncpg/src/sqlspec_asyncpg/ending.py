# pyright: reportMissingTypeStubs=false
"""The end of an owner's use in one message: COMMIT or ROLLBACK, and the statements of the reset behind it.

The reset is what `DISCARD ALL` does, less what costs more than all the rest: the prepared statements, which
asyncpg and we still need, and their plans, which are nobody's state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from sqlspec.plugin import Outcome

if TYPE_CHECKING:
    from .watched_connection import WatchedConnection
    from .wire_tap import Reply

__all__ = ("COMMITTED", "ENDED_WELL", "FORGET_PREPARED", "find_reset", "is_on_standby", "judge")

RESET = (
    "SET SESSION AUTHORIZATION DEFAULT",  # the role too
    "RESET ALL",
    "CLOSE ALL",
    "UNLISTEN *",
    "SELECT pg_advisory_unlock_all()",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
)
# RESET ALL would undo what PgBouncer sets for its client.
BEHIND_PGBOUNCER = tuple(one for one in RESET if one != "RESET ALL")

FORGET_PREPARED = """\
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT p.name FROM pg_catalog.pg_prepared_statements p WHERE p.from_sql LOOP
        EXECUTE pg_catalog.format('DEALLOCATE %I', name);
    END LOOP;
END $$"""
"""What an owner prepared by SQL's PREPARE; DEALLOCATE ALL would take the driver's own along."""

ENDED_WELL = Outcome(committed=True, reset_ok=True)
COMMITTED = Outcome(committed=True, reset_ok=False)


async def find_reset(raw: WatchedConnection, known: dict[bool, str], *, pgbouncer: bool) -> str:
    """The reset that this server and this role allow, as one text. Asked once for each kind of server."""
    is_standby = is_on_standby(raw)
    if is_standby not in known:
        statements = BEHIND_PGBOUNCER if pgbouncer else RESET
        known[is_standby] = "; ".join(await _allowed(raw, statements))
    return known[is_standby]


def is_on_standby(raw: WatchedConnection) -> bool:
    """Whether the server follows another one. It says so by itself from PostgreSQL 14 on."""
    return getattr(raw.get_settings(), "in_hot_standby", "off") == "on"


async def _allowed(raw: WatchedConnection, statements: tuple[str, ...]) -> tuple[str, ...]:
    try:
        await raw.execute("; ".join(statements))
    except asyncpg.PostgresError:
        return tuple([one for one in statements if await _is_allowed(raw, one)])
    return statements


async def _is_allowed(raw: WatchedConnection, statement: str) -> bool:
    try:
        await raw.execute(statement)
    except asyncpg.PostgresError:
        if raw.is_closed():
            raise
        return False
    return True


def judge(reply: Reply) -> bool | None:
    """Whether the COMMIT, the first statement of the message that *reply* answers, has succeeded.

    None: the answer did not come. False: it is certain that nothing was committed, be it that COMMIT itself
    failed or that the transaction was lost before, which COMMIT acknowledges with the tag ROLLBACK.
    """
    if reply.tags:
        return reply.tags[0] == b"COMMIT"
    # An error without the answer's end may be the server's last word after it has committed.
    return False if reply.has_failed and reply.is_complete else None
