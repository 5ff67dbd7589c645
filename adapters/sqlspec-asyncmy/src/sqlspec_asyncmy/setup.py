"""What connections of one config have in common, found out when they connect."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from . import wire

if TYPE_CHECKING:
    from collections.abc import Awaitable

__all__ = ("Setup", "Stop")


class Stop(Protocol):
    """Stops what the server runs for another connection; a best effort, in bounded time."""

    def __call__(self, thread: int, *, for_good: bool) -> Awaitable[bool]:
        """*thread* is the connection's number; *for_good* ends the connection, too."""
        ...


class Setup:
    """How a session of the server's becomes ours, and what the server can do."""

    def __init__(
        self,
        *,
        statements: tuple[str, ...],
        can_reset: bool,
        largest: int,
        database: str | None,
        pipelining: bool,
        stop: Stop,
    ) -> None:
        self.statements, self.can_reset, self.largest = statements, can_reset, largest
        self.database, self.pipelining, self.stop = database, pipelining, stop

    @cached_property
    def packets(self) -> tuple[bytes, ...]:
        """Sent after the handshake and after each reset; none where the server's own settings will do."""
        return tuple(wire.packet(wire.QUERY, statement.encode()) for statement in self.statements)

    @cached_property
    def reset(self) -> tuple[bytes, ...]:
        """The server's own reset, which also rolls back, and the above."""
        return (wire.packet(wire.RESET), *self.packets)

    @cached_property
    def home(self) -> bytes:
        """Return to the config's database; to none there is no way back, so ask whether we are there."""
        if self.database is None:
            return wire.packet(wire.QUERY, b"SELECT database()")
        return wire.packet(wire.INIT_DB, self.database.encode())
