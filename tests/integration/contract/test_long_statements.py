"""Long texts, each sent once, as of programs that write values into their SQL: nothing keeps them."""

from __future__ import annotations

import gc
import tracemalloc
from inspect import isawaitable
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import SQLSpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sides import Side

COUNT = 40


@pytest.fixture
def traced() -> Iterator[None]:
    """Python's memory is counted."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def send(side: Side, spec: SQLSpec, way: str, number: int, length: int) -> None:
    """One statement that was never sent before."""
    text = f"SELECT {number} + length('{'z' * length}')"
    async with side.session(spec, autocommit=True) as session:
        if way == "stream":
            assert [row async for row in session.stream(text, schema_type=int)] == [number + length]
        elif way == "many":
            found = await session.execute_many(f"{text} + ?", [(0,), (1,)])
            assert found.scalars() == [number + length + n for n in (0, 1)]
        elif way == "script":
            await session.execute_script(f"{text}; {text}")
        elif way == "error":
            with pytest.raises(SQLSpecError):
                await session.execute(f"{text} FROM nowhere")
        elif way == "driver":
            raw = await session.connection()
            sent = raw.query(text) if side.database.name == "asyncmy" else raw.execute(text)
            if isawaitable(sent):
                await sent
        else:
            assert (await session.execute(text)).scalar() == number + length


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(
    ("way", "length"),
    [(way, 40_000) for way in ("execute", "stream", "many", "script", "error", "driver")]
    + [("execute", 100_000)],
)
async def test_long_texts_are_not_kept(
    side: Side, request: pytest.FixtureRequest, way: str, length: int
) -> None:
    """While the pool and its connections live on.

    How to read a column of another name is kept, at 3 KiB each, for a bounded number of them.
    """
    # sqlite3 keeps the texts of its last statements by itself, up to a length.
    options = {"cached_statements": 0} if side.database.name == "sqlite" and length < 65_536 else {}
    async with SQLSpec() as spec:
        spec.register_config(side.database.config(request, **options), "db")
        for number in range(10):
            await send(side, spec, way, -number, length)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(COUNT):
            await send(side, spec, way, number + 1, length)
        gc.collect()

        assert tracemalloc.get_traced_memory()[0] - before < COUNT * length / 8
