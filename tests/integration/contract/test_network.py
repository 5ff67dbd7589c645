"""What all network adapters share: hosts, ports, TLS files, passwords, keep-alive."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import Secret
from sqlspec.errors import InvalidArgumentError, InvalidConfigError, SQLSpecError

from .networks import CANARY, EACH, EACH_SIDE, NETWORKS, Network, connected, make_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# --- what a config says -------------------------------------------------------------------------------


@EACH
def test_without_a_word_it_is_this_machine(network: Network) -> None:
    """And the usual port."""
    config = network.config_type()

    assert config.addresses == (("localhost", network.port),)
    assert config.location.startswith(f"localhost:{network.port}")
    assert config.effective_ssl_mode == "disable"
    assert config.tls() is None


@EACH
@pytest.mark.parametrize(
    ("host", "mode"),
    [
        ("localhost", "disable"),
        ("127.0.0.1", "disable"),
        ("::1", "disable"),
        ("db.example.org", "require"),
        ("10.0.0.7", "require"),
    ],
)
def test_g34_what_leaves_the_machine_is_encrypted(network: Network, host: str, mode: str) -> None:
    """Unless the config says otherwise."""
    for wanted in ("disable", "require", "verify-ca", "verify-full"):
        assert network.config_type(host=host, ssl_mode=wanted).effective_ssl_mode == wanted
    assert network.config_type(host=host).effective_ssl_mode == mode


@EACH
@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("port", 0, "a port from 1 to 65535"),
        ("port", -1, "a port from 1 to 65535"),
        ("port", 65_536, "a port from 1 to 65535"),
        ("host", "one,two", "one name or address"),
        ("host", "my host", "one name or address"),
        ("ssl_key", "key.pem", "no use without ssl_cert"),
        ("ssl_key_password", "open sesame", "no use without ssl_cert"),
        ("ssl_mode", "prefer", "expected 'disable' or"),
        ("ssl_mode", "verify_full", "expected 'disable' or"),
        ("keepalive", 0.0, "from 1 to 32767 seconds, or None"),
        ("keepalive", 0.5, "from 1 to 32767 seconds, or None"),
        ("keepalive", 32_768.0, "from 1 to 32767 seconds, or None"),
        ("keepalive", float("nan"), "from 1 to 32767 seconds, or None"),
    ],
    ids=str,
)
def test_a_value_that_can_not_be_is_refused(network: Network, option: str, value: object, told: str) -> None:
    """With the option's name, in code as in a file; the value is not repeated."""
    kind: Any = network.config_type
    makers: list[Callable[[dict[str, Any]], Any]] = [lambda given: kind(**given), kind.from_mapping]
    for make in makers:
        with pytest.raises(InvalidConfigError, match=told) as caught:
            make({option: value})

        assert caught.value.key == option
        assert str(caught.value).startswith(f"{network.config_type.__name__}.{option}: ")


@EACH
def test_g32_a_config_hides_its_password(network: Network) -> None:
    """In every shape it is shown in."""
    scheme = network.config_type.url_schemes[0]
    for config in (
        network.config_type(url=f"{scheme}://me:{CANARY}@db.example/1"),
        network.config_type(host="db.example", password=CANARY),
        network.config_type(host="db.example", password=Secret(CANARY)),
    ):
        assert config.reveal_password() == CANARY
        assert CANARY not in repr(config)
        assert "***" in repr(config)


# --- the files of TLS ---------------------------------------------------------------------------------


@EACH_SIDE
@pytest.mark.parametrize("option", ["ssl_root_cert", "ssl_cert", "ssl_key"])
@pytest.mark.parametrize("is_there", [False, True], ids=["missing", "no PEM file"])
async def test_a_tls_file_of_no_use_is_named(
    network: Network, in_tasks: bool, option: str, is_there: bool, tmp_path: Path
) -> None:
    """Before anything is sent: nobody listens at this address. What is in the file is not told."""
    path = tmp_path / "file.pem"
    if is_there:
        path.write_text(CANARY)
    options = {option: str(path), **({"ssl_cert": str(path)} if option == "ssl_key" else {})}
    config = network.config_type(host="127.0.0.1", port=1, ssl_mode="verify-full", **options)

    with pytest.raises(InvalidConfigError) as caught:
        async with connected(config, in_tasks=in_tasks):
            pass

    named = "ssl_cert" if option == "ssl_key" else option
    why = "is not a PEM file that can be used" if is_there else "does not exist"
    assert str(caught.value) == f"{named}: {path} {why}"
    assert caught.value.key == named


@EACH_SIDE
@pytest.mark.parametrize("password", [None, "wrong"])
async def test_an_encrypted_key_is_not_opened_without_its_password(
    network: Network, in_tasks: bool, password: str | None, tmp_path: Path
) -> None:
    """And nobody is asked for it on the terminal."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(cert, key)
    config = network.config_type(
        host="127.0.0.1",
        port=1,
        ssl_mode="require",
        ssl_cert=str(cert),
        ssl_key=str(key),
        ssl_key_password=password,
    )

    with pytest.raises(InvalidConfigError, match="is encrypted, and not opened by ssl_key_password"):
        async with connected(config, in_tasks=in_tasks):
            pass
    opened = config.merge({"ssl_key_password": CANARY})
    assert opened.tls() is not None
    assert CANARY not in repr(opened)


@EACH
def test_the_password_of_a_key_is_no_function(network: Network) -> None:
    """A slow one would hold up the event loop."""
    with pytest.raises(InvalidConfigError, match="a text, not a function"):
        network.config_type(ssl_cert="cert.pem", ssl_key_password=Secret(lambda: CANARY))


# --- passwords ----------------------------------------------------------------------------------------


@EACH
async def test_an_async_function_gives_the_password(network: Network, request: pytest.FixtureRequest) -> None:
    """It is awaited, at every connect."""
    server = request.getfixturevalue(network.server)
    asked: list[int] = []

    async def token() -> str:
        await asyncio.sleep(0)
        asked.append(1)
        return server.address.password or ""

    config = network.reach(server, password=Secret(token))
    for _ in range(2):
        async with connected(config, in_tasks=True):
            pass

    assert len(asked) == 2


@EACH_SIDE
async def test_a_function_gives_the_password(
    network: Network, in_tasks: bool, request: pytest.FixtureRequest
) -> None:
    """At every connect, and never on the event loop."""
    server = request.getfixturevalue(network.server)
    asked: list[bool] = []

    def fetch() -> str:
        asked.append(threading.current_thread() is threading.main_thread())
        return server.address.password or ""

    config = network.reach(server, password=Secret(fetch))
    for _ in range(2):
        async with connected(config, in_tasks=in_tasks):
            pass

    assert asked == [not in_tasks] * 2


@pytest.mark.parametrize("network", [NETWORKS["psycopg"], NETWORKS["redis"]], ids=["psycopg", "redis"])
async def test_threads_can_not_await_an_async_function(
    network: Network, request: pytest.FixtureRequest
) -> None:
    """They say so, and nothing is left un-awaited."""

    async def token() -> str:
        raise AssertionError

    config = network.reach(request.getfixturevalue(network.server), password=Secret(token))

    with pytest.raises(SQLSpecError) as caught:
        async with connected(config, in_tasks=False):
            pass

    error: BaseException | None = caught.value
    while error is not None and not isinstance(error, InvalidArgumentError):
        error = error.__cause__
    assert "async with" in str(error)


# --- keep-alive ---------------------------------------------------------------------------------------


def sockets_to(port: int) -> Iterator[socket.socket]:
    """The process's own connections to a port of this machine."""
    for number in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as found:
                if found.family == socket.AF_INET and found.getpeername()[1] == port:
                    yield found
        except OSError:  # closed meanwhile, or not connected
            continue


def keepalive_of(sock: socket.socket) -> tuple[int, ...]:
    """On or off, idle, interval, count, as the system has them."""
    levels = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE)]
    levels += [
        (socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    ]
    return tuple([sock.getsockopt(*level) for level in levels])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@EACH_SIDE
@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, (1, 60, 10, 5)), ({"keepalive": 7.5}, (1, 8, 1, 5)), ({"keepalive": None}, (0,))],
    ids=["unsaid", "said", "off"],
)
async def test_g57_every_socket_asks_for_signs_of_life(
    network: Network,
    in_tasks: bool,
    options: dict[str, Any],
    expected: tuple[int, ...],
    request: pytest.FixtureRequest,
) -> None:
    """A server that vanished is noticed within two minutes; the option is the system's own."""
    server = request.getfixturevalue(network.server)
    before = {sock.getsockname() for sock in sockets_to(server.address.port)}

    async with connected(
        network.reach(server, password=server.address.password, **options), in_tasks=in_tasks
    ):
        found = [
            keepalive_of(sock)[: len(expected)]
            for sock in sockets_to(server.address.port)
            if sock.getsockname() not in before
        ]

    assert found
    assert set(found) == {expected}
