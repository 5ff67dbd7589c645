"""Sessions of an adapter's own class."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.errors import AdapterBrokenError, ParameterError
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin


class Chatty(Session):
    """A session with a method of its own."""

    def twice(self, number: int) -> int:
        """By the database."""
        self.execute("INSERT ?", (number,))
        return 2 * number


class Counting(Session):
    """A session with a state of its own, which calls the driver itself."""

    def __init__(self, plan: Any, connection: Any) -> None:
        super().__init__(plan, connection)
        self.seen: list[str] = []

    def explain(self, sql: str, parameters: tuple[Any, ...] | None = None) -> tuple[str, Any]:
        """What the driver would be given."""
        self.seen.append(sql)
        return self.compile(sql, parameters)


class AsyncChatty(AsyncSession):
    """The same for tasks."""

    async def twice(self, number: int) -> int:
        """By the database."""
        await self.execute("INSERT ?", (number,))
        return 2 * number


def new_spec(script: Script, **types: str) -> SQLSpec:
    """A registry whose adapter names these classes."""
    plugin = ScriptedPlugin(script)
    plugin.ADAPTER = msgspec.structs.replace(plugin.ADAPTER, **types)
    spec = SQLSpec()
    spec.plugins.register(plugin)
    spec.register_config(ScriptedConfig(), "db")
    return spec


async def test_an_adapter_names_the_class_of_its_sessions() -> None:
    """And core makes them: they keep every promise, and have methods besides."""
    script, here = Script(), __name__
    spec = new_spec(script, session_type=f"{here}:Chatty", async_session_type=f"{here}:AsyncChatty")

    async with spec.provide_session("db") as session:
        assert isinstance(session, AsyncChatty)
        assert await session.twice(4) == 8
    with spec.provide_session("db") as other:
        assert isinstance(other, Chatty)
        assert other.twice(5) == 10

    assert script.server.rows == [4, 5]
    await spec.aclose()


def test_a_subclass_has_an_init_of_its_own() -> None:
    """And the seams for calling the driver itself."""
    spec = new_spec(Script(), session_type=f"{__name__}:Counting")

    with spec.provide_session("db") as session:
        assert isinstance(session, Counting)
        text, native = session.explain("SELECT :id", {"id": 1})  # type: ignore[arg-type]
        assert session.seen == ["SELECT :id"]
        assert (text, native) == ("SELECT ?", (1,))
        with pytest.raises(ParameterError):
            session.explain("SELECT ?", ())
        foreign = ValueError()
        assert session.map_error(foreign) is foreign

    spec.close()


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("builtins:dict", "its session_type builtins:dict is no Session"),
        (f"{__name__}:AsyncChatty", "is no Session"),
        ("no_such_module:X", "needs the module 'no_such_module'"),
    ],
    ids=["another class", "the other side", "nowhere"],
)
def test_a_class_that_is_no_session_is_refused(target: str, complaint: str) -> None:
    """By name, and with the line to write."""
    spec = new_spec(Script(), session_type=target)

    with pytest.raises(AdapterBrokenError, match=complaint), spec.provide_session("db"):
        pass

    spec.close()
