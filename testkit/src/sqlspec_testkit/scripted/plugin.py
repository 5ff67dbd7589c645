"""The scripted adapter, for a registry: `spec.plugins.register(ScriptedPlugin(script))`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.plugin import AdapterInfo, Capability, hookimpl

from ._async import async_connect
from ._sync import connect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._async import AsyncScriptedConnection
    from ._sync import ScriptedConnection
    from .config import ScriptedConfig
    from .script import Script

__all__ = ("AsyncOnlyPlugin", "ScriptedPlugin", "SyncOnlyPlugin")

_COMMON = {Capability.TRANSACTIONS, Capability.SAVEPOINTS, Capability.INTERRUPT, Capability.LASTROWID}


class _Adapter:
    """What an adapter says of itself, and whose script its connections follow."""

    own: frozenset[Capability] = frozenset()

    def __init__(self, script: Script, *, without: Iterable[Capability] = ()) -> None:
        """*without*: capabilities that this one does not declare."""
        self.script = script
        self.ADAPTER = AdapterInfo(
            name="scripted",
            config_type="sqlspec_testkit.scripted:ScriptedConfig",
            capabilities=(self.own | _COMMON) - frozenset(without),
        )


class SyncOnlyPlugin(_Adapter):
    """An adapter for a sync driver; under `async with` its calls wait in worker threads."""

    own = frozenset({Capability.SYNC})

    @hookimpl
    def sqlspec_create_connection(self, config: ScriptedConfig) -> ScriptedConnection:
        """Open a connection."""
        return connect(self.script, config)


class AsyncOnlyPlugin(_Adapter):
    """An adapter for an async driver alone."""

    own = frozenset({Capability.ASYNC})

    @hookimpl
    async def sqlspec_create_async_connection(self, config: ScriptedConfig) -> AsyncScriptedConnection:
        """Open a connection."""
        return await async_connect(self.script, config)


class ScriptedPlugin(SyncOnlyPlugin, AsyncOnlyPlugin):
    """An adapter with both sides."""

    own = frozenset({Capability.SYNC, Capability.ASYNC})
