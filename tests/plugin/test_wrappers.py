"""Wrappers stand around one adapter's creation hook; other adapters stay out of it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import AdapterBrokenError
from sqlspec.loading.manager import Plugins
from sqlspec.plugin import AdapterInfo, hookimpl, wrap_awaitable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

    from sqlspec.plugin.awaitable import Ran

ANY: Any = object()


class Adapter:
    """An adapter that returns its name and config."""

    def __init__(self, name: str = "own") -> None:
        self.ADAPTER = AdapterInfo(name=name, config_type="nowhere:Config")
        self.calls: list[object] = []

    @hookimpl
    def sqlspec_create_connection(self, config: object) -> object:
        """Open at once."""
        self.calls.append(config)
        return self.ADAPTER.name, config

    @hookimpl
    async def sqlspec_create_async_connection(self, config: object) -> object:
        """Open when awaited."""
        await asyncio.sleep(0)
        if isinstance(config, BaseException):
            raise config
        return self.ADAPTER.name, config


class Wrapper:
    """Puts brackets around what a sync hook made, and listens to what an async one does."""

    def __init__(self) -> None:
        self.ran: list[Ran[object]] = []

    @hookimpl(wrapper=True)
    def sqlspec_create_connection(self, config: object) -> Generator[None, object, object]:
        """See the config, change the result."""
        result = yield
        return [config, result]

    @hookimpl(wrapper=True)
    def sqlspec_create_async_connection(self) -> Generator[None, Awaitable[object], Awaitable[object]]:
        """See how it ended."""
        awaitable = yield
        return wrap_awaitable(awaitable, after=self.ran.append)


def plugins_with(*others: object) -> Plugins:
    """A manager with the adapter and others."""
    plugins = Plugins()
    plugins.register(Adapter())
    for number, other in enumerate(others):
        plugins.register(other, f"other{number}" if isinstance(other, Wrapper) else None)
    return plugins


def test_a_wrapper_sees_the_call_and_may_change_the_result() -> None:
    """By keyword and by position."""
    create: Any = plugins_with(Wrapper()).hook("sqlspec_create_connection", "own")

    assert create(config=1, resources=2) == [1, ("own", 1)]
    assert create(1, 2) == [1, ("own", 1)]


def test_a_wrapped_call_leaves_other_adapters_out() -> None:
    """Neither their implementations nor their wrappers see a stranger's config."""

    class Nosy(Adapter):
        @hookimpl(wrapper=True, specname="sqlspec_create_connection")
        def around(self, config: object) -> Generator[None, object, object]:
            self.calls.append(config)
            return (yield)

    nosy = Nosy("nosy")
    plugins = plugins_with(nosy, Wrapper())
    create: Any = plugins.hook("sqlspec_create_connection", "own")

    assert create(1, 2) == [1, ("own", 1)]
    assert nosy.calls == []
    own: Any = plugins.hook("sqlspec_create_connection", "nosy")
    assert own(1, 2) == [1, ("nosy", 1)]
    assert nosy.calls == [1, 1]


def test_a_strangers_wrapper_costs_nothing() -> None:
    """Without a wrapper that may see it, the call stays plain."""

    class Nosy(Adapter):
        @hookimpl(wrapper=True, specname="sqlspec_create_connection")
        def around(self) -> Generator[None, object, object]:
            return (yield)

    adapter = Adapter()
    plugins = Plugins()
    plugins.register(adapter)
    plugins.register(Nosy("nosy"))
    create: Any = plugins.hook("sqlspec_create_connection", "own")

    assert "hook" not in type(create.__globals__["function"]).__name__.lower()
    assert create(1, 2) == ("own", 1)


def test_a_wrapper_that_comes_later_changes_the_version() -> None:
    """Who keeps a resolved hook looks at `version`, and resolves again."""
    plugins = plugins_with()
    before: Any = plugins.hook("sqlspec_create_connection", "own")
    version = plugins.version
    plugins.register(Wrapper(), "late")
    after: Any = plugins.hook("sqlspec_create_connection", "own")
    wrapped, later = after(1, ANY), plugins.version
    plugins.unregister("late")
    gone: Any = plugins.hook("sqlspec_create_connection", "own")

    assert len({version, later, plugins.version}) == 3
    assert before(1, ANY) == ("own", 1)
    assert wrapped == [1, ("own", 1)]
    assert gone(1, ANY) == ("own", 1)


async def test_around_an_async_hook_the_run_is_seen() -> None:
    """Its result and its time, not those of making a coroutine."""
    wrapper = Wrapper()
    create: Any = plugins_with(wrapper).hook("sqlspec_create_async_connection", "own")

    awaitable = create(1, 2)
    early = list(wrapper.ran)

    assert await awaitable == ("own", 1)
    assert early == []
    (ran,) = wrapper.ran
    assert (ran.result, ran.error) == (("own", 1), None)
    assert ran.seconds > 0


@pytest.mark.parametrize("error", [OSError("no"), asyncio.CancelledError()])
async def test_around_an_async_hook_the_error_is_seen_and_stays(error: BaseException) -> None:
    """Cancellation included."""
    wrapper = Wrapper()
    create: Any = plugins_with(wrapper).hook("sqlspec_create_async_connection", "own")

    with pytest.raises(type(error)) as caught:
        await create(error, 2)

    assert caught.value is error
    assert [ran.error for ran in wrapper.ran] == [error]


async def test_what_is_called_after_can_not_lose_a_connection(caplog: pytest.LogCaptureFixture) -> None:
    """What it raises is logged; the caller gets what was opened."""

    async def opened() -> str:
        return "a connection"

    def after(_: Ran[str]) -> None:
        raise ValueError

    with caplog.at_level(logging.WARNING, "sqlspec.plugins"):
        assert await wrap_awaitable(opened(), after=after) == "a connection"

    assert len(caplog.records) == 1


def test_a_plugin_that_is_no_adapter_can_not_answer_for_one() -> None:
    """A creation hook without ADAPTER is one that nobody would call: it is refused, not ignored."""

    class Bystander:
        @hookimpl
        def sqlspec_create_connection(self) -> object:
            return None

    with pytest.raises(AdapterBrokenError, match="without ADAPTER"):
        Plugins().register(Bystander())
