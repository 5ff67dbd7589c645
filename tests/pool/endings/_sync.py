# Printed from _async.py by tools/print_sync.py; do not edit.
"""The scene of the endings: one database, one session, one row."""

from __future__ import annotations

from typing import Any

from sqlspec import SQLSpec
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin

__all__ = ("Scene",)


class Scene:
    """A database of two connections, and what its server saw."""

    def __init__(self, **options: Any) -> None:
        self.script = Script()
        self.server = self.script.server
        self.spec = SQLSpec()
        self.spec.plugins.register(ScriptedPlugin(self.script))
        self.spec.register_config(ScriptedConfig(pool_size=2, **options), "db")
        self.started = self.script.clock()

    @property
    def passed(self) -> float:
        """Seconds by the script's clock."""
        return self.script.clock() - self.started

    def insert(self) -> None:
        """One session, one row."""
        with self.spec.provide_session("db") as session:
            session.execute("INSERT 1")

    def broken(self) -> None:
        """A call that fails, for what is put in its place."""
        raise OSError

    def judge(self, *, rows: list[int], opened: int) -> None:
        """What the server has, and how many connections it took; the next session is served."""
        assert self.server.rows == rows
        assert self.server.count("execute", "INSERT 1") == 1
        self.script.clear()
        with self.spec.provide_session("db") as session:
            assert session.execute("SELECT").scalars() == rows
        assert len(self.server.made) == opened
        assert len(self.server.open) == self.spec.stats("db").size == 1
        assert self.server.violations == []
        self.spec.close()
