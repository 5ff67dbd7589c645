"""An adapter that does not declare TRANSACTIONS lends autocommit sessions, and only if asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import NotSupportedError
from sqlspec.plugin import Capability
from sqlspec_testkit.scripted import Script
from tests.plugin.sides import SIDES, done, lent, plugin_of, registry

if TYPE_CHECKING:
    from sqlspec import SQLSpec


@pytest.fixture
def script() -> Script:
    """What the driver does, and what reached the server."""
    return Script()


def without_transactions(side: str, script: Script, **options: Any) -> SQLSpec:
    """A registry with such a database."""
    return registry(plugin_of(side)(script, without={Capability.TRANSACTIONS}), **options)


@pytest.mark.parametrize("side", SIDES)
async def test_a_session_with_a_transaction_is_refused(side: str, script: Script) -> None:
    """The error says what to write; nothing was run."""
    async with without_transactions(side, script) as spec:
        with pytest.raises(NotSupportedError, match=r"has no transactions; pass autocommit=True"):
            async with lent(spec.provide_session("db"), side):
                pass

    assert script.server.count("begin") == 0


@pytest.mark.parametrize("in_config", [False, True])
@pytest.mark.parametrize("side", SIDES)
async def test_an_autocommit_session_works(side: str, in_config: bool, script: Script) -> None:
    """Asked for in the call or in the config."""
    async with without_transactions(side, script, autocommit=in_config) as spec:
        block = spec.provide_session("db", autocommit=None if in_config else True)
        async with lent(block, side) as session:
            await done(session.execute("INSERT 1"))

    assert script.server.rows == [1]
    assert script.server.count("begin") == 0


@pytest.mark.parametrize("side", SIDES)
async def test_what_is_all_or_none_is_refused(side: str, script: Script) -> None:
    """A block of `begin()`, `execute_many` and `load` can not keep their promise; the session goes on."""
    spec = without_transactions(side, script, autocommit=True)

    async with spec, lent(spec.provide_session("db"), side) as session:
        with pytest.raises(NotSupportedError, match=r"begin\(\), execute_many\(\) and load\(\)"):
            await done(session.execute_many("INSERT ?", [(1,), (2,)]))
        with pytest.raises(NotSupportedError, match="no transactions"):
            await done(session.load("t", [(1,)], ("id",)))
        with pytest.raises(NotSupportedError, match="no transactions"):
            async with lent(session.begin(), side):
                pass
        await done(session.execute("INSERT 3"))

    assert script.server.rows == [3]
