"""A TCP proxy that does to a connection what networks do."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from sqlspec_testkit.servers.ports import free_port

from .link import Trap
from .loop import HOST, PATIENCE, Loop

if TYPE_CHECKING:
    from types import TracebackType

    from .counters import ProtocolName
    from .link import Link

__all__ = ("FaultProxy",)

PORT_ATTEMPTS = 5


class FaultProxy:
    """A TCP proxy on the loopback interface, in front of a server: it delays, stalls, cuts and counts.

        with FaultProxy(server.port, protocol="postgresql") as proxy:
            connect(server.url(port=proxy.port))
            proxy.stall()

    It lives as long as the block. It has a thread of its own, so tests may be sync or async; its methods may
    be called by any thread, return when it is done, and never wait for the network. Round trips are counted
    where a *protocol* is given, and as long as no connection is encrypted: then `round_trips` raises. The
    faults work with TLS, too, but for `swallow_replies_after`, which finds no pattern in it.
    """

    def __init__(self, port: int, *, host: str = HOST, protocol: ProtocolName | None = None) -> None:
        """*port* and *host* are the server's."""
        self.port = 0
        """Where it listens, once started; the same for its whole life."""
        self._upstream = (host, port)
        self._protocol: ProtocolName | None = protocol
        self._loop: Loop | None = None
        self._thread: threading.Thread | None = None

    # --- life -----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Listen, on a free port."""
        loop = self._loop = Loop(self._upstream, self._protocol)
        self._thread = threading.Thread(target=loop.run, name="FaultProxy", daemon=True)
        self._thread.start()
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.port = free_port()
            try:
                self.admit()
            except OSError:  # taken between our look and now
                if attempt == PORT_ATTEMPTS:
                    self.close()
                    raise
            else:
                return

    def close(self) -> None:
        """Reset all connections, and listen no more. May be called twice."""
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.stop()
            self._thread.join(PATIENCE)

    # --- faults ---------------------------------------------------------------------------------

    def delay(self, seconds: float) -> None:
        """From now on every reply comes so much later; 0 ends it."""
        self._running.do(lambda: setattr(self._running.weather, "delay", seconds))

    def trickle(self, pause: float = 0.0005) -> None:
        """From now on bytes go one by one, both ways, *pause* seconds apart; 0 ends it."""
        self._running.do(lambda: setattr(self._running.weather, "pause", pause))

    def stall(self) -> None:
        """From now on nothing goes through. New connections are taken, and hear nothing."""
        self._running.do(lambda: setattr(self._running.weather, "is_stalled", True))

    def resume(self) -> None:
        """Let go on what `stall` stopped; nothing was lost."""
        self._running.do(lambda: setattr(self._running.weather, "is_stalled", False))

    def cut(self) -> None:
        """Reset all connections, at both ends. New ones are served."""
        self._running.do(self._running.cut)

    def refuse(self) -> None:
        """From now on refuse new connections; those that are there stay."""
        self._running.do(self._running.unlisten)

    def admit(self) -> None:
        """Take new connections again."""
        self._running.do(lambda: self._running.listen(self.port))

    def swallow_replies_after(self, pattern: bytes, count: int = 1, *, cut: bool = False) -> Trap:
        """Lose the reply to the next *count* requests that hold *pattern*.

        The request is forwarded. Then all that the server says on that connection is dropped, so the client
        waits; with *cut* both ends are reset as soon as the reply is there. `trap.wait()` waits for that
        reply.
        """
        trap = Trap(pattern, count=count, cut=cut)
        self._running.do(lambda: self._running.traps.append(trap))
        return trap

    def calm(self) -> None:
        """No fault any more, for new connections and old; but where a reply was swallowed, it stays so."""
        self._running.do(self._running.calm)

    # --- counts ---------------------------------------------------------------------------------

    @property
    def round_trips(self) -> int:
        """On all connections since the last `reset_counts`; RuntimeError where they can not be counted."""
        if self._protocol is None:
            raise RuntimeError("FaultProxy counts round trips if it is told the protocol")
        links = self.connections
        if any(link.counter is not None and link.counter.is_blind for link in links):
            raise RuntimeError("FaultProxy can not count the round trips of encrypted connections")
        return sum(link.round_trips for link in links)

    @property
    def connections(self) -> list[Link]:
        """In order; until `reset_counts` those of the past, too. Each has `round_trips` and `is_open`."""
        return list(self._running.links)

    def reset_counts(self) -> None:
        """Count from 0 again, and forget connections that are closed."""
        self._running.do(self._running.forget)

    @property
    def _running(self) -> Loop:
        if self._loop is None:
            raise RuntimeError("this FaultProxy is not started, or is closed")
        return self._loop
