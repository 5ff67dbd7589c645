"""One connection through the proxy: two lanes, and what goes wrong on them. All in the proxy's thread."""

from __future__ import annotations

import selectors
import socket
import struct
from collections import deque
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .counters import Counter

__all__ = ("Lane", "Link", "Trap", "Weather", "reset")

CHUNK = 65_536
LONGEST = 1024  # of a pattern that comes in two pieces
MOST = 1_048_576  # bytes that may wait in a lane before its sender has to


@dataclass
class Weather:
    """What the network is like just now, for all connections."""

    delay: float = 0.0
    pause: float = 0.0
    """Between single bytes; 0: they need not go singly."""
    is_stalled: bool = False


class Trap:
    """Waits for a request, and lets its reply get lost: see `FaultProxy.swallow_replies_after`."""

    def __init__(self, pattern: bytes, *, count: int, cut: bool) -> None:
        self.pattern, self.count, self.cut = pattern, count, cut
        self.hits = 0
        """How many requests it has caught."""
        self._answered = Event()

    def wait(self, timeout: float = 10.0) -> bool:
        """Wait until a server has answered what was caught, so has done it; False after *timeout* seconds."""
        return self._answered.wait(timeout)

    def catches(self, before: bytes, data: bytes) -> bool:
        """Whether its pattern ends in these bytes, which follow on *before*."""
        start = max(0, len(before) - len(self.pattern) + 1)
        if self.hits >= self.count or self.pattern not in before[start:] + data:
            return False
        self.hits += 1
        return True

    def answered(self) -> None:
        """Told by the link: what was caught has been answered."""
        self._answered.set()


class Lane:
    """Bytes on their way from one socket to another."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.ended = False
        """Whether the sender has said that there is no more."""
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._not_before = 0.0
        self._is_reported = False

    @property
    def may_read(self) -> bool:
        """Whether there is room for more."""
        return not self.ended and self._size < MOST

    @property
    def is_over(self) -> bool:
        """Whether the receiver has all there will ever be, and knows it."""
        return self._is_reported

    def put(self, data: bytes, due: float) -> None:
        """Take bytes that are to leave at a time."""
        self._waiting.append((due, data))
        self._size += len(data)

    def due(self) -> float | None:
        """When there is something to do; None if there is nothing."""
        if self._waiting:
            return max(self._waiting[0][0], self._not_before)
        return 0.0 if self.ended and not self._is_reported else None

    def send(self, now: float, pause: float) -> None:
        """Send what is due; one byte with a *pause*. Raises OSError as the socket does."""
        if not self._waiting:
            self._is_reported = True
            self.target.shutdown(socket.SHUT_WR)
            return
        due, data = self._waiting.popleft()
        sent = self.target.send(data[:1] if pause else data)
        self._size -= sent
        self._not_before = now + pause
        if sent < len(data):
            self._waiting.appendleft((due, data[sent:]))


class Link:
    """One client's connection and ours to the server. Its counts may be read by any thread."""

    def __init__(self, client: socket.socket, server: socket.socket, counter: Counter | None) -> None:
        self.round_trips = 0
        """Since the last `reset_counts`."""
        self.is_open = True
        """Whether it still goes from end to end."""
        self.counter = counter
        self.client, self.server = client, server
        self._up, self._down = Lane(client, server), Lane(server, client)
        self._trap: Trap | None = None
        self._tail = b""

    def due(self) -> list[float]:
        """When there is something to send that may not be sent yet."""
        lanes = (self._up, self._down) if self.is_open else ()
        return [due for lane in lanes if (due := lane.due()) is not None]

    def interest(self, sock: socket.socket, now: float, weather: Weather) -> int:
        """What to wait for at that socket, as selectors say it."""
        if weather.is_stalled:
            return 0
        into, out = (self._up, self._down) if sock is self.client else (self._down, self._up)
        due = out.due()
        readable = selectors.EVENT_READ if into.may_read else 0
        return readable | (selectors.EVENT_WRITE if due is not None and due <= now else 0)

    def ready(self, fd: int, mask: int, now: float, weather: Weather, traps: list[Trap]) -> None:
        """Do what can be done at that socket."""
        sock = self.client if fd == self.client.fileno() else self.server
        try:
            if mask & selectors.EVENT_READ:
                self._read(sock, now, weather, traps)
            if self.is_open and mask & selectors.EVENT_WRITE:
                (self._down if sock is self.client else self._up).send(now, weather.pause)
        except BlockingIOError:
            return
        except OSError:  # one end is gone the hard way: so is the other
            self.cut()
        if self.is_open and self._up.is_over and self._down.is_over:
            self.close()

    def cut(self) -> None:
        """Reset both ends."""
        for sock in (self.client, self.server):
            reset(sock)
        self.is_open = False

    def close(self) -> None:
        """Hang up in an orderly way."""
        self.client.close()
        self.server.close()
        self.is_open = False

    def _read(self, sock: socket.socket, now: float, weather: Weather, traps: list[Trap]) -> None:
        lane = self._up if sock is self.client else self._down
        data = sock.recv(CHUNK)
        if not data:
            lane.ended = True
        elif lane is self._up:
            self._from_client(data, now, traps)
        else:
            self._from_server(data, now, weather)

    def _from_client(self, data: bytes, now: float, traps: list[Trap]) -> None:
        if self.counter is not None:
            self.round_trips += self.counter.from_client(data)
        if self._trap is None:
            self._trap = next((trap for trap in traps if trap.catches(self._tail, data)), None)
        self._tail = (self._tail + data)[-LONGEST:]
        self._up.put(data, now)

    def _from_server(self, data: bytes, now: float, weather: Weather) -> None:
        if self._trap is None:
            # Counted before the client can have it, so that the test finds its own round trip counted.
            if self.counter is not None:
                self.round_trips += self.counter.from_server(data)
            self._down.put(data, now + weather.delay)
            return
        if self._trap.cut:
            self.cut()
        self._trap.answered()


def reset(sock: socket.socket) -> None:
    """Close a socket so that the other end gets RST, as if the machine were gone."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
