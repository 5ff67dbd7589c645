"""The scripted driver under the kit's contract: what the pool trusts without a net."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec import SQLSpec
from sqlspec_testkit.contract import ConnectionContract
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin

if TYPE_CHECKING:
    from pathlib import Path


class TestContract(ConnectionContract):
    """Both sides of it."""

    def make_config(self, tmp_path: Path) -> ScriptedConfig:  # noqa: ARG002 - it has no file
        """One database."""
        return ScriptedConfig()

    def make_registry(self) -> SQLSpec:
        """It is not installed."""
        spec = SQLSpec()
        spec.plugins.register(ScriptedPlugin(Script()))
        return spec
