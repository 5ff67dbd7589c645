"""A wrapper sees every connection, pool and session that is made after it was registered."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.plugin import TransactionOptions, hookimpl, wrap_awaitable
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin, SyncOnlyPlugin
from tests.plugin.sides import SIDES, done, lent, plugin_of, registry
from tests.pool.life.own import OwnAsyncPool, OwnPool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

    Step = Generator[None, Any, Any]


class Counts:
    """Wraps all creation hooks, and counts."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    @hookimpl(wrapper=True)
    def sqlspec_create_connection(self) -> Step:
        """A sync driver's."""
        connection = yield
        self.seen["connection"] += 1
        return connection

    @hookimpl(wrapper=True)
    def sqlspec_create_async_connection(self) -> Generator[None, Awaitable[Any], Awaitable[Any]]:
        """An async driver's, when it is open."""
        connection = yield
        return wrap_awaitable(connection, after=lambda _: self.seen.update(["connection"]))

    @hookimpl(wrapper=True)
    def sqlspec_create_pool(self) -> Step:
        """For threads."""
        pool = yield
        self.seen["pool"] += 1
        return pool

    @hookimpl(wrapper=True)
    def sqlspec_create_async_pool(self) -> Step:
        """For tasks."""
        pool = yield
        self.seen["pool"] += 1
        return pool

    @hookimpl(wrapper=True)
    def sqlspec_create_session(self) -> Step:
        """For threads."""
        session = yield
        self.seen["session"] += 1
        return session

    @hookimpl(wrapper=True)
    def sqlspec_create_async_session(self) -> Step:
        """For tasks."""
        session = yield
        self.seen["session"] += 1
        return session


class OwnHooks:
    """Pools and sessions that the adapter makes itself."""

    @hookimpl
    def sqlspec_create_pool(self, connect: Any) -> OwnPool:
        """For threads."""
        return OwnPool(connect)

    @hookimpl
    def sqlspec_create_async_pool(self, connect: Any) -> OwnAsyncPool:
        """For tasks."""
        return OwnAsyncPool(connect)

    @hookimpl
    def sqlspec_create_session(self, connection: Any) -> SimpleNamespace:
        """For threads."""
        return SimpleNamespace(connection=connection)

    @hookimpl
    def sqlspec_create_async_session(self, connection: Any) -> SimpleNamespace:
        """For tasks."""
        return SimpleNamespace(connection=connection)


class OwnBoth(OwnHooks, ScriptedPlugin):
    """With drivers for both sides."""


class OwnSync(OwnHooks, SyncOnlyPlugin):
    """With a sync driver."""


@pytest.mark.parametrize("has_own", [False, True], ids=["core's", "own"])
@pytest.mark.parametrize("side", SIDES)
async def test_a_late_wrapper_sees_what_is_made_from_then_on(side: str, has_own: bool) -> None:
    """On an open pool the next connection and session; of a database that opens later, the pool."""
    kind: Any = plugin_of(side)
    if has_own:
        kind = OwnSync if side == "bridged" else OwnBoth
    spec, counts = registry(kind(Script())), Counts()

    async with spec:
        async with lent(spec.provide_session("db"), side):
            spec.plugins.register(counts)
        async with lent(spec.provide_session("db"), side), lent(spec.provide_session("db"), side):
            pass
        on_open_pool = dict(counts.seen)
        spec.register_config(ScriptedConfig(), "later")
        async with lent(spec.provide_session("later"), side):
            pass

    # Core's pool had one connection already; that pool of an adapter's own keeps none.
    connections = 2 if has_own else 1
    assert on_open_pool == {"connection": connections, "session": 2}
    assert counts.seen == {"connection": connections + 1, "session": 3, "pool": 1}


@pytest.mark.parametrize("side", SIDES)
async def test_a_wrapper_that_left_sees_nothing_more(side: str) -> None:
    """Sessions are core's again, without a step in between."""
    spec, counts = registry(plugin_of(side)(Script())), Counts()
    spec.plugins.register(counts, "counts")

    async with spec:
        async with lent(spec.provide_session("db"), side):
            pass
        spec.plugins.unregister("counts")
        async with lent(spec.provide_session("db"), side), lent(spec.provide_session("db"), side):
            pass

    assert counts.seen == {"connection": 1, "session": 1, "pool": 1}


class Boxes:
    """Has sessions lent in a box."""

    @hookimpl(wrapper=True)
    def sqlspec_create_session(self) -> Step:
        """For threads."""
        session = yield
        return SimpleNamespace(session=session)

    @hookimpl(wrapper=True)
    def sqlspec_create_async_session(self) -> Step:
        """For tasks."""
        session = yield
        return SimpleNamespace(session=session)


@pytest.mark.parametrize("side", SIDES)
async def test_the_session_behind_another_object_commits(side: str) -> None:
    """The block yields what the wrapper returned; core's session ends as if nobody stood in between."""
    script = Script()
    spec = registry(plugin_of(side)(script))
    spec.plugins.register(Boxes())

    async with spec, lent(spec.provide_session("db"), side) as box:
        await done(box.session.execute("INSERT 1"))

    assert script.server.rows == [1]
    assert script.server.count("commit") == 1
    assert script.server.violations == []


@pytest.mark.parametrize("side", SIDES)
async def test_the_session_behind_another_object_rolls_back(side: str) -> None:
    """For an exception of the body, which comes out."""
    script = Script()
    spec = registry(plugin_of(side)(script))
    spec.plugins.register(Boxes())

    async with spec:
        with pytest.raises(ZeroDivisionError):
            async with lent(spec.provide_session("db"), side) as box:
                await done(box.session.execute("INSERT 1"))
                raise ZeroDivisionError
        async with lent(spec.provide_session("db"), side) as box:
            await done(box.session.execute("INSERT 2"))

    assert script.server.rows == [2]
    assert script.server.violations == []


class Loose:
    """Sessions that begin, set and never end anything."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def leave_traces(self) -> None:
        """A transaction that is open, and a setting."""
        connection = self._connection
        await done(connection.execute("SET x = 1", None, None))
        await done(connection.begin(TransactionOptions(), None))
        await done(connection.execute("INSERT 1", None, None))


class LooseHooks:
    """Makes them."""

    @hookimpl
    def sqlspec_create_session(self, connection: Any) -> Loose:
        """For threads."""
        return Loose(connection)

    @hookimpl
    def sqlspec_create_async_session(self, connection: Any) -> Loose:
        """For tasks."""
        return Loose(connection)


class LooseBoth(LooseHooks, ScriptedPlugin):
    """With drivers for both sides."""


class LooseSync(LooseHooks, SyncOnlyPlugin):
    """With a sync driver."""


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("side", SIDES)
async def test_after_any_session_the_connection_is_rolled_back_and_reset(side: str, fails: bool) -> None:
    """An adapter's own object on core's connection needs no ending of its own; the connection serves on."""
    script = Script()
    plugin: Any = LooseSync(script) if side == "bridged" else LooseBoth(script)
    spec = registry(plugin)

    async with spec:
        for _ in range(2):
            try:
                async with lent(spec.provide_session("db"), side) as session:
                    await session.leave_traces()
                    assert not fails, "on purpose"
            except AssertionError:
                assert fails

    assert script.server.rows == []
    assert script.server.violations == []
    assert [script.server.count(step) for step in ("rollback", "reset")] == [2, 2]
    assert len(script.server.made) == 1
