# ruff: noqa: S101 - assertions are the point
"""What an adapter says of itself, without a database."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from sqlspec.plugin import SUPPORTED_API_LEVELS, Capability
from sqlspec_testkit.adapter import AdapterTests

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("AdapterContract",)

IMPORTED = """
import sys
from sqlspec import SQLSpec
plugins = SQLSpec().plugins
driver = plugins.adapter(sys.argv[1]).info.driver
plugins.config_type(sys.argv[1])
sys.exit(driver in sys.modules)
"""


class AdapterContract(AdapterTests):
    """An adapter is data and a thin plugin module."""

    def test_it_speaks_an_api_level_that_core_knows(self, tmp_path: Path) -> None:
        """And declares on which side it works."""
        info = self.make_registry().plugins.adapter(self.make_config(tmp_path).adapter).info

        assert info.api in SUPPORTED_API_LEVELS
        assert info.capabilities & {Capability.SYNC, Capability.ASYNC}
        assert info.driver, "AdapterInfo.driver is the driver's import name"

    def test_its_config_is_the_one_that_it_declares(self, tmp_path: Path) -> None:
        """So that a URL and a mapping lead to the same class."""
        config = self.make_config(tmp_path)

        declared = self.make_registry().plugins.config_type(config.adapter)

        assert isinstance(config, declared)

    def test_its_plugin_imports_no_driver(self, tmp_path: Path) -> None:
        """Plugin and config are loaded to be listed; the driver only to connect."""
        name = self.make_config(tmp_path).adapter

        done = subprocess.run([sys.executable, "-c", IMPORTED, name], check=False)  # noqa: S603 - our own text

        assert done.returncode == 0
