"""What the README shows runs on a server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sybil import Document
from sybil.parsers.markdown import PythonCodeBlockParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_psycopg import PostgreSQLConfig

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture
def names(config: PostgreSQLConfig) -> Iterator[dict[str, Any]]:
    """All that its blocks define; their database is the test's own."""
    document = Document.parse(str(README), PythonCodeBlockParser())
    for example in document:
        example.evaluate()
    spec = document.namespace["spec"]
    spec.register_config(config, "shop", override=True)
    with spec:
        yield document.namespace


async def test_a_sale_is_seen(names: dict[str, Any]) -> None:
    """Made in a thread, seen in a task."""
    await asyncio.to_thread(names["buy"], 7)
    await names["look"](7)
    await names["spec"].aclose()


async def test_a_channel_is_heard(names: dict[str, Any]) -> None:
    """As long as the block, and no longer."""
    heard = asyncio.create_task(names["listen"]())
    async with names["spec"].provide_session(autocommit=True) as session:
        while not heard.done():
            await session.execute("SELECT pg_notify('news', 'late')")
            await asyncio.sleep(0.01)

    assert await heard == "late"
    async with names["spec"].provide_session() as session:
        assert await session.execute("SELECT count(*) FROM pg_listening_channels()").scalar() == 0
    await names["spec"].aclose()
