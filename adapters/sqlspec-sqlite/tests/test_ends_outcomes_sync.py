# Printed from test_ends_outcomes_async.py by tools/print_sync.py; do not edit.
"""How a session ends on a real file: committed, not committed or unknown, whatever the clean-up does."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import CommitOutcomeUnknownError, DisconnectedError
from sqlspec.plugin import Connection
from sqlspec_sqlite import SQLiteConfig
from sqlspec_sqlite.connection import SQLiteConnection

if TYPE_CHECKING:
    from pathlib import Path

DEFERRED = "CREATE TABLE c (p INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)"


def refuse(*_: object) -> NoReturn:
    """What breaks."""
    raise sqlite3.OperationalError("broken on purpose")


class Scene:
    """A database with a table, and one connection for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with sqlite3.connect(path) as judge:
            judge.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
            judge.execute(DEFERRED)
        judge.close()
        self.spec = SQLSpec()
        self.spec.register_config(SQLiteConfig(database=str(path), pool_size=1, busy_timeout=0.2), "main")

    def insert(self, statement: str = "INSERT INTO t VALUES (1)") -> None:
        """One session, which also changes the connection's state, so that it has to be reset."""
        with self.spec.provide_session() as session:
            session.execute("PRAGMA cache_size=7")
            session.execute(statement)

    def judge(self, ids: list[int], *, opened: int) -> None:
        """What is stored, how many connections it took; the next writer waits for nobody."""
        with self.spec.provide_session() as session:
            assert session.execute("SELECT id FROM t").scalars() == ids
            assert session.execute("SELECT count(*) FROM c").scalar() == 0
            session.execute("INSERT INTO t VALUES (99)")
        stats = self.spec.stats("main")
        assert (stats.opened, stats.in_use, stats.idle) == (opened, 0, 1)
        self.spec.close()


@pytest.fixture
def scene(path: Path) -> Scene:
    """A new one."""
    return Scene(path)


def test_g14_a_reset_that_fails_after_the_commit_is_nobodys_error(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is stored, and the connection is replaced."""
    monkeypatch.setattr(SQLiteConnection, "reset", refuse)

    scene.insert()

    monkeypatch.undo()
    scene.judge([1], opened=2)


def test_g44_a_commit_that_is_refused_is_not_committed(scene: Scene) -> None:
    """A constraint that is checked at the end: the driver's error, typed, and nothing is left open."""
    with pytest.raises(Exception, match="FOREIGN KEY"):
        scene.insert("INSERT INTO c VALUES (5)")

    scene.judge([], opened=2)


def test_g44_a_commit_without_an_answer_is_unknown(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was done, and the connection broke before it said so."""

    def lost(self: Any, deadline: float | None) -> NoReturn:  # noqa: ARG001 - the contract's
        self.raw.execute("COMMIT")
        raise DisconnectedError("lost on purpose")

    monkeypatch.setattr(SQLiteConnection, "finish", Connection.finish)
    monkeypatch.setattr(SQLiteConnection, "commit", lost)

    with pytest.raises(CommitOutcomeUnknownError) as caught:
        scene.insert()

    assert isinstance(caught.value.__cause__, DisconnectedError)
    monkeypatch.undo()
    scene.judge([1], opened=2)


@pytest.mark.parametrize("step", ["rollback", "reset", "clean_up"])
def test_g03_the_bodys_exception_is_never_replaced(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whatever fails behind it; the work is undone with the connection."""
    body = ZeroDivisionError("the body's own")
    monkeypatch.setattr(SQLiteConnection, step, refuse)

    with pytest.raises(ZeroDivisionError) as caught:
        with scene.spec.provide_session() as session:
            session.execute("INSERT INTO t VALUES (1)")
            raise body

    assert caught.value is body
    monkeypatch.undo()
    scene.judge([], opened=2)


def test_g03_nor_by_the_drivers_own_connection(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction was left open on it, and can not be rolled back."""
    body = ZeroDivisionError("the body's own")
    monkeypatch.setattr(SQLiteConnection, "rollback", refuse)

    with pytest.raises(ZeroDivisionError) as caught:
        with scene.spec.provide_connection() as raw:
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("INSERT INTO t VALUES (1)")
            raise body

    assert caught.value is body
    monkeypatch.undo()
    scene.judge([], opened=2)
