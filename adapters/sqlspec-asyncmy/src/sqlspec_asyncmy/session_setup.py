"""What a session starts with and what the server can do: found out when a connection is opened."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from . import protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

__all__ = ("ReadsOnly", "SessionSetup", "Stop")


class Stop(Protocol):
    """Stops what the server runs for another connection; a best effort, in bounded time."""

    def __call__(self, thread: int, *, for_good: bool) -> Awaitable[bool]:
        """*thread* is the connection's number; *for_good* ends the connection, too."""
        ...


class ReadsOnly(Protocol):
    """Asks the server, by another connection and in bounded time, whether SELECTs write nothing."""

    def __call__(self, selects: Sequence[bytes]) -> Awaitable[bool | None]:
        """None: it can not be found out."""
        ...


class SessionSetup:
    """The statements after a connect and after each reset, and what the server can do."""

    def __init__(
        self,
        *,
        statements: tuple[str, ...],
        names: str,
        can_reset: bool,
        max_packet: int,
        database: str | None,
        pipelining: bool,
        stop: Stop,
        reads_only: ReadsOnly,
    ) -> None:
        self.statements, self.can_reset, self.max_packet = statements, can_reset, max_packet
        self.database, self.pipelining = database, pipelining
        self.stop, self.reads_only = stop, reads_only
        self.names = names
        """Sets the charset, which a script may have changed."""

    @cached_property
    def packets(self) -> tuple[bytes, ...]:
        """Sent after the handshake and after each reset; none where the server's own settings fit."""
        return tuple(protocol.packet(protocol.QUERY, statement.encode()) for statement in self.statements)

    @cached_property
    def reset(self) -> tuple[bytes, ...]:
        """The server's own reset, which also rolls back, and `packets`."""
        return (protocol.packet(protocol.RESET), *self.packets)

    @cached_property
    def restore_database(self) -> bytes:
        """Use the config's database again. Without one, ask for it: no command unsets the database."""
        if self.database is None:
            return protocol.packet(protocol.QUERY, b"SELECT database()")
        return protocol.packet(protocol.INIT_DB, self.database.encode())
