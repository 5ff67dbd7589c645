"""What a network adapter need not write again: its config's base class, and what is done to sockets."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec import AsyncSession, Secret, Session
from sqlspec.errors import InvalidConfigError
from sqlspec.plugin.network import KeepAlive, NetworkConfig, set_keepalive, watch_socket

if TYPE_CHECKING:
    from collections.abc import Iterator


class WireConfig(NetworkConfig[Session, AsyncSession], frozen=True, kw_only=True):
    """An author's own: all that must be said."""

    adapter: ClassVar[str] = "wire"
    default_port: ClassVar[int] = 4711


def test_a_config_of_an_author_says_its_port_and_no_more() -> None:
    """The rest is there: URL, TLS, keep-alive, secrets."""
    config = WireConfig(url="wire://ann:pw@db.example?keepalive=30&ssl_mode=verify-full")

    assert config.addresses == (("db.example", 4711),)
    assert (config.username, config.reveal_password(), config.keepalive) == ("ann", "pw", 30.0)
    assert config.location == "db.example:4711"
    assert config.tls() is not None


def test_a_url_with_a_database_needs_a_field_for_it() -> None:
    """Which the author adds with its entry in `url_fields`."""
    with pytest.raises(InvalidConfigError, match="no database"):
        WireConfig(url="wire://db.example/shop")


async def test_no_password_is_none() -> None:
    """On both sides."""
    assert WireConfig().reveal_password() is None
    assert await WireConfig().areveal_password() is None
    assert await WireConfig(password=Secret(lambda: "pw")).areveal_password() == "pw"


@given(st.floats(1, 32_767))
def test_g57_keepalive_gives_its_verdict_before_twice_the_time(seconds: float) -> None:
    """In whole seconds, and in numbers that systems take."""
    idle, interval, probes = KeepAlive.of(seconds)

    assert seconds <= idle <= seconds + 1
    assert idle + interval * probes <= 2 * idle
    assert interval >= 1
    assert 1 <= probes <= 127


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two ends of a TCP connection."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        server.accept()[0] as accepted,
    ):
        yield client, accepted


def test_keepalive_can_be_switched_on_and_off(pair: tuple[socket.socket, socket.socket]) -> None:
    """And the socket stays open."""
    client, accepted = pair

    for wanted in (KeepAlive.of(9), None):
        set_keepalive(client.fileno(), wanted)
        assert bool(client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)) is (wanted is not None)
    accepted.sendall(b"x")
    assert client.recv(1) == b"x"


@pytest.mark.skipif(sys.platform == "win32", reason="no socket pairs of the family UNIX")
def test_a_unix_socket_needs_no_keepalive() -> None:
    """The system knows when the other end is gone."""
    one, other = socket.socketpair()
    with one, other:
        set_keepalive(one.fileno(), KeepAlive.of(9))
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0


def test_a_look_at_a_socket_reads_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    """It is silent, something has come, the other end is gone."""
    client, accepted = pair
    look: Any = watch_socket(client.fileno())

    assert not look()
    accepted.sendall(b"x")
    assert look()
    assert client.recv(1) == b"x"
    assert not look()
    accepted.close()
    assert look()
