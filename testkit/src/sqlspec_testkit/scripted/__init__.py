"""A driver that does what a script says, and a server that remembers what reached it. No socket, no sleep.

    script = Script()
    spec = SQLSpec()
    spec.plugins.register(ScriptedPlugin(script))
    spec.register_config(ScriptedConfig(), "db")
    script.next("commit").lose_reply()

    with pytest.raises(CommitOutcomeUnknownError), spec.provide_session("db") as session:
        session.execute("INSERT 1")

    assert script.server.rows == [1]
    assert script.server.violations == []

For tests of what core does with a driver that misbehaves, and of code that stands on core.
"""

from __future__ import annotations

from ._async import AsyncScriptedConnection, async_connect
from ._sync import ScriptedConnection, connect
from .backend import Backend
from .clock import Clock
from .config import ScriptedConfig
from .errors import KINDS, ScriptedError
from .gate import Gate
from .line import Line
from .plugin import AsyncOnlyPlugin, ScriptedPlugin, SyncOnlyPlugin
from .script import STEPS, Script
from .server import Received, Server
from .stopping import Stopped, async_stop_at, stop_at

__all__ = (
    "KINDS",
    "STEPS",
    "AsyncOnlyPlugin",
    "AsyncScriptedConnection",
    "Backend",
    "Clock",
    "Gate",
    "Line",
    "Received",
    "Script",
    "ScriptedConfig",
    "ScriptedConnection",
    "ScriptedError",
    "ScriptedPlugin",
    "Server",
    "Stopped",
    "SyncOnlyPlugin",
    "async_connect",
    "async_stop_at",
    "connect",
    "stop_at",
)
