"""An adapter whose pool makes what it lends by itself, as one that is about more than SQL may."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from sqlspec import DatabaseConfig, SQLSpec
from sqlspec.errors import AdapterBrokenError
from sqlspec.plugin import AdapterInfo, Capability, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable


class Config(DatabaseConfig[str, str], frozen=True, kw_only=True):
    """Reaches nothing."""

    adapter: ClassVar[str] = "shelf"


class Shelf:
    """Lends a word."""

    def __init__(self) -> None:
        self.returned = 0
        self.is_closed = False

    def acquire(self, deadline: float | None = None) -> Any:  # noqa: ARG002 - the contract's
        """At once."""
        return SimpleNamespace(connection="word")

    def release(self, lease: Any, ok: bool) -> None:  # noqa: ARG002 - the contract's
        """Counted."""
        self.returned += ok

    def retire(self) -> None:
        """The end."""
        self.is_closed = True

    def close(self, deadline: float | None = None) -> None:  # noqa: ARG002 - the contract's
        """The end."""
        self.is_closed = True

    def abandon(self) -> None:
        """Nothing is anybody's."""

    def stats(self) -> Any:
        """Nothing is counted that core knows."""
        return SimpleNamespace()


class Plugin:
    """A pool and a session, and no connection."""

    ADAPTER = AdapterInfo(
        name="shelf",
        config_type=f"{__name__}:Config",
        capabilities=frozenset({Capability.SYNC}),
        driver="shelf",
    )

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.connect: Callable[[], object] | None = None

    @hookimpl
    def sqlspec_create_pool(self, config: Config, connect: Callable[[], object]) -> Shelf:  # noqa: ARG002
        """The one shelf."""
        self.connect = connect
        return self.shelf

    @hookimpl
    def sqlspec_create_session(self, connection: str) -> str:
        """What was lent, and louder."""
        return connection.upper()


def test_an_adapter_may_have_a_pool_and_no_connection() -> None:
    """Its pool is opened and closed with the registry; whoever asks it for a connection is told."""
    spec, plugin = SQLSpec(), Plugin()
    spec.plugins.register(plugin)
    spec.register_config(Config(), "words")

    with spec.provide_session(Config) as session:
        assert session == "WORD"

    assert plugin.shelf.returned == 1
    assert plugin.connect is not None
    with pytest.raises(AdapterBrokenError, match="makes no connections"):
        plugin.connect()
    spec.close()
    assert plugin.shelf.is_closed
