# pyright: reportMissingTypeStubs=false
"""The end of an owner's use in one message: COMMIT or ROLLBACK, and the statements of the reset behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from sqlspec.plugin import Outcome
from sqlspec.plugin.postgresql import reset_statements

if TYPE_CHECKING:
    from .watched_connection import WatchedConnection
    from .wire_tap import Reply

__all__ = ("COMMITTED", "ENDED_WELL", "find_reset", "is_on_standby", "judge", "takes_no_writes")

ENDED_WELL = Outcome(committed=True, reset_ok=True)
COMMITTED = Outcome(committed=True, reset_ok=False)


async def find_reset(raw: WatchedConnection, known: dict[object, str], *, pgbouncer: bool) -> str:
    """The reset that this server and this role allow, as one text. Asked once for each server.

    A standby has no channels, and may become a primary, so it is another server.
    """
    server = (raw.transport.get_extra_info("peername"), is_on_standby(raw))
    if server not in known:
        known[server] = "; ".join(await _allowed(raw, reset_statements(pgbouncer=pgbouncer)))
    return known[server]


def is_on_standby(raw: WatchedConnection) -> bool:
    """Whether the server follows another one. It says so by itself from PostgreSQL 14 on."""
    return getattr(raw.get_settings(), "in_hot_standby", "off") == "on"


def takes_no_writes(raw: WatchedConnection) -> bool:
    """Whether the server has said that it takes none. It does so by itself from PostgreSQL 14 on."""
    return is_on_standby(raw) or getattr(raw.get_settings(), "default_transaction_read_only", "off") == "on"


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
