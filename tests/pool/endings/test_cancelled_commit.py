"""A COMMIT under way is not stopped by a cancellation: it has a second, and its outcome is told."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from sqlspec import SQLSpec
from sqlspec.concurrency import shielded
from sqlspec.errors import CommitOutcomeUnknownError, TransactionAbortedError
from sqlspec_testkit.scripted import AsyncScriptedConnection, Clock, Script, ScriptedConfig, ScriptedPlugin


class Scene:
    """A session whose COMMIT is under way; the driver's clock stands still, so that core's own timers cut."""

    def __init__(self, **options: Any) -> None:
        self.script = Script(clock=Clock())
        self.server = self.script.server
        self.spec = SQLSpec()
        self.spec.plugins.register(ScriptedPlugin(self.script))
        self.spec.register_config(ScriptedConfig(pool_size=1, **options), "db")

    async def insert(self) -> BaseException | None:
        """One session, one row; gives what came out of it, with its notes."""
        try:
            async with self.spec.provide_session("db") as session:
                await session.execute("INSERT 1")
        except BaseException as exc:  # noqa: BLE001 - judged by the test
            return exc
        return None

    async def committing(self) -> asyncio.Task[BaseException | None]:
        """A task that has sent its COMMIT, or is about to."""
        task = asyncio.create_task(self.insert())
        while not self.script.count("commit"):  # noqa: ASYNC110 - turns of the loop, not time
            await asyncio.sleep(0)
        return task

    async def judge(self, *, rows: list[int], opened: int) -> None:
        """What the server has; and the only slot of the pool is there for the next."""
        self.script.clear()
        async with self.spec.provide_session("db") as session:
            assert await session.execute("SELECT").scalars() == rows
        assert len(self.server.made) == opened
        assert len(self.server.open) == self.spec.stats("db").size == 1
        assert self.server.count("execute", "INSERT 1") == 1
        assert self.server.violations == []
        await self.spec.aclose()


def notes(error: BaseException | None) -> str:
    """What was added to an error."""
    return " ".join(getattr(error, "__notes__", ()))


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What core waits for beyond a deadline is almost nothing."""
    monkeypatch.setattr(shielded, "GRACE", 0.005)
    monkeypatch.setattr(shielded, "ADAPTERS_FIRST", 0.0)


async def turns(count: int = 5) -> None:
    """Let the others run."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_g44_a_cancelled_commit_that_is_answered_is_told() -> None:
    """The cancellation waits for the reply; then it is raised, with a note."""
    scene = Scene()
    gate = scene.script.gate("commit")
    task = await scene.committing()

    task.cancel()
    await turns()
    assert not task.done()
    gate.release()
    error = await task

    assert isinstance(error, asyncio.CancelledError)
    assert notes(error) == "the transaction was committed"
    await scene.judge(rows=[1], opened=1)


async def test_g03_a_commit_that_is_cancelled_again_and_again_is_told() -> None:
    """Impatience makes it no faster, and breaks nothing."""
    scene = Scene()
    gate = scene.script.gate("commit")
    task = await scene.committing()

    for _ in range(5):
        task.cancel()
        await turns()
    gate.release()
    error = await task

    assert isinstance(error, asyncio.CancelledError)
    assert notes(error) == "the transaction was committed"
    await scene.judge(rows=[1], opened=1)


async def test_g44_a_cancelled_commit_that_is_refused_is_told() -> None:
    """Not committed, says the note."""
    scene = Scene()
    gate = scene.script.next("commit").hang().fail("serialization").gate
    assert gate is not None
    task = await scene.committing()

    task.cancel()
    await turns()
    gate.release()
    error = await task

    assert isinstance(error, asyncio.CancelledError)
    assert notes(error) == "the transaction was not committed"
    await scene.judge(rows=[], opened=1)


@pytest.mark.usefixtures("no_patience")
@pytest.mark.parametrize(("how", "rows"), [("hang", []), ("lose_reply", [1])])
async def test_g44_a_cancelled_commit_without_an_answer_is_cut(
    monkeypatch: pytest.MonkeyPatch, how: str, rows: list[int]
) -> None:
    """After a second the connection is aborted, which wakes the driver; the note says that nobody knows."""
    monkeypatch.setattr(shielded.ShieldedCall, "_give_up", lambda _: pytest.fail("it was not cut"))
    scene = Scene()
    getattr(scene.script.next("commit"), how)()
    task = await scene.committing()

    task.cancel()
    error = await task

    assert isinstance(error, asyncio.CancelledError)
    assert "possibly committed" in notes(error)
    assert scene.server.open == []
    await scene.judge(rows=rows, opened=2)


@pytest.mark.usefixtures("no_patience")
async def test_g02_a_driver_that_is_deaf_to_interrupts_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another second later the caller goes, and learns that nobody knows."""
    scene = Scene()
    scene.script.next("commit").lose_reply()
    task = await scene.committing()
    monkeypatch.setattr(AsyncScriptedConnection, "interrupt", lambda _, **__: None)

    task.cancel()
    error = await task

    assert isinstance(error, asyncio.CancelledError)
    assert "possibly committed" in notes(error)
    monkeypatch.undo()
    assert scene.spec.stats("db").size == 0
    scene.server.kill()
    await scene.judge(rows=[1], opened=2)


@pytest.mark.usefixtures("no_patience")
async def test_g44_core_keeps_the_deadline_of_a_driver_that_does_not() -> None:
    """`commit_timeout` passes, the connection is cut, and the outcome is unknown."""
    scene = Scene(commit_timeout=0.01)
    scene.script.next("commit").lose_reply()

    error = await (await scene.committing())

    assert isinstance(error, CommitOutcomeUnknownError)
    assert scene.server.open == []
    await scene.judge(rows=[1], opened=2)


async def test_g44_a_cancellation_while_the_reset_is_under_way_is_told() -> None:
    """COMMIT was answered already: the note says so, and the connection is reset before it is lent again."""
    scene = Scene()
    gate = scene.script.gate("reset")
    task = asyncio.create_task(scene.insert())
    await gate.async_arrival()

    task.cancel()
    await turns()
    gate.release()
    error = await task

    assert isinstance(error, asyncio.CancelledError)
    assert notes(error) == "the transaction was committed"
    await scene.judge(rows=[1], opened=1)


async def test_g44_a_timeout_scope_around_a_commit_ends_as_a_timeout() -> None:
    """`asyncio.timeout` cancels, and finds its own cancellation again."""
    scene = Scene()
    gate = scene.script.gate("commit")
    loop = asyncio.get_running_loop()

    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(60) as scope:
            async with scene.spec.provide_session("db") as session:
                await session.execute("INSERT 1")
                scope.reschedule(loop.time())
                loop.call_later(0.005, gate.release)

    cancelled = caught.value.__cause__ or caught.value.__context__  # before Python 3.11.4 the second alone
    assert notes(cancelled) == "the transaction was committed"
    await scene.judge(rows=[1], opened=1)


async def test_g03_a_cancelled_body_is_not_replaced_by_its_rollback() -> None:
    """The task that was cancelled in its body ends cancelled, even if the rollback fails."""
    scene = Scene()
    scene.script.next("rollback").half_done()
    entered = asyncio.Event()
    seen: list[BaseException] = []

    async def work() -> None:
        try:
            async with scene.spec.provide_session("db") as session:
                await session.execute("INSERT 1")
                entered.set()
                await asyncio.Event().wait()
        except asyncio.CancelledError as exc:
            seen.append(exc)
            raise

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel("mine")
    await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert seen[0].args == ("mine",)
    await scene.judge(rows=[], opened=2)


async def test_g44_an_early_commit_that_is_cancelled_is_told() -> None:
    """`session.commit()` is as undisturbed as the one at the end."""
    scene = Scene()
    gate = scene.script.gate("commit")
    caught: list[BaseException] = []

    async def work() -> None:
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            try:
                await session.commit()
            except asyncio.CancelledError as exc:
                caught.append(exc)
                raise

    task = asyncio.create_task(work())
    await gate.async_arrival()
    task.cancel()
    await turns()
    gate.release()
    await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert notes(caught[0]) == "the transaction was committed"
    await scene.judge(rows=[1], opened=1)


@pytest.mark.parametrize("point", ["rollback: not sent", "rollback: not answered"])
async def test_g01_a_cancelled_rollback_is_in_doubt(point: str) -> None:
    """Even for who swallows the cancellation: the connection is dropped at the end of its session."""
    scene = Scene()
    scene.script.suspend = True
    reached: list[bool] = []

    def cancel() -> None:
        reached.append(scene.script.awaits[-1] == point)
        if reached[-1]:
            task.cancel()
        else:
            scene.script.at_await(1, cancel)

    async def work() -> None:
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            with suppress(asyncio.CancelledError):
                await session.rollback()

    task = asyncio.create_task(work())
    scene.script.at_await(1, cancel)
    (error,) = await asyncio.gather(task, return_exceptions=True)

    assert reached[-1]
    assert isinstance(error, TransactionAbortedError)
    assert scene.server.open == []
    await scene.judge(rows=[], opened=2)
