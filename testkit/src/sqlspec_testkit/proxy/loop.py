"""What the proxy's thread does: it owns every socket, and others ask it to do what they want done."""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING

from .counters import COUNTERS
from .link import Link, Trap, Weather, reset

if TYPE_CHECKING:
    from collections.abc import Callable

    from .counters import ProtocolName
__all__ = ("HOST", "Loop")

HOST = "127.0.0.1"
BACKLOG = 512
PATIENCE = 10.0


class Loop:
    """Everything but `do` and `stop` is for its own thread."""

    def __init__(self, upstream: tuple[str, int], protocol: ProtocolName | None) -> None:
        self.weather, self.traps = Weather(), list[Trap]()
        self.links: list[Link] = []
        self._upstream = upstream
        self._protocol: ProtocolName | None = protocol
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        self._calls: deque[tuple[Callable[[], object], Future[None]]] = deque()
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)  # noqa: FBT003 - the standard library's
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._over = False

    # --- for other threads ------------------------------------------------------------------------

    def do(self, action: Callable[[], object]) -> None:
        """Have the thread do something, and wait until it has."""
        done: Future[None] = Future()
        self._calls.append((action, done))
        self._ringer.send(b"!")
        done.result(PATIENCE)

    def stop(self) -> None:
        """Let `run` return soon."""
        self.do(lambda: setattr(self, "_over", True))

    # --- what is asked ----------------------------------------------------------------------------

    def listen(self, port: int) -> None:
        """Take connections; those that come while we do not are refused."""
        if self._listener is not None:
            return
        listener = socket.socket()
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))
            listener.listen(BACKLOG)
            listener.setblocking(False)  # noqa: FBT003 - the standard library's
        except OSError:
            listener.close()
            raise
        self._selector.register(listener, selectors.EVENT_READ)
        self._listener = listener

    def unlisten(self) -> None:
        """Take no more connections."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._selector.unregister(listener)
            listener.close()

    def cut(self) -> None:
        """Reset all connections."""
        for link in self.links:
            if link.is_open:
                link.cut()

    def calm(self) -> None:
        """Make an end of all faults."""
        self.weather = Weather()
        self.traps.clear()

    def forget(self) -> None:
        """Count from zero; what is closed is forgotten."""
        self.links = [link for link in self.links if link.is_open]
        for link in self.links:
            link.round_trips = 0

    # --- the thread -------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until `stop`; then reset what is left."""
        try:
            while not self._over:
                for key, mask in self._selector.select(self._next_wait()):
                    self._serve(key, mask)
        finally:
            self.unlisten()
            self.cut()
            self._selector.close()
            self._bell.close()
            self._ringer.close()

    def _serve(self, key: selectors.SelectorKey, mask: int) -> None:
        if isinstance(link := key.data, Link):
            if link.is_open:  # something before in this round may have closed it
                link.ready(key.fd, mask, time.monotonic(), self.weather, self.traps)
        elif key.fileobj is self._bell:
            self._answer()
        else:
            self._accept()

    def _next_wait(self) -> float | None:
        """Tell the selector what to look at; returns how long it may sleep."""
        now = time.monotonic()
        wanted = {
            sock: (link, mask)
            for link in self.links
            if link.is_open
            for sock in (link.client, link.server)
            if (mask := link.interest(sock, now, self.weather))
        }
        self._watch(wanted)
        if self.weather.is_stalled:
            return None
        # What is due already waits for its socket, not for the clock.
        return min((due - now for link in self.links for due in link.due() if due > now), default=None)

    def _watch(self, wanted: dict[socket.socket, tuple[Link, int]]) -> None:
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, Link) and key.fileobj not in wanted:
                self._selector.unregister(key.fileobj)
        known = self._selector.get_map()
        for sock, (link, mask) in wanted.items():
            if sock not in known:
                self._selector.register(sock, mask, link)
            elif known[sock].events != mask:
                self._selector.modify(sock, mask, link)

    def _answer(self) -> None:
        self._bell.recv(4096)
        while self._calls:
            action, done = self._calls.popleft()
            try:
                action()
            except Exception as exc:  # noqa: BLE001 - it belongs to who asked
                done.set_exception(exc)
            else:
                done.set_result(None)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            client, _ = self._listener.accept()
        except OSError:  # it has gone again
            return
        try:
            server = socket.create_connection(self._upstream, PATIENCE)
        except OSError:  # there is nobody behind us, so nobody here
            reset(client)
            return
        for sock in (client, server):
            sock.setblocking(False)  # noqa: FBT003 - the standard library's
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.links.append(Link(client, server, COUNTERS[self._protocol]() if self._protocol else None))
