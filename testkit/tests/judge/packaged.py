"""An adapter as a distribution in a folder: for rules about what is found there, and by a fresh process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILES = {
    "kit_packaged/__init__.py": """
from typing import ClassVar
from sqlspec_sqlite import SQLiteConfig

class PackagedConfig(SQLiteConfig, frozen=True, kw_only=True):
    adapter: ClassVar[str] = "kit_packaged"

class OtherConfig(SQLiteConfig, frozen=True, kw_only=True):
    adapter: ClassVar[str] = "kit_packaged"
""",
    "kit_packaged/plugin.py": """
from sqlspec.plugin import AdapterInfo, Capability, hookimpl

ADAPTER = AdapterInfo(
    name="kit_packaged",
    config_type="kit_packaged:PackagedConfig",
    dialect="sqlite",
    driver="sqlite3",
    capabilities=frozenset({Capability.SYNC}),
)

@hookimpl
def sqlspec_create_connection(config, resources):
    from sqlspec_sqlite.connect import connect

    return connect(config, resources)
""",
    "kit_packaged-1.0.dist-info/METADATA": """Metadata-Version: 2.1
Name: kit-packaged
Version: 1.0
""",
    "kit_packaged-1.0.dist-info/entry_points.txt": """[sqlspec.adapters]
kit_packaged = kit_packaged.plugin

[sqlspec.configs]
kit_packaged = kit_packaged:PackagedConfig
""",
}


def install(folder: Path, changes: Mapping[str, tuple[str, str]]) -> None:
    """Write it, with one text for another in the files that *changes* names."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        old, new = changes.get(name, ("", ""))
        assert old in text, "nothing is changed"
        path.write_text(text.replace(old, new) if old else text)
