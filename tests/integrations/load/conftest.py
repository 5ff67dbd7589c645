"""An application of each test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .called import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """An application with nothing in it, and a table without rows."""
    server = Server(tmp_path / "items.db")
    async with server.spec as spec:
        async with spec.provide_session("main") as session:
            await session.execute("CREATE TABLE item (id INTEGER)")
        yield server
        assert spec.stats("main").in_use == 0
