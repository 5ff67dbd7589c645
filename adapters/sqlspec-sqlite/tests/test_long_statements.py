"""Long texts, each sent once, as of programs that write values into their SQL: nothing keeps them."""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import SQLSpecError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = 40


@pytest.fixture
def traced() -> Iterator[None]:
    """Python's memory is counted."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def send(spec: SQLSpec, way: str, number: int, length: int) -> None:
    """One statement that was never sent before."""
    text = f"SELECT {number} + length('{'z' * length}')"
    with spec.provide_session("db", autocommit=True) as session:
        if way == "stream":
            assert list(session.stream(text, schema_type=int)) == [number + length]
        elif way == "many":
            assert session.execute_many(f"{text} + ?", [(0,), (1,)]).scalars() == [
                number + length + n for n in (0, 1)
            ]
        elif way == "script":
            session.execute_script(f"{text}; {text}")
        elif way == "error":
            with pytest.raises(SQLSpecError):
                session.execute(f"{text} FROM nowhere")
        elif way == "driver":
            session.connection().execute(text)
        else:
            assert session.execute(text).scalar() == number + length


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("way", ["execute", "stream", "many", "script", "error", "driver"])
@pytest.mark.parametrize(("kept", "length"), [(128, 100_000), (0, 20_000)])
def test_long_texts_are_not_kept(kept: int, way: str, length: int) -> None:
    """While the pool and its connections live on."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(cached_statements=kept), "db")
        for number in range(3):
            send(spec, way, -number, length)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(COUNT):
            send(spec, way, number + 1, length)
        gc.collect()

        assert tracemalloc.get_traced_memory()[0] - before < COUNT * length / 8
