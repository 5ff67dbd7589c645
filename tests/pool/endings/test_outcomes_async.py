# The source of test_outcomes_sync.py, which tools/print_sync.py prints from it.
"""COMMIT has three outcomes that are never mixed, and what is executed is executed once."""

from __future__ import annotations

from typing import Any

import pytest

from sqlspec.errors import (
    CommitOutcomeUnknownError,
    DatabaseError,
    DeadlineExceeded,
    DisconnectedError,
    IntegrityError,
    SerializationError,
    TransactionAbortedError,
)
from tests.pool.endings._async import Scene


@pytest.mark.parametrize("how", ["lose_reply", "half_done"])
async def test_g44_a_lost_reply_to_commit_is_unknown(how: str) -> None:
    """It was stored, and nobody can know: the connection is gone, and nothing is sent again."""
    scene = Scene()
    getattr(scene.script.next("commit"), how)()

    with pytest.raises(CommitOutcomeUnknownError) as caught:
        await scene.insert()

    assert isinstance(caught.value.__cause__, (DeadlineExceeded, DisconnectedError))
    assert scene.server.count("commit") == 1
    await scene.judge(rows=[1], opened=2)


async def test_g44_a_commit_that_never_got_there_is_unknown_too() -> None:
    """Held on its way until the deadline: the driver can not tell it from a lost reply."""
    scene = Scene()
    scene.script.next("commit").hang()

    with pytest.raises(CommitOutcomeUnknownError):
        await scene.insert()

    assert scene.server.count("commit") == 0
    await scene.judge(rows=[], opened=2)


@pytest.mark.parametrize(("timeout", "given"), [(30.0, {}), (5.0, {"commit_timeout": 5.0})])
async def test_g44_commit_has_a_timeout_of_its_own(timeout: float, given: dict[str, float]) -> None:
    """Thirty seconds, or what the config says."""
    scene = Scene(**given)
    scene.script.next("commit").lose_reply()

    with pytest.raises(CommitOutcomeUnknownError):
        await scene.insert()

    assert scene.passed == pytest.approx(timeout, abs=0.5)
    await scene.judge(rows=[1], opened=2)


async def test_g44_a_slow_commit_is_a_commit() -> None:
    """Slower than any clean-up may be, but within its own timeout."""
    scene = Scene()
    scene.script.next("commit").delay(25.0)

    await scene.insert()

    await scene.judge(rows=[1], opened=1)


@pytest.mark.parametrize(
    ("kind", "error"), [("serialization", SerializationError), ("integrity", IntegrityError)]
)
async def test_g44_an_error_of_commit_itself_is_raised_typed(kind: str, error: type[DatabaseError]) -> None:
    """Not committed, and the connection serves on."""
    scene = Scene()
    scene.script.next("commit").fail(kind)

    with pytest.raises(error):
        await scene.insert()

    await scene.judge(rows=[], opened=1)


@pytest.mark.parametrize("leaves", ["aborted", "open"])
async def test_g44_what_a_failed_commit_left_open_is_rolled_back(leaves: Any) -> None:
    """Some databases keep the transaction after a COMMIT that failed."""
    scene = Scene()
    scene.script.next("commit").fail("serialization", leaves=leaves)

    with pytest.raises(SerializationError):
        await scene.insert()

    assert scene.server.count("rollback") == 1
    await scene.judge(rows=[], opened=1)


@pytest.mark.parametrize("how", ["fail", "hang", "half_done", "lose_reply", "not_sent"])
async def test_g14_a_reset_that_fails_after_a_commit_is_nobodys_error(how: str) -> None:
    """The work is stored: the connection is discarded, and the caller hears nothing of it."""
    scene = Scene()
    getattr(scene.script.next("reset"), how)()

    await scene.insert()

    assert scene.server.count("commit") == 1
    await scene.judge(rows=[1], opened=2)


async def test_g14_a_reset_that_can_not_tell_discards_the_connection() -> None:
    """In doubt it is not lent again."""
    scene = Scene()
    scene.script.can_reset = False

    await scene.insert()

    assert scene.server.open == []
    scene.script.can_reset = True
    await scene.judge(rows=[1], opened=2)


@pytest.mark.parametrize("how", ["fail", "hang", "half_done", "lose_reply", "not_sent"])
async def test_g03_the_bodys_exception_is_never_replaced(how: str) -> None:
    """However the rollback ends."""
    scene = Scene()
    getattr(scene.script.next("rollback"), how)()
    body = ZeroDivisionError("the body's own")

    with pytest.raises(ZeroDivisionError) as caught:
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            raise body

    assert caught.value is body
    assert scene.passed <= 2.5
    await scene.judge(rows=[], opened=2)


@pytest.mark.parametrize("how", ["hang", "half_done", "lose_reply"])
async def test_g03_nor_is_it_by_the_end_of_a_block(how: str) -> None:
    """`begin()` undoes its work; why it could not is a note at most."""
    scene = Scene()
    getattr(scene.script.next("rollback"), how)()
    body = ZeroDivisionError("the body's own")

    with pytest.raises(ZeroDivisionError) as caught:
        async with scene.spec.provide_session("db") as session, session.begin():
            await session.execute("INSERT 1")
            raise body

    assert caught.value is body
    # A connection that left a ROLLBACK without an answer is in doubt, and not lent again.
    await scene.judge(rows=[], opened=2)


@pytest.mark.parametrize("how", ["hang", "half_done", "lose_reply"])
async def test_g44_an_early_commit_has_the_same_outcomes(how: str) -> None:
    """`session.commit()` raises, and the session's end adds nothing to it."""
    scene = Scene()
    getattr(scene.script.next("commit"), how)()

    with pytest.raises(CommitOutcomeUnknownError):
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            await session.commit()

    assert scene.server.count("commit") == (how != "hang")
    await scene.judge(rows=[] if how == "hang" else [1], opened=2)


async def test_g44_who_swallows_an_unknown_outcome_does_no_more_on_that_connection() -> None:
    """It was dropped: the next statement finds it so."""
    scene = Scene()
    scene.script.next("commit").lose_reply()

    with pytest.raises(DisconnectedError):
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            with pytest.raises(CommitOutcomeUnknownError):
                await session.commit()
            await session.execute("SELECT")

    await scene.judge(rows=[1], opened=2)


@pytest.mark.parametrize("how", ["hang", "half_done", "lose_reply"])
async def test_g44_a_block_has_the_same_outcomes(how: str) -> None:
    """`begin()` commits when it ends."""
    scene = Scene()
    getattr(scene.script.next("commit"), how)()

    with pytest.raises(CommitOutcomeUnknownError):
        async with scene.spec.provide_session("db") as session, session.begin():
            await session.execute("INSERT 1")

    await scene.judge(rows=[] if how == "hang" else [1], opened=2)


@pytest.mark.parametrize("leaves", ["aborted", "ended"])
async def test_g42_a_clean_end_of_an_aborted_transaction_raises(leaves: Any) -> None:
    """The application swallowed the error that cost it: COMMIT is not even sent."""
    scene = Scene()
    scene.script.next("execute", statement="SELECT").fail("deadlock", leaves=leaves)

    with pytest.raises(TransactionAbortedError) as caught:
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            with pytest.raises(DatabaseError):
                await session.execute("SELECT")

    assert "scripted: deadlock" in str(caught.value.__cause__)
    assert scene.server.count("commit") == 0
    await scene.judge(rows=[], opened=1)


async def test_g10_nothing_is_executed_twice() -> None:
    """The reply to a statement is lost: it is an error, not a second try, and the transaction is undone."""
    scene = Scene()
    scene.script.next("execute", statement="INSERT").half_done()

    with pytest.raises(DisconnectedError):
        await scene.insert()

    await scene.judge(rows=[], opened=2)
