"""Ctrl-C while a COMMIT is under way in a thread: nobody can know, and the interrupt says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import Session, SQLSpec
from sqlspec.errors import DisconnectedError, TransactionAbortedError
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin

if TYPE_CHECKING:
    from collections.abc import Callable


def leave(_: Session) -> None:
    """The session commits at its end."""


def commit(session: Session) -> None:
    """It is committed before."""
    session.commit()


class Scene:
    """A database of one connection, and a Ctrl-C that comes at one point of a driver's call."""

    def __init__(self, point: str) -> None:
        self.script, self.point = Script(suspend=True), point
        self.server = self.script.server
        self.spec = SQLSpec()
        self.spec.plugins.register(ScriptedPlugin(self.script))
        self.spec.register_config(ScriptedConfig(pool_size=1), "db")
        self.script.at_await(1, self._interrupt)

    def _interrupt(self) -> None:
        if self.script.awaits[-1] == self.point:
            raise KeyboardInterrupt
        self.script.at_await(1, self._interrupt)

    def judge(self, rows: list[int]) -> None:
        """The connection was dropped, and the next one finds these rows."""
        assert self.server.open == []
        assert self.server.rows == rows
        with self.spec.provide_session("db") as session:
            assert session.execute("SELECT").scalars() == rows
        assert self.server.violations == []
        self.spec.close()


COMMITS = pytest.mark.parametrize(
    ("point", "rows"),
    [("commit: not sent", []), ("commit: not answered", [1])],
    ids=["not sent", "not answered"],
)


@COMMITS
@pytest.mark.parametrize("end", [leave, commit], ids=["leave", "commit"])
def test_g44_an_interrupted_commit_is_unknown(
    end: Callable[[Session], None], point: str, rows: list[int]
) -> None:
    """The interrupt is raised with a note, the connection dropped, and nothing sent again."""
    scene = Scene(point)

    with pytest.raises(KeyboardInterrupt) as caught, scene.spec.provide_session("db") as session:
        session.execute("INSERT 1")
        end(session)

    assert "possibly committed" in " ".join(caught.value.__notes__)
    assert scene.server.count("commit") == len(rows)
    scene.judge(rows)


@COMMITS
def test_g44_who_swallows_the_interrupt_does_no_more_on_that_connection(point: str, rows: list[int]) -> None:
    """It is dropped at once, not at the end of the session."""
    scene = Scene(point)

    with pytest.raises(DisconnectedError), scene.spec.provide_session("db") as session:
        session.execute("INSERT 1")
        with pytest.raises(KeyboardInterrupt):
            session.commit()
        assert scene.server.open == []
        session.execute("INSERT 2")

    scene.judge(rows)


@COMMITS
def test_g44_who_swallows_the_interrupt_is_not_told_that_the_work_is_undone(
    point: str, rows: list[int]
) -> None:
    """Nobody knows; so the clean end of the session claims nothing."""
    scene = Scene(point)

    with scene.spec.provide_session("db") as session:
        session.execute("INSERT 1")
        with pytest.raises(KeyboardInterrupt):
            session.commit()

    scene.judge(rows)


@pytest.mark.parametrize("point", ["rollback: not sent", "rollback: not answered"])
def test_g01_an_interrupted_rollback_is_in_doubt(point: str) -> None:
    """Even for who swallows the interrupt: the connection is dropped at the end of its session."""
    scene = Scene(point)

    with pytest.raises(TransactionAbortedError), scene.spec.provide_session("db") as session:
        session.execute("INSERT 1")
        with pytest.raises(KeyboardInterrupt):
            session.rollback()

    scene.judge([])


@pytest.mark.parametrize(("end", "notes"), [(leave, ["the transaction was committed"]), (commit, [])])
def test_g44_an_interrupt_after_the_end_tells_what_was_committed_by_it(
    end: Callable[[Session], None], notes: list[str]
) -> None:
    """The connection is closed at its return, and the interrupt comes then; early commits are known."""
    scene = Scene("close: not answered")

    with pytest.raises(KeyboardInterrupt) as caught, scene.spec.provide_session("db") as session:
        session.execute("INSERT 1")
        scene.spec._table.find("db").pool.expire()  # type: ignore[union-attr]
        end(session)

    assert getattr(caught.value, "__notes__", []) == notes
    scene.judge([1])


def test_g44_an_interrupt_after_a_rollback_claims_no_commit() -> None:
    """The session ended well, and had nothing left to commit."""
    scene = Scene("close: not answered")

    with pytest.raises(KeyboardInterrupt) as caught, scene.spec.provide_session("db") as session:
        session.execute("INSERT 1")
        scene.spec._table.find("db").pool.expire()  # type: ignore[union-attr]
        session.rollback()

    assert not hasattr(caught.value, "__notes__")
    scene.judge([])
