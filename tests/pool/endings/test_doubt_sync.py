# Printed from test_doubt_async.py by tools/print_sync.py; do not edit.
"""What ends late, or in doubt: every ending has its time, and a connection in doubt is not lent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    CommitOutcomeUnknownError,
    DatabaseError,
    DeadlineExceeded,
    SerializationError,
    TransactionAbortedError,
)
from tests.pool.endings._sync import Scene
from tests.pool.script import Driver, new_pool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlspec import Session


def commit(session: Session) -> None:
    """Early."""
    session.execute("INSERT 1")
    session.commit()


def block(session: Session) -> None:
    """By the end of a block."""
    with session.begin():
        session.execute("INSERT 1")


@pytest.mark.parametrize("act", [commit, block], ids=["commit", "block"])
@pytest.mark.parametrize(("timeout", "given"), [(30.0, {}), (5.0, {"commit_timeout": 5.0})], ids=["30", "5"])
def test_g44_an_early_commit_has_the_same_timeout(
    act: Callable[[Session], Awaitable[None]], timeout: float, given: dict[str, float]
) -> None:
    """Thirty seconds, or what the config says, and nothing is waited for after it."""
    scene = Scene(**given)
    scene.script.next("commit").lose_reply()

    with pytest.raises(CommitOutcomeUnknownError):
        with scene.spec.provide_session("db") as session:
            act(session)

    assert scene.passed == pytest.approx(timeout, abs=0.5)
    scene.judge(rows=[1], opened=2)


@pytest.mark.parametrize("how", ["hang", "lose_reply"])
def test_g05_a_reset_after_a_commit_has_two_seconds(how: str) -> None:
    """Not what the COMMIT before it was given: the work is stored, and its caller waits for nothing."""
    scene = Scene()
    getattr(scene.script.next("reset"), how)()

    scene.insert()

    assert scene.passed == pytest.approx(2.0, abs=0.5)
    scene.judge(rows=[1], opened=2)


def test_g05_a_rollback_after_a_failed_commit_has_two_seconds() -> None:
    """The error of COMMIT is known; what follows must not hold it back."""
    scene = Scene()
    scene.script.next("commit").fail("serialization", leaves="open")
    scene.script.next("rollback").hang()

    with pytest.raises(SerializationError):
        scene.insert()

    assert scene.passed == pytest.approx(2.0, abs=0.5)
    scene.judge(rows=[], opened=2)


def test_g05_a_short_commit_timeout_bounds_the_reset_too() -> None:
    """Both together take no longer than the config says."""
    scene = Scene(commit_timeout=0.5)
    scene.script.next("reset").hang()

    scene.insert()

    assert scene.passed == pytest.approx(0.5, abs=0.4)
    scene.judge(rows=[1], opened=2)


@pytest.mark.parametrize("how", ["hang", "half_done", "lose_reply"])
def test_g01_an_early_rollback_without_an_answer_is_in_doubt(how: str) -> None:
    """The application may look away; its clean end says so, and the connection is not lent again."""
    scene = Scene()
    getattr(scene.script.next("rollback"), how)()

    with pytest.raises(TransactionAbortedError):
        with scene.spec.provide_session("db") as session:
            session.execute("INSERT 1")
            with pytest.raises(DatabaseError):
                session.rollback()

    assert scene.passed <= 2.5
    scene.judge(rows=[], opened=2)


@pytest.mark.parametrize("how", ["raised", "swallowed"])
def test_g01_a_statement_past_its_deadline_is_in_doubt(how: str) -> None:
    """Its reply may come yet. Nothing is open and nothing to reset, and still it is not lent again."""
    scene = Scene(reset="rollback")
    scene.script.next("execute").fail(DeadlineExceeded("scripted: too late"))

    def run() -> None:
        with scene.spec.provide_session("db", autocommit=True) as session:
            try:
                session.execute("INSERT 1")
            except DeadlineExceeded:
                if how == "raised":
                    raise

    if how == "raised":
        with pytest.raises(DeadlineExceeded):
            run()
    else:
        run()

    assert scene.server.open == []
    scene.judge(rows=[], opened=2)


def test_g12_without_a_full_reset_nothing_is_reset() -> None:
    """It is opt-out: what one owner sets, the next one finds, and no round trip is made."""
    scene = Scene(reset="rollback")

    with scene.spec.provide_session("db") as session:
        session.execute("SET x = 1")
        session.execute("INSERT 1")
    with scene.spec.provide_session("db") as session:
        assert session.execute("SHOW x").scalar() == "1"

    assert scene.server.count("reset") == 0
    scene.judge(rows=[1], opened=1)


def test_g12_a_full_reset_leaves_nothing() -> None:
    """By default, and on the same connection."""
    scene = Scene()

    with scene.spec.provide_session("db") as session:
        session.execute("SET x = 1")
        session.execute("INSERT 1")
    with scene.spec.provide_session("db") as session:
        assert session.execute("SHOW x").scalar() is None

    scene.judge(rows=[1], opened=1)


def test_g11_what_the_drivers_own_connection_left_open_is_undone() -> None:
    """Its transaction and its settings; it serves on."""
    scene = Scene()

    with scene.spec.provide_connection("db") as raw:
        raw.run("SET x = 1")
        raw.run("BEGIN")
        raw.run("INSERT 2")
    assert (scene.server.count("rollback"), scene.server.count("reset")) == (1, 1)
    scene.insert()

    scene.judge(rows=[1], opened=1)


@pytest.mark.parametrize("step", ["rollback", "reset"])
@pytest.mark.parametrize("how", ["fail", "hang", "half_done", "lose_reply", "not_sent"])
def test_g03_the_bodys_exception_is_not_replaced_by_the_drivers_own_connection(
    step: str, how: str
) -> None:
    """However its clean-up ends, and within its two seconds."""
    scene = Scene()
    getattr(scene.script.next(step), how)()
    body = ZeroDivisionError("the body's own")

    with pytest.raises(ZeroDivisionError) as caught:
        with scene.spec.provide_connection("db") as raw:
            raw.run("BEGIN")
            raw.run("INSERT 2")
            raise body

    assert caught.value is body
    assert scene.passed <= 2.5
    scene.insert()
    scene.judge(rows=[1], opened=2)


@pytest.mark.parametrize("how", ["fail", "hang", "half_done", "lose_reply"])
def test_g03_nor_is_it_by_a_savepoint(how: str) -> None:
    """Why it could not be undone is a note."""
    scene = Scene()
    body: Any = ZeroDivisionError("the body's own")
    getattr(scene.script.next("execute", statement="ROLLBACK TO"), how)()

    with pytest.raises(ZeroDivisionError) as caught:
        with scene.spec.provide_session("db") as session:
            session.execute("INSERT 1")
            with session.begin():
                raise body

    assert caught.value is body
    assert "rolling back failed too" in body.__notes__[0]
    assert scene.passed <= 2.5
    scene.judge(rows=[], opened=1 if how == "fail" else 2)


def test_g03_nor_by_the_end_of_a_stream() -> None:
    """What was being read is closed with the session, and cannot speak up."""
    scene = Scene()
    body = ZeroDivisionError("the body's own")

    with pytest.raises(ZeroDivisionError) as caught:
        with scene.spec.provide_session("db") as session:
            session.execute("INSERT 1")
            for _ in session.stream("SELECT", batch_size=1):
                break
            cursor: Any = session._streams[0]._cursor  # type: ignore[index]
            cursor.close = scene.broken
            raise body

    assert caught.value is body
    scene.judge(rows=[], opened=1)


@pytest.mark.parametrize("again", [True, False], ids=["good", "bad"])
@pytest.mark.parametrize("ok", [True, False], ids=["good first", "bad first"])
def test_g24_a_lease_that_is_given_back_again_is_nobodys(ok: bool, again: bool) -> None:
    """Whatever is said of it: the connection may be another's by then."""
    driver = Driver()
    pool = new_pool(driver, pool_size=1)
    lease = pool.acquire()
    pool.release(lease, ok)
    other = pool.acquire()

    pool.release(lease, again)

    stats = pool.stats()
    assert (stats.size, stats.in_use) == (1, 1)
    assert other.connection.raw.ended is None
    pool.release(other, True)
    assert pool.stats().idle == 1
