"""A COMMIT in a thread, and a caller that is cancelled or out of time meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import CommitOutcomeUnknownError
from sqlspec_sqlite import SQLiteConfig
from sqlspec_sqlite.connection import SQLiteConnection

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

    from sqlspec.plugin import Outcome


def held(monkeypatch: pytest.MonkeyPatch, go_on: Event) -> None:
    """Every ending waits in its thread until it may go on."""
    finish = SQLiteConnection.finish

    def slow(self: SQLiteConnection, commit: bool, reset: bool, deadline: float | None) -> Outcome:
        go_on.wait(10)
        return finish(self, commit, reset, deadline)

    monkeypatch.setattr(SQLiteConnection, "finish", slow)


def rows(path: Path) -> int:
    """How many are stored."""
    with sqlite3.connect(path) as judge:
        count: int = judge.execute("SELECT count(*) FROM t").fetchone()[0]
    judge.close()
    return count


async def insert(spec: SQLSpec) -> None:
    """One row, in a session."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO t VALUES (1)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a table."""
    path = tmp_path / "app.db"
    with SQLiteConfig(database=str(path)).provide_session() as session:
        session.execute("CREATE TABLE t (id INTEGER)")
    return path


async def test_a_commit_goes_on_although_its_caller_is_cancelled(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered within the second that it has; the cancellation says what became of it."""
    from threading import Event

    go_on = Event()
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path)))
        held(monkeypatch, go_on)
        task = asyncio.create_task(insert(spec))
        await asyncio.sleep(0.2)

        task.cancel()
        await asyncio.sleep(0.1)
        go_on.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task

        assert caught.value.__notes__ == ["the transaction was committed"]
        assert spec.stats("sqlite").in_use == 0
    assert rows(path) == 1


async def test_a_commit_that_is_not_answered_in_time_is_left(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cancelled caller is free after two seconds at most, and told that nobody knows."""
    from threading import Event

    go_on = Event()
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), pool_size=1))
        held(monkeypatch, go_on)
        task = asyncio.create_task(insert(spec))
        await asyncio.sleep(0.2)

        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task

        assert time.monotonic() - started < 2.5
        assert "possibly committed" in caught.value.__notes__[0]
        go_on.set()
        await insert(spec)  # a pool of one serves on, with another thread
    assert rows(path) >= 1


async def test_a_commit_past_its_timeout_is_of_unknown_outcome(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Core cuts the connection when the adapter does not end the call itself."""
    from threading import Event

    go_on = Event()
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), commit_timeout=0.1))
        held(monkeypatch, go_on)

        with pytest.raises(CommitOutcomeUnknownError, match="not answered"):
            await insert(spec)

        go_on.set()
        await insert(spec)
    assert rows(path) in {1, 2}
