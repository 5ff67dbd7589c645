"""What a creation hook returns or raises reaches the application as an error that says whose fault it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sqlspec.errors import AdapterBrokenError, AuthenticationError, ConnectError
from sqlspec.plugin import Capability, hookimpl
from sqlspec_testkit.scripted import AsyncOnlyPlugin, Script, ScriptedPlugin, SyncOnlyPlugin
from tests.plugin.sides import SIDES, lent, plugin_of, registry

if TYPE_CHECKING:
    from sqlspec import SQLSpec

HOOKS = {
    "sync": "sqlspec_create_connection",
    "async": "sqlspec_create_async_connection",
    "bridged": "sqlspec_create_connection",
}


def opening(side: str, act: Any) -> SQLSpec:
    """A registry whose adapter opens connections by calling *act*."""

    class Plugin(plugin_of(side)):  # type: ignore[misc] # of two classes
        @hookimpl
        def sqlspec_create_connection(self) -> Any:
            return act()

        if side != "bridged":

            @hookimpl
            async def sqlspec_create_async_connection(self) -> Any:
                await asyncio.sleep(0)
                return act()

    return registry(Plugin(Script()))


def fail(error: BaseException) -> Any:
    """What opens a connection, and can not."""

    def act() -> Any:
        raise error

    return act


async def enter(spec: SQLSpec, side: str) -> None:
    """Use the database."""
    async with spec, lent(spec.provide_session("db"), side):
        pass


@pytest.mark.parametrize("returned", ["a string", None])
@pytest.mark.parametrize("side", SIDES)
async def test_what_is_no_connection_is_the_adapters_fault(side: str, returned: object) -> None:
    """The error names the hook, what it returned and what it should return."""
    spec = opening(side, lambda: returned)

    with pytest.raises(AdapterBrokenError) as caught:
        await enter(spec, side)

    text = str(caught.value)
    assert caught.value.adapter == "scripted"
    assert f"{HOOKS[side]} returned {type(returned).__name__}." in text
    assert "PooledConnection" in text


async def test_an_async_hook_that_is_not_awaitable_is_the_adapters_fault() -> None:
    """A plain function that should have been an `async def`."""

    class Plain(ScriptedPlugin):
        @hookimpl
        def sqlspec_create_async_connection(self) -> Any:  # type: ignore[override]
            return "a connection"

    with pytest.raises(AdapterBrokenError, match=r"sqlspec_create_async_connection returned str.*async def"):
        await enter(registry(Plain(Script())), "async")


@pytest.mark.parametrize("lacking", ["acquire", "release", "retire", "close", "abandon", "stats"])
@pytest.mark.parametrize("side", SIDES)
async def test_a_pool_without_a_method_is_the_adapters_fault(side: str, lacking: str) -> None:
    """Before it is used: the error names the hook and the method."""
    methods = {"acquire", "release", "retire", "close", "abandon", "stats"} - {lacking}
    pool = type("Pool", (), dict.fromkeys(methods, lambda *_: None))()

    class Plugin(plugin_of(side)):  # type: ignore[misc] # of two classes
        @hookimpl
        def sqlspec_create_pool(self) -> Any:
            return pool

        @hookimpl
        def sqlspec_create_async_pool(self) -> Any:
            return pool

    hook = "sqlspec_create_pool" if side == "sync" else "sqlspec_create_async_pool"
    with pytest.raises(AdapterBrokenError, match=rf"{hook} returned Pool, which has no {lacking}\(\)"):
        await enter(registry(Plugin(Script())), side)


@pytest.mark.parametrize("error", [OSError("no route"), KeyError("port"), ZeroDivisionError()])
@pytest.mark.parametrize("side", SIDES)
async def test_what_a_hook_raises_is_the_cause_of_a_connect_error(side: str, error: Exception) -> None:
    """Its text may hold anything, so only its class is told."""
    spec = opening(side, fail(error))

    with pytest.raises(ConnectError) as caught:
        await enter(spec, side)

    assert caught.value.__cause__ is error
    assert type(error).__name__ in str(caught.value)
    assert "'db'" in str(caught.value)
    assert "no route" not in str(caught.value)


@pytest.mark.parametrize("side", SIDES)
async def test_an_error_of_ours_comes_out_of_a_hook_as_it_is(side: str) -> None:
    """The adapter knew better than core."""
    error = AuthenticationError("wrong password")

    with pytest.raises(AuthenticationError) as caught:
        await enter(opening(side, fail(error)), side)

    assert caught.value is error


@pytest.mark.parametrize(
    ("kind", "hook"),
    [
        (SyncOnlyPlugin, "sqlspec_create_async_connection"),
        (AsyncOnlyPlugin, "sqlspec_create_connection"),
    ],
)
def test_a_declared_side_needs_its_hook(kind: type[SyncOnlyPlugin | AsyncOnlyPlugin], hook: str) -> None:
    """SYNC and ASYNC are looked at when the adapter is loaded."""
    plugin = kind(Script())
    both = frozenset({Capability.SYNC, Capability.ASYNC})
    plugin.ADAPTER = msgspec.structs.replace(plugin.ADAPTER, capabilities=both)

    with pytest.raises(AdapterBrokenError, match=f"and has no {hook}"):
        registry(plugin)
