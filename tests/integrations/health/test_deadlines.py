"""A database that does not answer, or lends no connection: the page answers all the same, and leaks nothing.

The waits are real, and each is far from the next: a page that waited for a connect would take half a minute.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.integrations.health import probe, tasks, threads
from sqlspec.plugin import hookimpl
from sqlspec_testkit.scripted import (
    AsyncOnlyPlugin,
    AsyncScriptedConnection,
    Script,
    ScriptedConfig,
    ScriptedPlugin,
    SyncOnlyPlugin,
    async_connect,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlspec import SQLSpec

    from .sites import Site

TIMEOUT = 0.3
LONG = 30.0
"""What the drivers would wait."""
SOON = 10.0
PROBES = 50
FEW = 3
"""On a machine so busy that the last of them come when the first ping is over."""
LATE = {"status": "failed", "reason": "timed out", "error": "DeadlineExceeded"}


@pytest.fixture
def site(new_site: Callable[..., Site]) -> Site:
    """With a short deadline."""
    return new_site(timeout=TIMEOUT)


@pytest.fixture(params=[ScriptedPlugin, SyncOnlyPlugin, AsyncOnlyPlugin])
def script(spec: SQLSpec, request: pytest.FixtureRequest) -> Iterator[Script]:
    """What the database `main` does, by the clock on the wall; for each kind of adapter."""
    script = Script(clock=time.monotonic)
    spec.plugins.register(request.param(script))
    spec.register_config(ScriptedConfig(connect_timeout=LONG), "main")
    yield script
    assert script.server.violations == []


def pings_under_way() -> list[str]:
    """The tasks and threads that ping; those of the servers and the pools have other names."""
    tasks = [task.get_name() for task in asyncio.all_tasks()]
    threads = [thread.name for thread in threading.enumerate()]
    return [name for name in tasks + threads if name.startswith(("sqlspec ping", "sqlspec-ping"))]


async def none_under_way() -> None:
    """Wait until no ping is; a test that waits for ever has failed."""
    async with asyncio.timeout(SOON):
        while pings_under_way():  # noqa: ASYNC110 - of threads, too
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("step", ["connect", "ping"])
async def test_a_database_that_hangs_is_late_within_the_deadline(
    site: Site, script: Script, step: str
) -> None:
    """The connect as well as the ping; and then it is there again."""
    line = script.next(step).hang()
    began = time.monotonic()

    assert await site.report("main") == LATE
    assert time.monotonic() - began < SOON

    line.gate.open()
    await none_under_way()
    assert (await site.report("main"))["status"] == "ok"
    assert len(script.server.open) <= 1


async def test_the_others_are_reported_beside_one_that_hangs(
    site: Site, spec: SQLSpec, script: Script
) -> None:
    """All are asked at the same time."""
    spec.register_config(SQLiteConfig(), "file")
    line = script.every("connect").hang()

    databases = (await site.ready())["databases"]

    assert databases["main"] == LATE
    assert databases["file"]["status"] == "ok"
    script.clear()
    line.gate.open()
    await none_under_way()


@pytest.mark.parametrize("step", ["connect", "ping"])
async def test_many_requests_share_one_ping(site: Site, script: Script, step: str) -> None:
    """Fifty at once, while the database hangs: one connection, one task or thread, one answer for all."""
    line = script.every(step).hang()
    seen: list[int] = []

    async def watch() -> None:
        while True:
            seen.append(len(pings_under_way()))
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    answers = await asyncio.gather(*(site.report("main") for _ in range(PROBES)))
    watching.cancel()

    assert answers == [LATE] * PROBES
    assert max(seen) == 1
    assert script.count("connect") <= FEW
    script.clear()
    line.gate.open()
    await none_under_way()


async def test_requests_one_after_the_other_do_not_pile_up(site: Site, script: Script) -> None:
    """However often an orchestrator asks, at most one ping is under way."""
    line = script.every("connect").hang()

    for _ in range(5):
        assert await site.report("main") == LATE
        assert len(pings_under_way()) <= 1

    script.clear()
    line.gate.open()
    await none_under_way()
    assert (await site.report("main"))["status"] == "ok"


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released for each request that has found the ping it waits for."""
    joined = threading.Semaphore(0)
    for pings in (tasks, threads):

        def report(ping: Any, wait: Callable[[Any], Any] = pings._Ping.report) -> Any:
            joined.release()
            return wait(ping)

        monkeypatch.setattr(pings._Ping, "report", report)
    return joined


async def test_a_client_that_goes_away_costs_nothing(
    new_site: Callable[..., Site], script: Script, joined: threading.Semaphore
) -> None:
    """Its request is cancelled; the ping goes on, and the next one asks it."""
    site = new_site(timeout=10.0)  # nothing is late, however busy the machine
    gate = script.gate("connect")
    request = asyncio.create_task(site.ready())
    await asyncio.to_thread(gate.arrival, 1)

    request.cancel()
    await asyncio.wait({request})
    next_request = asyncio.create_task(site.report("main"))
    assert await asyncio.to_thread(joined.acquire, timeout=SOON)
    assert await asyncio.to_thread(joined.acquire, timeout=SOON)
    script.clear()
    gate.open()

    assert (await next_request)["status"] == "ok"
    assert script.count("connect") == 1


class StubbornPlugin(AsyncOnlyPlugin):
    """Its driver swallows a cancellation, and connects when it likes."""

    has_time = False

    @hookimpl
    async def sqlspec_create_async_connection(self, config: ScriptedConfig) -> AsyncScriptedConnection:
        """When it is told to."""
        while not self.has_time:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
        return await async_connect(self.script, config)


async def test_a_driver_that_can_not_be_stopped_is_not_waited_for(site: Site, spec: SQLSpec) -> None:
    """The page answers at its own deadline, and later requests find the ping still under way."""
    plugin = StubbornPlugin(Script(clock=time.monotonic))
    spec.plugins.register(plugin)
    spec.register_config(ScriptedConfig(connect_timeout=LONG), "main")

    async with asyncio.timeout(SOON):
        assert await site.report("main") == LATE
        assert await site.report("main") == LATE
        assert len(pings_under_way()) == 1

    plugin.has_time = True
    await none_under_way()


class TestPool:
    """A pool whose connections are all in use."""

    @pytest.fixture(autouse=True)
    def _has_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However busy this machine is: the ping ends by itself, and not the wait for it."""
        monkeypatch.setattr(probe, "GRACE", SOON)

    @pytest.fixture
    def script(self, spec: SQLSpec) -> Script:
        """A database that has one connection to give, and the patience of a batch job."""
        script = Script(clock=time.monotonic)
        spec.plugins.register(ScriptedPlugin(script))
        spec.register_config(ScriptedConfig(pool_size=1, pool_timeout=LONG, connect_timeout=LONG), "main")
        return script

    async def test_it_is_blamed_in_time(self, site: Site, script: Script) -> None:
        """And not the database, which was not asked."""
        async with site.hold("main"):
            began = time.monotonic()
            report = await site.report("main")

        assert time.monotonic() - began < SOON
        assert report == {"status": "failed", "reason": "pool exhausted", "error": "PoolTimeoutError"}
        assert script.count("ping") == 0
        assert (await site.report("main"))["status"] == "ok"

    async def test_a_full_queue_is_blamed_at_once(self, site: Site, spec: SQLSpec, script: Script) -> None:
        """Nobody may wait."""
        spec.register_config(ScriptedConfig(pool_size=1, pool_max_waiting=0), "strict")

        async with site.hold("strict"):
            report = await site.report("strict")

        assert report == {"status": "failed", "reason": "pool exhausted", "error": "PoolFullError"}
        assert script.count("ping") == 1  # of the other database

    async def test_many_requests_take_one_place_in_the_queue(
        self, site: Site, spec: SQLSpec, script: Script
    ) -> None:
        """The application's own callers stand behind one ping, and not behind fifty."""
        async with site.hold("main"):
            answers = await asyncio.gather(*(site.report("main") for _ in range(PROBES)))

        assert {answer["reason"] for answer in answers} == {"pool exhausted"}
        assert spec.stats("main").timeouts <= FEW
        assert script.count("connect") == 1

    async def test_a_pool_that_can_open_no_connection_is_not_blamed(
        self, site: Site, spec: SQLSpec, script: Script
    ) -> None:
        """The application's own attempts occupy it; what the last one failed with is the reason."""
        script.next("connect").fail("authentication")
        assert (await site.report("main"))["reason"] == "authentication failed"
        gate = script.gate("connect")
        attempt = asyncio.create_task(self.use(site, spec))
        await asyncio.to_thread(gate.arrival, 1)

        report = await site.report("main")
        script.clear()
        gate.open()
        await attempt

        assert report == {
            "status": "failed",
            "reason": "authentication failed",
            "error": "AuthenticationError",
        }
        assert spec.stats("main").timeouts == 1

    @staticmethod
    async def use(site: Site, spec: SQLSpec) -> None:
        """A session of the application's, which does not stop the event loop."""

        def use() -> None:
            with spec.provide_session("main"):
                pass

        if site.side == "wsgi":
            await asyncio.to_thread(use)
            return
        async with spec.provide_session("main"):
            pass
