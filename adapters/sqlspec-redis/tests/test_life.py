"""Loops, forks, threads, closing from elsewhere, and long runs."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec.errors import SessionClosedError
from sqlspec_redis import RedisConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlspec_testkit.servers import RedisServer

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
# Python 3.12 warns of forks beside threads.
quiet = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@pytest.fixture
def spec(config: RedisConfig) -> Iterator[SQLSpec]:
    """Three connections."""
    with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=3), "cache")
        yield spec


def client_id(spec: SQLSpec) -> int:
    """Which connection serves threads."""
    with spec.provide_session(RedisConfig) as cache:
        return int(cache.client_id())


async def async_client_id(spec: SQLSpec) -> int:
    """Which connection serves this loop."""
    async with spec.provide_session(RedisConfig) as cache:
        return int(await cache.client_id())


def others(server: RedisServer) -> int:
    """How many clients the server sees, after a moment."""
    until = time.monotonic() + 5
    while (count := server.connections()) and time.monotonic() < until:
        threading.Event().wait(0.02)
    return count


def in_child(work: Callable[[], object]) -> str:
    """What *work* returns, or raises, in a forked child."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            said = str(work())
        except BaseException as exc:  # noqa: BLE001 - all of it is told
            said = f"{type(exc).__name__}: {exc}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    os.waitpid(pid, 0)
    return said


# --- loops --------------------------------------------------------------------------------------


def test_g16_each_loop_has_connections_of_its_own(spec: SQLSpec) -> None:
    """And none of a loop that is gone."""
    first = asyncio.run(async_client_id(spec))
    second = asyncio.run(async_client_id(spec))

    assert first != second
    assert spec.stats("cache").in_use == 0


def test_g16_two_loops_at_once(spec: SQLSpec) -> None:
    """In two threads, over one registry."""
    failed: list[BaseException] = []

    async def work() -> None:
        for _ in range(50):
            await async_client_id(spec)
        await spec.aclose()

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as exc:  # noqa: BLE001 - told by the assertion
            failed.append(exc)

    def run_many() -> None:
        for _ in range(2):
            run()

    threads = [threading.Thread(target=run_many) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spec.open()

    assert [type(exc).__name__ for exc in failed if type(exc).__name__ != "ConfigClosedError"] == []


def test_g17_nothing_stays_on_the_server_after_the_loop(own_redis_server: RedisServer) -> None:
    """Closed in the loop, closed from outside, or found closed by the next one."""
    spec = SQLSpec()
    spec.register_config(RedisConfig(url=own_redis_server.url()), "cache")

    async def work() -> None:
        async with spec:
            await async_client_id(spec)

    asyncio.run(work())
    assert others(own_redis_server) == 0

    spec.open()
    asyncio.run(async_client_id(spec))
    assert own_redis_server.connections() == 1
    spec.close()
    assert others(own_redis_server) == 0

    spec.open()
    asyncio.run(async_client_id(spec))
    asyncio.run(async_client_id(spec))
    assert own_redis_server.connections() <= 2
    spec.close()
    assert others(own_redis_server) == 0


def test_g21_close_from_another_thread_ends_a_loops_pool(own_redis_server: RedisServer) -> None:
    """While the loop runs and uses it; the session under way ends in peace."""
    spec = SQLSpec()
    spec.register_config(RedisConfig(url=own_redis_server.url()), "cache")

    async def work() -> None:
        async with spec.provide_session(RedisConfig) as cache:
            await async_client_id(spec)
            await asyncio.to_thread(spec.close)
            await cache.set("a", 1)
            assert await cache.get("a") == b"1"

    asyncio.run(work())
    assert others(own_redis_server) == 0


# --- forks --------------------------------------------------------------------------------------


@forks
@quiet
def test_g18_a_child_connects_anew_and_the_parent_is_undisturbed(spec: SQLSpec) -> None:
    """In the middle of the parent's transaction."""
    pipe: Any
    with spec.provide_session(RedisConfig) as cache, cache.pipeline() as pipe:
        pipe.watch("a")
        mine = int(pipe.client_id())

        def work() -> int:
            found = client_id(spec)
            spec.close()
            gc.collect()
            return found

        theirs = in_child(work)
        pipe.multi()
        pipe.set("a", 1)

        assert pipe.execute() == [True]

    assert int(theirs) != mine
    assert client_id(spec) == mine


@forks
@quiet
def test_g18_a_session_is_not_inherited(spec: SQLSpec) -> None:
    """Neither kind: nothing is sent on the parent's connection."""
    with spec.provide_session(RedisConfig) as cache:
        assert in_child(lambda: cache.get("a")).startswith(SessionClosedError.__name__)
        assert cache.ping()
    with spec.provide_connection(RedisConfig) as raw:
        assert in_child(lambda: raw.get("a")).startswith(SessionClosedError.__name__)
        assert raw.ping()


@forks
@quiet
def test_g18_a_subscription_is_not_inherited(spec: SQLSpec) -> None:
    """The child reads none of the parent's messages."""
    cache: Any
    with spec.provide_session(RedisConfig) as cache:
        told = cache.pubsub(ignore_subscribe_messages=True)
        told.subscribe("news")
        told.get_message(timeout=1)
        cache.publish("news", "hello")

        assert in_child(lambda: told.get_message(timeout=0.2)).startswith("ConnectionError")
        assert told.get_message(timeout=1)["data"] == b"hello"
        told.close()


@forks
@quiet
def test_g18_a_loops_connections_are_not_inherited(spec: SQLSpec) -> None:
    """The child has a loop of its own."""

    async def work() -> None:
        mine = await async_client_id(spec)
        async with spec.provide_session(RedisConfig) as cache:
            theirs = in_child(lambda: run_elsewhere(lambda: asyncio.run(async_client_id(spec))))
            assert await cache.client_id() == mine
        assert theirs.isdigit()
        assert int(theirs) != mine

    asyncio.run(work())


def run_elsewhere(work: Callable[[], Any]) -> Any:
    """In a thread, where no loop is running."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0] if found else "failed"


# --- threads ------------------------------------------------------------------------------------


def test_g15_first_use_by_many_threads_makes_one_pool(spec: SQLSpec) -> None:
    """With three connections at most, and the right answers."""
    wrong: list[int] = []
    barrier = threading.Barrier(16)

    def work(number: int) -> None:
        barrier.wait()
        for _ in range(20):
            with spec.provide_session(RedisConfig) as cache:
                if int(cache.echo(str(number))) != number:
                    wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    stats = spec.stats("cache")
    assert (stats.in_use, stats.size <= 3, stats.opened <= 3) == (0, True, True)


def test_g24_threads_may_share_a_session(config: RedisConfig) -> None:
    """As they may share redis-py's client: each command has a connection to itself, also in a pool of one."""
    with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1), "cache")
        with spec.provide_session(RedisConfig) as cache:
            wrong: list[int] = []

            def work(number: int) -> None:
                wrong.extend(number for _ in range(50) if int(cache.echo(str(number))) != number)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert wrong == []
        assert spec.stats("cache").opened == 1


async def test_g24_tasks_may_share_a_session(config: RedisConfig) -> None:
    """`gather` over a pool of one."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1), "cache")
        async with spec.provide_session(RedisConfig) as cache:
            found = await asyncio.gather(*(cache.echo(str(number)) for number in range(100)))

        assert [int(one) for one in found] == list(range(100))
        assert spec.stats("cache").opened == 1


async def test_g24_commands_that_share_a_session_leave_the_pool_to_others(config: RedisConfig) -> None:
    """They take turns on the session's connection, the longest waiter first."""
    served: list[int] = []
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=3), "cache")
        async with spec.provide_session(RedisConfig) as cache:

            async def work(number: int) -> None:
                for _ in range(3):
                    await cache.ping()
                    served.append(number)

            await asyncio.gather(*(work(number) for number in range(5)))

        assert served == [*range(5)] * 3
        assert spec.stats("cache").opened == 1


@pytest.mark.parametrize("command", ["BLPOP", "XREAD", "SUBSCRIBE", "WATCH"])
async def test_g24_what_holds_the_connection_sends_waiters_to_the_pool(
    config: RedisConfig, command: str
) -> None:
    """Those who wait already, and those who come later."""
    words = {"BLPOP": ("list", 30), "XREAD": ("BLOCK", 30_000, "STREAMS", "stream", "$")}.get(command, ("a",))
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=2, pool_timeout=5.0), "cache")
        cache: Any
        async with spec.provide_session(RedisConfig) as cache:
            held: Any = await cache.connection_pool.get_connection()
            waiting = asyncio.ensure_future(cache.client_id())
            await asyncio.sleep(0.05)
            assert not waiting.done()

            await held.send_command(command, *words)
            first, later = await waiting, await cache.client_id()

        assert first == later
        assert (spec.stats("cache").opened, spec.stats("cache").in_use) == (2, 0)


def test_g24_a_thread_may_end_what_another_waits_for(config: RedisConfig) -> None:
    """A blocking command, and the one that it waits for, over one session."""
    with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=2), "cache")
        cache: Any
        with spec.provide_session(RedisConfig) as cache:
            found: list[Any] = []
            thread = threading.Thread(target=lambda: found.append(cache.blpop("list", timeout=4)))
            thread.start()
            started = time.monotonic()
            while all(client["cmd"] != "blpop" for client in cache.client_list()):
                assert time.monotonic() - started < 3
            cache.rpush("list", "item")
            thread.join()

        assert found == [(b"list", b"item")]
        assert time.monotonic() - started < 3
        assert spec.stats("cache").in_use == 0


async def test_a_cancelled_command_leaves_the_queue_of_its_session(config: RedisConfig) -> None:
    """Whoever waits behind it is served, and what it was given in that moment goes on to the next."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1, pool_timeout=5.0), "cache")
        cache: Any
        async with spec.provide_session(RedisConfig) as cache:
            taken: Any = await cache.connection_pool.get_connection()
            first, second, third = (asyncio.ensure_future(cache.echo(str(number))) for number in range(3))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.sleep(0)
            await cache.connection_pool.release(taken)  # given to the second,
            second.cancel()  # which does not want it any more

            assert await third == b"2"
        assert (spec.stats("cache").opened, spec.stats("cache").unclean) == (1, 0)


async def test_commands_that_wait_when_their_session_ends_are_told(config: RedisConfig) -> None:
    """They do not get its connection; and the end does not wait for them."""
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1, pool_timeout=5.0), "cache")
        cache: Any
        async with spec.provide_session(RedisConfig) as cache:
            await cache.connection_pool.get_connection()
            waiting = asyncio.ensure_future(cache.ping())
            await asyncio.sleep(0)

        with pytest.raises(SessionClosedError, match="has ended"):
            await waiting


async def test_the_longest_waiter_is_served_first(config: RedisConfig) -> None:
    """Ten in a row, over one connection."""
    served: list[int] = []
    async with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=1), "cache")

        async def work(number: int) -> None:
            async with spec.provide_session(RedisConfig) as cache:
                served.append(number)
                await cache.ping()

        await asyncio.gather(*(work(number) for number in range(10)))

    assert served == list(range(10))


def test_a_keyboard_interrupt_leaves_no_reply_behind(spec: SQLSpec) -> None:
    """The command was sent, and nobody read its answer."""
    with pytest.raises(KeyboardInterrupt), spec.provide_session(RedisConfig) as cache:
        connection: Any = cache.connection_pool.get_connection()
        connection.send_command("ECHO", "somebody else's")
        raise KeyboardInterrupt

    with spec.provide_session(RedisConfig) as cache:
        assert cache.echo("mine") == b"mine"
    assert spec.stats("cache").unclean == 1


# --- warming up, and the end --------------------------------------------------------------------


def test_pool_min_size_is_opened_with_open(config: RedisConfig) -> None:
    """And no more."""
    spec = SQLSpec()
    spec.register_config(config.replace(pool_min_size=3), "cache")
    spec.open()
    with spec:
        assert spec.stats("cache").idle == 3


async def test_pool_min_size_is_opened_with_aopen(config: RedisConfig) -> None:
    """For the loop that is running."""
    spec = SQLSpec()
    spec.register_config(config.replace(pool_min_size=3), "cache")
    await spec.aopen()
    async with spec:
        assert spec.stats("cache").idle == 3


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_g27_a_program_may_end_without_closing(redis_url: str, kind: str, tmp_path: Path) -> None:
    """Quickly, and without a word."""
    program = tmp_path / "program.py"
    program.write_text(
        "import asyncio, sys\n"
        "from sqlspec import SQLSpec\n"
        "spec = SQLSpec()\n"
        "spec.register_config(sys.argv[1], name='cache')\n"
        "async def main():\n"
        "    async with spec.provide_session('cache') as cache:\n"
        "        await cache.ping()\n"
        "if sys.argv[2] == 'async':\n"
        "    asyncio.run(main())\n"
        "else:\n"
        "    with spec.provide_session('cache') as cache:\n"
        "        cache.ping()\n"
    )
    done = subprocess.run(
        [sys.executable, str(program), redis_url, kind],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.stdout, done.stderr) == ("", "")


def descriptors() -> int:
    """How many files this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count, nothing else


def blocks() -> int:
    """How much memory Python uses. Not its pages: glibc finds holes for asyncio's buffers, or does not."""
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts files in /proc")
@pytest.mark.parametrize("rounds", [1, pytest.param(50, marks=pytest.mark.storm)])
async def test_g28_thousands_of_sessions_leave_nothing(config: RedisConfig, rounds: int) -> None:
    """Clean ones, dirty ones, failed and cancelled ones."""
    registry = SQLSpec()

    async def work(number: int) -> None:
        async with registry.provide_session(RedisConfig) as cache:
            if number % 7 == 0:
                await cache.select(0)
            if number % 11 == 0:
                raise ZeroDivisionError
            await cache.ping()

    async def round_of(count: int) -> None:
        for number in range(count):
            task = asyncio.ensure_future(work(number))
            await asyncio.sleep(0)
            if number % 13 == 0:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0)

    async with registry:
        registry.register_config(config.replace(pool_size=3), "cache")
        await round_of(2000)
        before, threads = (descriptors(), len(asyncio.all_tasks())), set(threading.enumerate())
        memory = blocks()
        for _ in range(rounds):
            await round_of(2000)
        assert (descriptors(), len(asyncio.all_tasks())) == before
        assert set(threading.enumerate()) <= threads  # one of another test's may end meanwhile
        assert registry.stats("cache").in_use == 0
        assert blocks() < memory * 1.01


def test_g28_sync_connects_leave_no_thread(config: RedisConfig) -> None:
    """Each has a timer while it lasts."""
    with SQLSpec() as spec:
        spec.register_config(config.replace(pool_size=2), "cache")
        for _ in range(50):
            with spec.provide_session(RedisConfig) as cache:
                cache.select(0)
        until = time.monotonic() + 5
        while any(isinstance(thread, threading.Timer) for thread in threading.enumerate()):
            assert time.monotonic() < until
            threading.Event().wait(0.01)
        assert spec.stats("cache").unclean == 50


def test_the_drivers_errors_are_not_hidden_by_the_end(spec: SQLSpec) -> None:
    """An error of a command comes out of the block as it is."""
    cache: Any
    with pytest.raises(redis.ResponseError), spec.provide_session(RedisConfig) as cache:
        cache.execute_command("NO-SUCH-COMMAND")
