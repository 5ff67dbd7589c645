# The source of test_causes_sync.py, which tools/print_sync.py prints from it.
"""What an error of a full pool says of the one who holds on to a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import PoolTimeoutError
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """A database with one connection."""
    with SQLSpec() as spec:
        spec.plugins.register(ScriptedPlugin(Script()))
        spec.register_config(ScriptedConfig(pool_size=1, pool_timeout=0.05), "db")
        yield spec


async def ask_again(spec: SQLSpec) -> str:
    """Wait in vain for a session; returns what the error says."""
    with pytest.raises(PoolTimeoutError) as caught:
        async with spec.provide_session("db"):
            raise AssertionError  # nothing is free
    return str(caught.value)


async def serve(spec: SQLSpec) -> str:
    """A function of an application that has a session, and calls one that wants another."""
    async with spec.provide_session("db") as session:
        said = await ask_again(spec)
        await session.execute("SELECT 1")
    return said


async def test_a_session_within_a_session_is_named_with_its_function(spec: SQLSpec) -> None:
    """The caller's own session stands in its way, and nobody else's."""
    said = await serve(spec)

    assert "The caller holds one itself, in serve (test_causes_" in said
    assert "Raise pool_size" not in said


async def test_a_session_that_has_ended_is_not_named(spec: SQLSpec) -> None:
    """A variable still holds it, while somebody else has its connection."""
    async with spec.provide_session("db") as ended:
        assert not ended.is_closed
    other = spec.provide_session("db")
    await other.__aenter__()

    said = await ask_again(spec)

    assert ended.is_closed
    assert "The caller holds" not in said
    assert "Raise pool_size" in said
    await other.__aexit__(None, None, None)
