"""Servers that are away, slow or deaf, and what a caller notices of it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import Secret, SQLSpec
from sqlspec.errors import AuthenticationError, ConnectError, DisconnectedError
from sqlspec_redis import RedisConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sqlspec_testkit.proxy import FaultProxy
    from sqlspec_testkit.servers import RedisServer
    from sqlspec_testkit.servers.redis import Redis

CANARY = "canary-hunter2"


@pytest.fixture
def url(redis_server: Redis, redis_proxy: FaultProxy) -> Iterator[str]:
    """An empty database, through the proxy."""
    with redis_server.database() as number:
        yield redis_server.url(database=number, port=redis_proxy.port)


@pytest.fixture
def config(url: str) -> RedisConfig:
    """Impatient."""
    return RedisConfig(url=url, socket_timeout=0.5, connect_timeout=2.0, pool_size=3)


def run(config: RedisConfig, work: Callable[[Any], Any], *, is_async: bool) -> Any:
    """Call *work* with a session, as it is or awaited."""
    if not is_async:
        with SQLSpec() as spec:
            spec.register_config(config, "cache")
            with spec.provide_session(RedisConfig) as cache:
                return work(cache)

    async def main() -> Any:
        async with SQLSpec() as spec:
            spec.register_config(config, "cache")
            async with spec.provide_session(RedisConfig) as cache:
                return await work(cache)

    return asyncio.run(main())


BOTH = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@BOTH
def test_g10_a_command_whose_reply_is_lost_ran_once(
    config: RedisConfig, redis_proxy: FaultProxy, redis_server: Redis, is_async: bool
) -> None:
    """redis-py alone would have run it eleven times."""
    trap = redis_proxy.swallow_replies_after(b"INCR", count=100)

    with pytest.raises(redis.TimeoutError):
        run(config, lambda cache: cache.incr("n"), is_async=is_async)

    assert trap.wait()
    assert redis_server.command("GET", "n", database=config.database) == "1"


@BOTH
def test_g10_a_pipeline_whose_reply_is_lost_ran_once(
    config: RedisConfig, redis_proxy: FaultProxy, redis_server: Redis, is_async: bool
) -> None:
    """The connection is cut, which invites to try again."""
    trap = redis_proxy.swallow_replies_after(b"EXEC", count=100, cut=True)

    with pytest.raises(redis.ConnectionError):
        run(config, lambda cache: cache.pipeline().incr("n").execute(), is_async=is_async)

    assert trap.wait()
    assert redis_server.command("GET", "n", database=config.database) == "1"


@BOTH
def test_g5_a_stalled_server_costs_socket_timeout(
    config: RedisConfig, redis_proxy: FaultProxy, is_async: bool
) -> None:
    """Not the sum of eleven attempts."""

    def work(cache: Any) -> Any:
        if not is_async:
            cache.ping()
        redis_proxy.stall()
        return cache.get("a")

    started = time.monotonic()
    with pytest.raises((redis.TimeoutError, ConnectError)):
        run(config, work, is_async=is_async)

    assert time.monotonic() - started < 4
    redis_proxy.resume()


@BOTH
def test_g5_a_deaf_server_costs_connect_timeout(
    config: RedisConfig, redis_proxy: FaultProxy, is_async: bool
) -> None:
    """It takes the connection and says nothing."""
    redis_proxy.stall()
    config = config.replace(connect_timeout=0.5, socket_timeout=None)

    started = time.monotonic()
    with pytest.raises(ConnectError, match=r"did not answer within connect_timeout=0\.5 s"):
        run(config, lambda cache: cache.ping(), is_async=is_async)

    assert 0.4 < time.monotonic() - started < 5
    redis_proxy.resume()


@BOTH
def test_g5_a_dripping_greeting_costs_connect_timeout(
    config: RedisConfig, redis_proxy: FaultProxy, is_async: bool
) -> None:
    """Each byte comes in time, the whole never would."""
    redis_proxy.trickle(0.1)
    config = config.replace(connect_timeout=0.6, socket_timeout=5.0)

    started = time.monotonic()
    with pytest.raises(ConnectError):
        run(config, lambda cache: cache.ping(), is_async=is_async)

    assert time.monotonic() - started < 5
    redis_proxy.calm()


@BOTH
def test_a_session_whose_connection_broke_connects_again(
    config: RedisConfig, redis_proxy: FaultProxy, is_async: bool
) -> None:
    """The command that met it fails; the next one is a new one."""

    async def async_work(cache: Any) -> Any:
        await cache.set("a", 1)
        redis_proxy.cut()
        with pytest.raises(redis.ConnectionError):
            await cache.get("a")
        return await cache.get("a")

    def work(cache: Any) -> Any:
        cache.set("a", 1)
        redis_proxy.cut()
        with pytest.raises(redis.ConnectionError):
            cache.get("a")
        return cache.get("a")

    if is_async:
        assert run(config, async_work, is_async=True) == b"1"
    else:
        assert run(config, work, is_async=False) == b"1"


# --- restarts -----------------------------------------------------------------------------------


@contextmanager
def idle(config: RedisConfig, count: int) -> Generator[SQLSpec, None, None]:
    """A registry with that many idle connections."""
    with SQLSpec() as spec:
        spec.register_config(config.replace(pool_min_size=count, pool_size=count), "cache")
        spec.open()
        assert spec.stats("cache").idle == count
        yield spec


def errors(spec: SQLSpec, count: int) -> int:
    """How many of that many sessions at once failed."""

    def work() -> None:
        try:
            with spec.provide_session(RedisConfig) as cache:
                cache.ping()
                barrier.wait(10)
        except redis.RedisError:
            failed.append(1)
            barrier.abort()
        except threading.BrokenBarrierError:
            pass

    failed: list[int] = []
    barrier = threading.Barrier(count)
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(failed)


@pytest.mark.parametrize("pre_ping", [True, False], ids=["pre-ping", "without"])
def test_g7_g8_a_restart_costs_nobody_anything(own_redis_server: RedisServer, pre_ping: bool) -> None:
    """Idle connections that were closed are seen as such, ping or no ping."""
    with idle(RedisConfig(url=own_redis_server.url(), pool_pre_ping=pre_ping), 5) as spec:
        own_redis_server.restart()

        started = time.monotonic()
        assert errors(spec, 5) == 0
        assert time.monotonic() - started < 5
        assert spec.stats("cache").dead >= 1


def test_g7_killed_connections_cost_nobody_anything(own_redis_server: RedisServer) -> None:
    """By CLIENT KILL."""
    with idle(RedisConfig(url=own_redis_server.url()), 5) as spec:
        assert own_redis_server.terminate() == 5
        assert errors(spec, 5) == 0


def test_g7_a_stalled_connection_is_found_by_its_ping(
    config: RedisConfig, redis_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing tells but silence; its siblings are replaced without asking them, too."""
    monkeypatch.setattr("sqlspec.pool.base.UNCHECKED_WINDOW", 0.0)
    with idle(config, 3) as spec:
        redis_proxy.refuse()
        redis_proxy.stall()

        def recover() -> None:
            redis_proxy.cut()
            redis_proxy.calm()
            redis_proxy.admit()

        timer = threading.Timer(2.2, recover)
        timer.start()
        started = time.monotonic()
        assert errors(spec, 3) == 0
        assert time.monotonic() - started < 8
        timer.join()


def test_g8_the_first_who_meets_silence_expires_the_others(
    config: RedisConfig, redis_proxy: FaultProxy
) -> None:
    """Without a ping, one error, not one for each connection."""
    with idle(config.replace(pool_pre_ping=False), 3) as spec:
        redis_proxy.stall()
        with pytest.raises(redis.TimeoutError), spec.provide_session(RedisConfig) as cache:
            cache.ping()
        redis_proxy.resume()

        assert errors(spec, 3) == 0
        assert spec.stats("cache").aged == 2


def test_a_server_that_starts_late_is_waited_for(own_redis_server: RedisServer) -> None:
    """Connecting is tried again, as long as that may help."""
    spec = SQLSpec()
    with spec:
        spec.register_config(RedisConfig(url=own_redis_server.url(), connect_timeout=10), "cache")
        own_redis_server.stop()
        timer = threading.Timer(0.1, own_redis_server.start)
        timer.start()
        try:
            for _ in range(20):
                try:
                    with spec.provide_session(RedisConfig) as cache:
                        assert cache.ping()
                        break
                except ConnectError:
                    continue
            else:
                pytest.fail("never connected")
        finally:
            timer.join()


def test_ping_maps_what_it_meets(config: RedisConfig, redis_proxy: FaultProxy) -> None:
    """As for every database."""
    with SQLSpec() as spec:
        spec.register_config(config.replace(pool_pre_ping=False), "cache")
        assert spec.ping("cache") >= 0
        redis_proxy.stall()
        with pytest.raises(DisconnectedError):
            spec.ping("cache")
        redis_proxy.resume()


# --- refusals -----------------------------------------------------------------------------------


def told(exc: BaseException | None) -> str:
    """All that an error and what lies behind it say."""
    texts = []
    while exc is not None:
        texts += [str(exc), repr(exc), repr(exc.args)]
        exc = exc.__cause__ or exc.__context__
    return "".join(texts)


@BOTH
@pytest.mark.parametrize("username", [None, "nobody-there"], ids=["default", "user"])
def test_g32_a_wrong_password_fails_at_once_and_is_not_told(
    redis_url: str, username: str | None, is_async: bool
) -> None:
    """Whoever it was for."""
    base = RedisConfig(url=redis_url)
    config = RedisConfig(host=base.host, port=base.port, username=username, password=Secret(CANARY))

    started = time.monotonic()
    with pytest.raises(AuthenticationError, match="refuses the credentials") as caught:
        run(config, lambda cache: cache.ping(), is_async=is_async)

    assert time.monotonic() - started < 5
    assert CANARY not in told(caught.value)


@BOTH
def test_no_password_where_one_is_needed(redis_url: str, is_async: bool) -> None:
    """It is the same kind of mistake."""
    base = RedisConfig(url=redis_url)

    with pytest.raises(AuthenticationError):
        run(RedisConfig(host=base.host, port=base.port), lambda cache: cache.ping(), is_async=is_async)


@BOTH
def test_a_user_who_may_not_ping_is_served(redis_server: Redis, redis_url: str, is_async: bool) -> None:
    """When it is connected to and when it has rested: the server's refusal is a sign of life, too."""
    redis_server.command("ACL", "SETUSER", "mute", "on", ">word", "~*", "&*", "+@all", "-ping")
    base = RedisConfig(url=redis_url)
    config = RedisConfig(host=base.host, port=base.port, username="mute", password=Secret("word"))

    try:
        assert run(config, lambda cache: cache.get("nothing"), is_async=is_async) is None
        with SQLSpec() as spec:
            spec.register_config(config, "mute")
            spec.ping("mute")
    finally:
        redis_server.command("ACL", "DELUSER", "mute")


@BOTH
def test_a_database_that_is_not_there(redis_url: str, is_async: bool) -> None:
    """The server knows how many there are."""
    with pytest.raises(ConnectError, match="database 9999 refuses the connection"):
        run(
            RedisConfig(url=redis_url).replace(url=None, **parts(redis_url), database=9999),
            ping,
            is_async=is_async,
        )


def parts(url: str) -> dict[str, Any]:
    """What the URL says, without the database."""
    config = RedisConfig(url=url)
    return {"host": config.host, "port": config.port, "password": config.password}


def ping(cache: Any) -> Any:
    """A command."""
    return cache.ping()


@BOTH
def test_nobody_listens(is_async: bool) -> None:
    """Three attempts, and then the reason."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(ConnectError, match=f"no connection to Redis at 127.0.0.1:{port}") as caught:
        run(RedisConfig(host="127.0.0.1", port=port), ping, is_async=is_async)

    assert isinstance(caught.value.__cause__, redis.ConnectionError)


@contextmanager
def echoing() -> Generator[int, None, None]:
    """A server older than HELLO: it repeats what it does not understand, password and all."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                said = client.recv(4096).replace(b"\r\n", b" ")
                client.sendall(b"-ERR unknown command, with args beginning with: " + said + b"\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@BOTH
@pytest.mark.parametrize("protocol", [2, 3])
def test_g32_a_server_that_repeats_the_password_is_not_quoted(is_async: bool, protocol: int) -> None:
    """Redis before 6.0 does that."""
    with echoing() as port:
        config = RedisConfig(host="127.0.0.1", port=port, password=Secret(CANARY), protocol=protocol)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        with pytest.raises(ConnectError) as caught:
            run(config, ping, is_async=is_async)

    assert CANARY not in told(caught.value)


def test_g32_nothing_shows_the_password(redis_url: str) -> None:
    """No repr of anything that a session leads to."""
    config = RedisConfig(url=redis_url)
    secret = config.reveal_password()
    assert secret is not None
    with SQLSpec() as spec:
        spec.register_config(config, "cache")
        with spec.provide_session(RedisConfig) as cache, spec.provide_connection(RedisConfig) as raw:
            shown = [
                repr(thing)
                for client in (cache, raw)
                for thing in (
                    client,
                    client.connection_pool,
                    client.get_connection_kwargs(),
                    client.connection,
                )
            ]
    assert secret not in "".join(shown)


def test_a_rotated_password_reaches_the_next_connection(redis_url: str) -> None:
    """The function is asked at each connect."""
    base = RedisConfig(url=redis_url)
    asked: list[int] = []

    def current() -> str:
        asked.append(1)
        return base.reveal_password() or ""

    with SQLSpec() as spec:
        spec.register_config(RedisConfig(host=base.host, port=base.port, password=Secret(current)), "cache")
        with spec.provide_session(RedisConfig) as one, spec.provide_session(RedisConfig) as other:
            assert one.client_id() != other.client_id()
        with spec.provide_session(RedisConfig) as cache:
            cache.ping()

    assert len(asked) == 2
