"""What a session starts with and what the server can do: found out when a connection is opened."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from . import protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec.plugin.network import Host

    from .side_connection import SideConnection

__all__ = ("SessionSetup",)


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
        is_reader: bool,
        host: Host,
        side: SideConnection,
    ) -> None:
        self.statements, self.can_reset, self.max_packet = statements, can_reset, max_packet
        self.database, self.pipelining = database, pipelining
        self.is_reader = is_reader
        """It took no writes when it was connected to."""
        self.side = side
        self.host = host
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

    async def reads_only(self, selects: Sequence[bytes]) -> bool | None:
        """Whether all *selects* write nothing, asked in a session like this one; None if nobody can tell."""
        return await self.side.reads_only(self.statements, selects)
