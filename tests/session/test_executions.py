"""What an execution shows of itself, and what it leaves behind when nobody awaits it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import SQLSpecError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "wolf-hill-92"


@pytest.fixture
async def session() -> AsyncIterator[Any]:
    """An async session."""
    async with SQLSpec() as spec:
        spec.register_config("sqlite://", "db")
        async with spec.provide_session("db") as session:
            yield session


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [("SELECT ?", (SECRET,)), ("SELECT :word", {"word": SECRET}), ("SELECT ?, ?", [SECRET])],
    ids=["sequence", "mapping", "refused"],
)
async def test_g47_its_repr_shows_no_parameter(session: Any, sql: str, parameters: Any) -> None:
    """Before it runs, and after it went well or not."""
    execution = session.execute(sql, parameters)
    before = repr(execution)
    with suppress(SQLSpecError):
        await execution
    after = f"{[execution]} {execution}"

    assert before == f"<AsyncExecution of {sql!r}: not awaited>"
    assert after.count("AsyncExecution: ") == 2
    assert SECRET not in before + after


PROGRAM = """
import asyncio
from sqlspec import SQLSpec

spec, kept = SQLSpec(), []
spec.register_config("sqlite://", "db")

async def main():
    async with spec.provide_session("db") as session:
        KEEP

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "keep",
    [
        "kept.append(session.execute('SELECT 1'))",
        "global left; left = session.execute('SELECT 1')",
        "SQLSpec.left = session.execute('SELECT 1')",
        "kept.append(session.execute('SELECT 1')); kept.append(kept)",
    ],
    ids=["list", "global", "attribute", "cycle"],
)
def test_one_that_outlives_the_program_leaves_no_traceback(keep: str) -> None:
    """Wherever it is held when the interpreter ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("KEEP", keep)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
