"""A file to load, for the tests of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.config.sources import load_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlspec.config.sources import LoadedFile


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., LoadedFile]:
    """Write a file and load it, with an environment of its own."""

    def load(text: str | bytes, *, profile: str | None = None, **environ: str) -> LoadedFile:
        path = tmp_path / "database.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_file(path, profile=profile, environ=environ)

    return load
