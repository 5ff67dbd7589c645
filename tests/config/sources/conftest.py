"""A registry that knows two adapters which do not exist, and a file for it to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.plugin import AdapterInfo, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class FakeAdapter:
    """An adapter of this process that opens nothing."""

    def __init__(self, name: str, config_type: str) -> None:
        self.ADAPTER = AdapterInfo(name=name, config_type=config_type)

    @hookimpl
    def sqlspec_create_connection(self, config: Any) -> Any:
        """Registering never connects."""
        raise AssertionError(config.adapter)


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """A registry without databases; URLs are `net://` and `file://`."""
    with SQLSpec() as spec:
        spec.plugins.register(FakeAdapter("net", "tests.config.fake:NetConfig"), "net")
        spec.plugins.register(FakeAdapter("file", "tests.config.fake:FileConfig"), "file")
        yield spec


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file; returns its path."""

    def write(text: str | bytes, name: str = "database.toml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


@pytest.fixture
def load(spec: SQLSpec, write: Callable[..., Path]) -> Callable[..., SQLSpec]:
    """Write a file and register what it describes, with an environment of its own; returns the registry."""

    def load(
        text: str | bytes, name: str = "database.toml", *, profile: str | None = None, **environ: str
    ) -> SQLSpec:
        spec.register_from_file(write(text, name), profile=profile, environ=environ)
        return spec

    return load
