"""What the end of a session makes of a stream that was left early."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import OperationalError
from sqlspec.plugin import Cursor, RawResult
from sqlspec_sqlite.connection import SQLiteConnection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec import SQLSpec

INSERT = "INSERT INTO t VALUES (1, 'before')"


class HalfDone(Cursor):
    """Of a statement that fails in the rows that nobody asked for."""

    ended: list[str]

    def fetch(self) -> Sequence[Any]:
        """One row, always."""
        return [(1,)]

    def close(self) -> None:
        """The statement's error comes out here."""
        self.ended.append("close")
        raise OperationalError("the rest could not be done")

    def discard(self) -> None:
        """Nobody asks for the rest."""
        self.ended.append("discard")


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the streams of a session were ended."""
    HalfDone.ended = []
    monkeypatch.setattr(SQLiteConnection, "stream", lambda *_: HalfDone(RawResult(columns=("id",)), 1))
    return HalfDone.ended


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
def test_an_error_of_the_rest_comes_out_of_a_clean_block(
    spec: SQLSpec, ended: list[str], autocommit: bool
) -> None:
    """And nothing of a transaction is kept: a clean end would say that all is stored."""
    with (
        pytest.raises(OperationalError, match="could not be done"),
        spec.provide_session("main", autocommit=autocommit) as session,
    ):
        session.execute(INSERT)
        next(session.stream("SELECT id FROM t"))

    with spec.provide_session("main") as session:
        assert session.execute("SELECT count(*) FROM t").scalar() == int(autocommit)
    assert ended == ["close"]


def test_an_error_of_the_block_stands(spec: SQLSpec, ended: list[str]) -> None:
    """What the stream's statement has not done is undone with the rest, so nobody waits for it."""
    with pytest.raises(ZeroDivisionError), spec.provide_session("main") as session:
        session.execute(INSERT)
        next(session.stream("SELECT id FROM t"))
        raise ZeroDivisionError

    assert ended == ["discard"]


async def test_an_error_of_an_async_block_reaches_a_sync_drivers_cursor(
    spec: SQLSpec, ended: list[str]
) -> None:
    """In a thread, by the same two methods."""
    with pytest.raises(ZeroDivisionError):
        async with spec.provide_session("main") as session:
            await anext(session.stream("SELECT id FROM t"))
            raise ZeroDivisionError
    with pytest.raises(OperationalError, match="could not be done"):
        async with spec.provide_session("main") as session:
            await anext(session.stream("SELECT id FROM t"))

    assert ended == ["discard", "close"]


def test_a_cursor_without_discard_is_closed(spec: SQLSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default; its error does not hide the block's own."""
    monkeypatch.delattr(HalfDone, "discard")
    HalfDone.ended = []
    monkeypatch.setattr(SQLiteConnection, "stream", lambda *_: HalfDone(RawResult(columns=("id",)), 1))

    with pytest.raises(ZeroDivisionError), spec.provide_session("main") as session:
        next(session.stream("SELECT id FROM t"))
        raise ZeroDivisionError

    assert HalfDone.ended == ["close"]
