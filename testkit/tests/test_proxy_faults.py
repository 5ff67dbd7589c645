"""The fault proxy, in front of a server of a few lines: what the client sees of each fault."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
import time
from typing import TYPE_CHECKING

import pytest

from sqlspec_testkit.proxy import FaultProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 0.3  # seconds: for what must not come


class Shouter(socketserver.ThreadingTCPServer):
    """Answers every line in capitals, and remembers it."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Shout)


class Shout(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """Until it ends, however that is."""
        assert isinstance(self.server, Shouter)
        try:
            for line in self.rfile:
                self.server.heard.append(line)
                self.wfile.write(line.upper())
        except OSError:
            return


@pytest.fixture
def server() -> Iterator[Shouter]:
    """The server behind the proxy."""
    with Shouter() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(server: Shouter) -> Iterator[FaultProxy]:
    """The proxy."""
    with FaultProxy(server.server_address[1]) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[socket.socket]:
    """A client who has had one answer already."""
    with connect(proxy) as client:
        assert ask(client, b"hello\n") == b"HELLO\n"
        yield client


def connect(proxy: FaultProxy) -> socket.socket:
    """A client who waits ten seconds for anything."""
    return socket.create_connection(("127.0.0.1", proxy.port), 10)


def ask(client: socket.socket, line: bytes) -> bytes:
    """A round trip."""
    client.sendall(line)
    return receive(client, len(line))


def receive(client: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer if the other end hangs up."""
    data = b""
    while len(data) < size and (more := client.recv(size - len(data))):
        data += more
    return data


def hears_nothing(client: socket.socket) -> bool:
    """For a while."""
    client.settimeout(LONG)
    try:
        client.recv(1)
    except TimeoutError:
        client.settimeout(10)
        return True
    return False


def test_a_delayed_reply_comes_later_and_whole(proxy: FaultProxy, client: socket.socket) -> None:
    """Each by the given time, and no more once it is 0."""
    proxy.delay(0.2)
    start = time.monotonic()

    assert ask(client, b"late\n") == b"LATE\n"
    assert time.monotonic() - start >= 0.2

    proxy.delay(30)
    proxy.delay(0)
    assert ask(client, b"early\n") == b"EARLY\n"


def test_a_stalled_proxy_loses_nothing(proxy: FaultProxy, client: socket.socket) -> None:
    """Nothing comes until it is resumed, and then all of it."""
    proxy.stall()
    client.sendall(b"wait\n")
    assert hears_nothing(client)

    proxy.resume()

    assert receive(client, 5) == b"WAIT\n"


def test_a_stalled_proxy_takes_connections_that_hear_nothing(proxy: FaultProxy) -> None:
    """As a network does that has just died."""
    proxy.stall()

    with connect(proxy) as client:
        client.sendall(b"anybody?\n")
        assert hears_nothing(client)
        proxy.resume()
        assert receive(client, 9) == b"ANYBODY?\n"


def test_a_cut_resets_the_client(proxy: FaultProxy, client: socket.socket) -> None:
    """It is no orderly end, and the next connection is served."""
    proxy.cut()

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with connect(proxy) as other:
        assert ask(other, b"again\n") == b"AGAIN\n"
    assert not proxy.connections[0].is_open


def test_a_cut_reaches_a_stalled_connection(proxy: FaultProxy, client: socket.socket) -> None:
    """Faults may be combined."""
    proxy.stall()
    client.sendall(b"lost\n")
    proxy.cut()

    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_a_swallowed_reply_was_given(server: Shouter, proxy: FaultProxy, client: socket.socket) -> None:
    """The server has done it, the trap knows, and the client waits for ever."""
    trap = proxy.swallow_replies_after(b"COMMIT")
    assert ask(client, b"begin\n") == b"BEGIN\n"

    client.sendall(b"COMMIT\n")

    assert trap.wait()
    assert server.heard[-1] == b"COMMIT\n"
    assert hears_nothing(client)
    client.sendall(b"still there?\n")
    assert hears_nothing(client)


def test_a_pattern_is_found_across_pieces(proxy: FaultProxy, client: socket.socket) -> None:
    """However the client's bytes arrive."""
    trap = proxy.swallow_replies_after(b"COMMIT")
    client.sendall(b"x\nCOM")
    assert receive(client, 2) == b"X\n"

    client.sendall(b"MIT\n")

    assert trap.wait()
    assert trap.hits == 1


def test_a_trap_that_cuts_resets_after_the_server_has_answered(
    server: Shouter, proxy: FaultProxy, client: socket.socket
) -> None:
    """The client learns at once, and still not what became of its request."""
    trap = proxy.swallow_replies_after(b"COMMIT", cut=True)
    client.sendall(b"COMMIT\n")

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert trap.wait()
    assert server.heard[-1] == b"COMMIT\n"


def test_a_trap_is_used_up_by_its_count(proxy: FaultProxy) -> None:
    """Two requests are caught, and the third is answered."""
    trap = proxy.swallow_replies_after(b"COMMIT", count=2, cut=True)

    for _ in range(2):
        with connect(proxy) as client:
            client.sendall(b"COMMIT\n")
            with pytest.raises(ConnectionResetError):
                client.recv(1)
    with connect(proxy) as client:
        assert ask(client, b"COMMIT\n") == b"COMMIT\n"
    assert trap.hits == 2


def test_a_request_from_before_the_trap_is_not_caught(proxy: FaultProxy, client: socket.socket) -> None:
    """Nor is it by a longer trap beside it."""
    ask(client, b"COMMIT\n")
    proxy.swallow_replies_after(b"something much longer")
    trap = proxy.swallow_replies_after(b"COMMIT")

    assert ask(client, b"next\n") == b"NEXT\n"
    assert trap.hits == 0


def test_bytes_trickle_one_by_one(proxy: FaultProxy, client: socket.socket) -> None:
    """Both ways, at the given pace."""
    proxy.trickle(0.02)
    start = time.monotonic()

    assert ask(client, b"0123456789\n") == b"0123456789\n"

    assert time.monotonic() - start >= 2 * 10 * 0.02
    proxy.trickle(0)
    assert ask(client, b"fast\n") == b"FAST\n"


def test_a_refusing_proxy_keeps_the_connections_it_has(proxy: FaultProxy, client: socket.socket) -> None:
    """New ones find nobody there, until they are admitted again."""
    proxy.refuse()

    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    assert ask(client, b"old\n") == b"OLD\n"

    proxy.admit()
    proxy.admit()
    with connect(proxy) as other:
        assert ask(other, b"new\n") == b"NEW\n"


def test_calm_ends_all_faults(proxy: FaultProxy, client: socket.socket) -> None:
    """At once."""
    proxy.stall()
    proxy.delay(30)
    proxy.trickle(30)
    proxy.swallow_replies_after(b"COMMIT")

    proxy.calm()

    assert ask(client, b"COMMIT\n") == b"COMMIT\n"


def test_a_client_that_hangs_up_is_heard_by_the_server(proxy: FaultProxy, client: socket.socket) -> None:
    """And what the server still says reaches a client that has only stopped talking."""
    client.sendall(b"bye\n")
    client.shutdown(socket.SHUT_WR)

    assert receive(client, 100) == b"BYE\n"
    with connect(proxy) as other:  # a round trip later the proxy has seen the end, too
        ask(other, b"x\n")
    assert not proxy.connections[0].is_open


def test_a_server_that_is_gone_is_gone_for_the_client(server: Shouter) -> None:
    """Who connects is reset: it must not look like a server that is slow."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with FaultProxy(port) as proxy, pytest.raises(ConnectionResetError), connect(proxy) as client:
        client.recv(1)
    assert server.heard == []


def test_megabytes_go_through_unchanged(client: socket.socket) -> None:
    """More than the proxy holds, both ways at once."""
    line = b"x" * 3_000_000 + b"\n"
    sender = threading.Thread(target=client.sendall, args=(line,))
    sender.start()

    assert receive(client, len(line)) == line.upper()
    sender.join(10)


def test_the_proxy_stands_between_coroutines_too(proxy: FaultProxy) -> None:
    """It lives in a thread of its own, so its methods may be called where the client waits."""

    async def talk() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        proxy.stall()
        writer.write(b"async\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readline(), LONG)
        proxy.resume()
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return answer

    assert asyncio.run(talk()) == b"ASYNC\n"


def test_a_closed_proxy_resets_refuses_and_says_so(server: Shouter) -> None:
    """Twice closed is closed."""
    with FaultProxy(server.server_address[1]) as proxy, connect(proxy) as client:
        ask(client, b"x\n")
        proxy.close()
        proxy.close()

        with pytest.raises(ConnectionResetError):
            client.recv(1)
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
        with pytest.raises(RuntimeError, match="is closed"):
            proxy.stall()


def test_without_a_protocol_there_is_nothing_to_count(proxy: FaultProxy) -> None:
    """The error says what to do."""
    with pytest.raises(RuntimeError, match="told the protocol"):
        _ = proxy.round_trips


def test_counts_start_again_and_what_is_closed_is_forgotten(server: Shouter) -> None:
    """Per connection and in total; here the lines happen to be Redis' replies."""
    with FaultProxy(server.server_address[1], protocol="redis") as proxy, connect(proxy) as client:
        with connect(proxy) as other:
            ask(other, b"+ok\r\n")
            other.shutdown(socket.SHUT_WR)
            assert other.recv(1) == b""
        ask(client, b"+ok\r\n")
        ask(client, b"+ok\r\n")

        assert proxy.round_trips == 3
        assert sorted(link.round_trips for link in proxy.connections) == [1, 2]

        proxy.reset_counts()
        assert proxy.round_trips == 0
        ask(client, b"+ok\r\n")
        assert [link.round_trips for link in proxy.connections] == [1]
