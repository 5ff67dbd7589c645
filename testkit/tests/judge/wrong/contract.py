"""Adapters that say the wrong thing of themselves, in their data or their metadata."""

from __future__ import annotations

from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

data = Rule("An adapter's data names its driver", "test_it_speaks_an_api_level_that_core_knows", "contract")
config = Rule(
    "The config is the one that is declared", "test_its_config_is_the_one_that_it_declares", "contract"
)
metadata = Rule(
    "The metadata name the config that is declared",
    "test_its_metadata_names_the_config_that_it_declares",
    "packaged",
)
cheap = Rule("The plugin module imports no driver", "test_its_plugin_imports_no_driver", "packaged")

PLUGIN = "kit_packaged/plugin.py"


@data
class NamesNoDriver(Good):
    """Nobody needs it, it thinks."""

    info = {"driver": None}  # noqa: RUF012 - as the base class says


@config
class DeclaresAnotherConfig(Good):
    """That of the other side."""

    info = {"config_type": "testkit.tests.judge.base:AsyncJudgedConfig"}  # noqa: RUF012 - as the base class says


@metadata
class ListsAnotherConfig(Good):
    """The name of the class before it was renamed."""

    package = {"kit_packaged-1.0.dist-info/entry_points.txt": (":PackagedConfig", ":OtherConfig")}  # noqa: RUF012


@cheap
class ImportsTheDriver(Good):
    """At the top of the plugin module."""

    package = {PLUGIN: ("from sqlspec.plugin", "import sqlite3\nfrom sqlspec.plugin")}  # noqa: RUF012


@cheap
class ImportsItsConnection(Good):
    """And so the driver."""

    package = {PLUGIN: ("from sqlspec.plugin", "import sqlspec_sqlite.connection\nfrom sqlspec.plugin")}  # noqa: RUF012
