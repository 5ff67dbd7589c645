"""What the tests of plugins share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.loading import index
from tests.plugin.fakes import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _environment(sqlite_alone: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - for its effect
    for name in ("SQLSPEC_DISABLE_ADAPTERS", "SQLSPEC_LOAD_ADAPTERS", "SQLSPEC_PLUGINS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty directory at the head of `sys.path`."""
    monkeypatch.syspath_prepend(tmp_path)
    found = Site(tmp_path)
    index.refresh()
    yield found
    found.forget()
    index.refresh()
