"""Distributions that were never built: a `*.dist-info` and some modules in a directory of `sys.path`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ADAPTER = """
from sqlspec.plugin import AdapterInfo, hookimpl

ADAPTER = AdapterInfo(name="{name}", config_type="{package}.config:Config")

@hookimpl
def sqlspec_create_connection(config):
    return ("{name}", config)
"""

CONFIG = """
from typing import Any, ClassVar

from sqlspec.config import DatabaseConfig

class Config(DatabaseConfig[Any, Any], frozen=True, kw_only=True):
    adapter: ClassVar[str] = "{name}"
"""


HEAD = """
from sqlspec.plugin import AdapterInfo, hookimpl
ADAPTER = AdapterInfo(name="{name}", config_type="{package}.config:Config")
"""
HOOK = """
@hookimpl
def sqlspec_create_connection(config):
    return config
"""


class Site:
    """A directory of installed distributions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.packages: list[str] = []

    def install(
        self,
        distribution: str,
        version: str = "1.0",
        *,
        adapters: Mapping[str, str] | None = None,
        schemes: Mapping[str, str] | None = None,
        plugins: Mapping[str, str] | None = None,
        configs: Mapping[str, str] | None = None,
    ) -> Path:
        """Write a distribution's metadata; returns its directory."""
        info = self.path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        groups = {
            "sqlspec.adapters": adapters,
            "sqlspec.schemes": schemes,
            "sqlspec.plugins": plugins,
            "sqlspec.configs": configs,
        }
        lines: list[str] = []
        for group, entries in groups.items():
            lines += [f"[{group}]", *(f"{name} = {value}" for name, value in (entries or {}).items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        return info

    def module(self, name: str, source: str) -> None:
        """Write a module, and the packages it is in."""
        *parents, last = name.split(".")
        directory = self.path
        for parent in parents:
            directory /= parent
            directory.mkdir(exist_ok=True)
            (directory / "__init__.py").touch()
        (directory / f"{last}.py").write_text(source)
        self.packages.append(name.partition(".")[0])

    def adapter(
        self, name: str, source: str = ADAPTER, *, version: str = "1.0", schemes: tuple[str, ...] = ()
    ) -> Path:
        """A whole adapter: `sqlspec-NAME`, its entry point and its plugin module."""
        package = f"fake_{name}"
        self.module(f"{package}.plugin", source.replace("{name}", name).replace("{package}", package))
        self.module(f"{package}.config", CONFIG.replace("{name}", name))
        value = f"{package}.plugin"
        return self.install(
            f"sqlspec-{name}",
            version,
            adapters={name: value},
            schemes=dict.fromkeys(schemes, value),
        )

    def forget(self) -> None:
        """Drop every module that was imported from here."""
        for name in list(sys.modules):
            if name.partition(".")[0] in self.packages:
                del sys.modules[name]
