"""Round trips, counted by reading along: one small state machine for each protocol.

A counter is fed the bytes of one connection in the order they came, in pieces of any size, and answers how
many round trips these pieces brought to an end. It does no I/O, keeps no payload, and sees nothing once TLS
begins.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

__all__ = ("COUNTERS", "Counter", "MySQLCounter", "PostgreSQLCounter", "ProtocolName", "RedisCounter")

ProtocolName: TypeAlias = Literal["postgresql", "mysql", "redis"]


class Counter(Protocol):
    """What the proxy asks."""

    is_blind: bool
    """True once the connection is encrypted: from there on nothing can be counted."""

    def from_client(self, data: bytes) -> int:
        """How many round trips these bytes of the client's count for."""
        ...

    def from_server(self, data: bytes) -> int:
        """How many round trips these bytes of the server's count for."""
        ...


class PostgreSQLCounter:
    """A round trip ends with ReadyForQuery. The one that ends the login counts, too."""

    def __init__(self) -> None:
        self.is_blind = False
        self._logged_in = False  # before, S, N and G are answers of one byte to SSLRequest and GSSENCRequest
        self._head = bytearray()
        self._skip = 0

    def from_client(self, data: bytes) -> int:  # noqa: ARG002 - the server tells it all
        """None: the server tells."""
        return 0

    def from_server(self, data: bytes) -> int:
        """One for each ReadyForQuery."""
        count = at = 0
        while at < len(data) and not self.is_blind:
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            self._head.append(data[at])
            at += 1
            count += self._read_head()
        return count

    def _read_head(self) -> int:
        if not self._logged_in and bytes(self._head) in {b"S", b"N", b"G"}:
            self.is_blind = bytes(self._head) != b"N"
            self._head.clear()
        self._logged_in = self._logged_in or bool(self._head)
        if len(self._head) < 5:  # noqa: PLR2004 - type and length
            return 0
        kind, length = bytes(self._head[:1]), int.from_bytes(self._head[1:])
        self._head.clear()
        self._skip = length - 4
        return int(kind == b"Z")


class MySQLCounter:
    """A round trip begins with a client's packet of sequence number 0: a command.

    Commands that are never answered do not count: COM_QUIT, COM_STMT_SEND_LONG_DATA, COM_STMT_CLOSE. With
    compression there is nothing to see; the proxy's users leave it off.
    """

    UNANSWERED = frozenset({0x01, 0x18, 0x19})
    LARGEST = 0xFFFFFF
    SSL_REQUEST, CLIENT_SSL = 32, 0x08  # a first packet of this length, with this bit in its second byte

    def __init__(self) -> None:
        self.is_blind = False
        self._head = bytearray()
        self._skip = 0
        self._is_first = True
        self._continues = False

    def from_client(self, data: bytes) -> int:
        """One for each command."""
        count = at = 0
        while at < len(data) and not self.is_blind:
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            self._head.append(data[at])
            at += 1
            count += self._read_head()
        return count

    def from_server(self, data: bytes) -> int:  # noqa: ARG002 - the client tells it all
        """None: the client tells."""
        return 0

    def _read_head(self) -> int:
        if len(self._head) < 4:  # noqa: PLR2004 - length and sequence number
            return 0
        length = int.from_bytes(self._head[:3], "little")
        needed = 4 + (min(length, 2) if self._is_first else min(length, 1))
        if len(self._head) < needed:
            return 0
        sequence, body, continues = self._head[3], bytes(self._head[4:]), self._continues
        self._skip = length - len(body)
        self._head.clear()
        self._continues = length == self.LARGEST  # the rest of a long command is no command
        if self._is_first:
            self._is_first = False
            if length == self.SSL_REQUEST and body[1] & self.CLIENT_SSL:
                self.is_blind = True
            return 0
        return int(sequence == 0 and not continues and bool(body) and body[0] not in self.UNANSWERED)


class RedisCounter:
    """A round trip is a reply of the server's; what it pushes unasked (RESP3) is none.

    A pipeline is one reply for each of its commands.
    """

    LINES = frozenset(b"+-:_,#(")
    STRINGS = frozenset(b"$!=")
    LISTS = frozenset(b"*~>")
    MAPS = frozenset(b"%|")
    PUSH, ATTRIBUTE, TLS_ALERT, TLS_HANDSHAKE = b">"[0], b"|"[0], 0x15, 0x16

    def __init__(self) -> None:
        self.is_blind = False
        self._line = bytearray()
        self._skip = 0
        self._open: list[int] = []  # how many elements each enclosing list still lacks
        self._counts = True  # False within what is no reply of its own

    def from_client(self, data: bytes) -> int:  # noqa: ARG002 - the server tells it all
        """None: the server tells."""
        return 0

    def from_server(self, data: bytes) -> int:
        """One for each reply that is complete."""
        count = at = 0
        while at < len(data) and not self.is_blind:
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                count += 0 if self._skip else self._ended()
                continue
            end = data.find(b"\n", at)
            stop = len(data) if end < 0 else end + 1
            self._line += data[at:stop]
            at = stop
            self.is_blind = self._line[0] in {self.TLS_ALERT, self.TLS_HANDSHAKE}
            if end >= 0 and not self.is_blind:
                count += self._read_line()
        return count

    def _read_line(self) -> int:
        kind, text = self._line[0], bytes(self._line[1:-2])
        self._line.clear()
        if not self._open:
            self._counts = kind not in {self.PUSH, self.ATTRIBUTE}
        if kind in self.LINES or text == b"-1":
            return self._ended()
        if kind in self.STRINGS:
            self._skip = int(text) + 2
            return 0
        if size := int(text) * (2 if kind in self.MAPS else 1):
            self._open.append(size)
            return 0
        return self._ended()

    def _ended(self) -> int:
        """One element is complete, and with it perhaps the lists around it."""
        while self._open:
            self._open[-1] -= 1
            if self._open[-1]:
                return 0
            self._open.pop()
        return int(self._counts)


COUNTERS: dict[ProtocolName, type[Counter]] = {
    "postgresql": PostgreSQLCounter,
    "mysql": MySQLCounter,
    "redis": RedisCounter,
}
