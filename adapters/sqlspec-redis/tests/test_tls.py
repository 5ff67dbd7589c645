"""Encrypted connections and unix sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import ConnectError
from sqlspec_redis import RedisConfig
from sqlspec_testkit.servers import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """One that speaks TLS, plain text, and by its socket."""
    with RedisServer(tls=True) as server:
        yield server


def secure(server: RedisServer, host: str = "localhost", **options: Any) -> RedisConfig:
    """A config for its TLS port."""
    assert server.authority is not None
    plain = RedisConfig(url=server.url())
    return RedisConfig(host=host, port=server.tls_port, password=plain.password, **options)


def greeted(config: RedisConfig, *, is_async: bool) -> bool:
    """Whether it answers."""
    if not is_async:
        with config.provide_session() as cache:
            return bool(cache.ping())

    async def main() -> bool:
        async with config.provide_session() as cache:
            return bool(await cache.ping())

    return asyncio.run(main())


@BOTH
@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_g34_each_mode_connects_to_a_server_it_can_trust(
    server: RedisServer, mode: str, is_async: bool
) -> None:
    """With the server's authority."""
    assert server.authority is not None
    config = secure(server, ssl_mode=mode, ssl_root_cert=str(server.authority.path))

    assert greeted(config, is_async=is_async)


@BOTH
def test_g34_rediss_verifies(server: RedisServer, is_async: bool) -> None:
    """The system does not know this authority."""
    url = server.url(port=server.tls_port, scheme="rediss")

    with pytest.raises(ConnectError):
        greeted(RedisConfig(url=url), is_async=is_async)

    assert server.authority is not None
    assert greeted(
        RedisConfig(url=url.replace("127.0.0.1", "localhost"), ssl_root_cert=str(server.authority.path)),
        is_async=is_async,
    )


@BOTH
def test_g34_require_checks_nothing(server: RedisServer, is_async: bool) -> None:
    """It encrypts."""
    assert greeted(secure(server, ssl_mode="require"), is_async=is_async)


@BOTH
def test_g34_there_is_no_downgrade(server: RedisServer, is_async: bool) -> None:
    """The plain port does not do for `require`, nor the other way round."""
    plain = RedisConfig(url=server.url())

    with pytest.raises(ConnectError):
        greeted(plain.replace(ssl_mode="require", connect_timeout=3.0), is_async=is_async)
    with pytest.raises(ConnectError):
        greeted(secure(server, ssl_mode="disable", connect_timeout=3.0), is_async=is_async)


@BOTH
def test_a_unix_socket(server: RedisServer, is_async: bool) -> None:
    """By URL and by field."""
    plain = RedisConfig(url=server.url())

    assert greeted(
        RedisConfig(url=f"unix://{server.socket_path}?database=3", password=plain.password), is_async=is_async
    )
    assert greeted(RedisConfig(socket_path=server.socket_path, password=plain.password), is_async=is_async)
