"""Ports for servers and proxies that come and go."""

from __future__ import annotations

import secrets
import socket

# Below the range from which Linux, BSD and macOS take the ports of outgoing connections. There, a client that
# calls a server while it is down may be given the server's own port, and is then connected to itself; and it
# may sit on the port when the server comes back.
LOWEST, HIGHEST = 15_000, 32_000
ATTEMPTS = 100


def free_port() -> int:
    """A port of the loopback interface that nobody listens on. Another process may take it meanwhile."""
    for _ in range(ATTEMPTS):
        # Not by `random`: plugins seed it alike in all workers.
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if _is_free(port):
            return port
    raise OSError(f"no free port found between {LOWEST} and {HIGHEST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
