# The source of test_scripted_words_sync.py, which tools/print_sync.py prints from it.
"""The scripted driver: every word of its script, judged by the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    CommitOutcomeUnknownError,
    ConnectError,
    DeadlineExceeded,
    DisconnectedError,
    IntegrityError,
    QueryCancelledError,
    SerializationError,
)
from sqlspec.plugin import TransactionOptions
from sqlspec_testkit.scripted import (
    STEPS,
    AsyncScriptedConnection,
    Clock,
    Script,
    ScriptedConfig,
    ScriptedError,
    ScriptedPlugin,
    async_connect,
    async_stop_at,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PLAIN = TransactionOptions()
SOON = 5.0  # seconds: a deadline, which the clock of most tests jumps to


@pytest.fixture
def script() -> Script:
    """A script without a line; its clock jumps."""
    return Script()


@pytest.fixture
async def spec(script: Script) -> AsyncIterator[SQLSpec]:
    """A registry with one scripted database; no test leaves a violation behind."""
    async with SQLSpec() as spec:
        spec.plugins.register(ScriptedPlugin(script))
        spec.register_config(ScriptedConfig(pool_size=2), "db")
        yield spec
    assert script.server.violations == []
    assert script.server.open == []


@pytest.fixture
async def connection(script: Script) -> AsyncIterator[AsyncScriptedConnection]:
    """A connection by itself."""
    connection = await async_connect(script, ScriptedConfig())
    yield connection
    connection.drop()


def soon(script: Script) -> float:
    """A deadline."""
    return script.clock() + SOON


# --- words ----------------------------------------------------------------------------------------


async def test_next_is_about_the_next_calls(script: Script, connection: AsyncScriptedConnection) -> None:
    """So many of them, and then the line after."""
    script.next("ping", 2).fail("other")
    script.next("ping").fail("statement")

    kinds = list[str]()
    for _ in range(3):
        with pytest.raises(ScriptedError) as caught:
            await connection.ping(None)
        kinds.append(caught.value.kind)
    await connection.ping(None)

    assert kinds == ["other", "other", "statement"]
    assert script.count("ping") == 4


async def test_every_is_about_all_calls(script: Script, connection: AsyncScriptedConnection) -> None:
    """Until the script is cleared; the newest line counts, and `next` goes before."""
    script.every("ping").fail("statement")
    script.every("ping").fail("other")
    script.next("ping").fail("deadlock")

    for kind in ("deadlock", "other", "other"):
        with pytest.raises(ScriptedError, match=kind):
            await connection.ping(None)
    script.clear()

    await connection.ping(None)


async def test_a_line_may_be_about_one_statement(script: Script, connection: AsyncScriptedConnection) -> None:
    """By how it begins, word for word."""
    script.every("execute", statement="INSERT 1").fail("unique")

    await connection.execute("INSERT 10", None, None)
    with pytest.raises(ScriptedError, match="unique"):
        await connection.execute("INSERT  1", None, None)

    assert script.server.rows == [10]


@pytest.mark.parametrize(
    ("kind", "error"),
    [("serialization", SerializationError), ("integrity", IntegrityError), ("disconnect", DisconnectedError)],
)
async def test_fail_reaches_the_server_and_does_nothing(
    script: Script, spec: SQLSpec, kind: str, error: type[Exception]
) -> None:
    """The driver's error comes out as core's."""
    script.next("execute").fail(kind)

    with pytest.raises(error, match=f"scripted: {kind}"):
        async with spec.provide_session("db") as session:
            await session.execute("INSERT 1")

    assert script.server.count("execute") == 1
    assert script.server.rows == []


@pytest.mark.parametrize(
    ("leaves", "state"), [("open", "in transaction"), ("aborted", "aborted transaction"), ("ended", "idle")]
)
async def test_an_error_leaves_a_transaction_behind_or_not(
    script: Script, connection: AsyncScriptedConnection, leaves: str, state: str
) -> None:
    """As the databases do: SQLite keeps it, PostgreSQL aborts it, MariaDB ends it after a deadlock."""
    await connection.begin(PLAIN, None)
    script.next("execute").fail("deadlock", leaves=leaves)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

    with pytest.raises(ScriptedError):
        await connection.execute("INSERT 1", None, None)

    assert connection.raw.state == state
    assert connection.transaction_status is connection.raw.status


async def test_a_commit_that_fails_ends_the_transaction(script: Script, spec: SQLSpec) -> None:
    """A deferred constraint: one error, no rows, and the connection serves on."""
    script.next("commit").fail()

    with pytest.raises(IntegrityError):
        async with spec.provide_session("db") as session:
            await session.execute("INSERT 1")

    assert script.server.rows == []
    assert script.server.count("rollback") == 0  # none was open any more
    assert [backend.state for backend in script.server.open] == ["idle"]


async def test_fail_raises_any_exception(script: Script, connection: AsyncScriptedConnection) -> None:
    """What no driver should raise, too."""
    script.next("ping").fail(ZeroDivisionError("by hand"))

    with pytest.raises(ZeroDivisionError, match="by hand"):
        await connection.ping(None)


async def test_not_sent_is_unknown_to_the_server(script: Script, connection: AsyncScriptedConnection) -> None:
    """The connection is gone before the first byte."""
    script.next("execute").not_sent()

    with pytest.raises(ScriptedError, match="disconnect"):
        await connection.execute("INSERT 1", None, None)

    assert (script.count("execute"), script.server.count("execute")) == (1, 0)
    assert connection.raw.ended == "killed"
    assert not connection.is_usable()


async def test_half_done_is_done(script: Script, spec: SQLSpec) -> None:
    """The COMMIT is applied, and the caller can not know."""
    script.next("commit").half_done()

    with pytest.raises(CommitOutcomeUnknownError):
        async with spec.provide_session("db") as session:
            await session.execute("INSERT 1")

    assert script.server.rows == [1]
    assert script.server.received[-1].step == "commit"
    assert script.server.open == []


async def test_a_lost_reply_waits_for_the_deadline(script: Script, spec: SQLSpec) -> None:
    """By the script's clock, so that no test waits for it."""
    script.next("commit").lose_reply()
    before = script.clock()

    with pytest.raises(CommitOutcomeUnknownError) as caught:
        async with spec.provide_session("db") as session:
            await session.execute("INSERT 1")

    assert isinstance(caught.value.__cause__, DeadlineExceeded)
    assert script.clock() >= before + 29
    assert script.server.rows == [1]
    assert [backend.ended for backend in script.server.made] == ["aborted"]


async def test_a_reply_may_be_late(script: Script, connection: AsyncScriptedConnection) -> None:
    """It is done long before the caller hears of it."""
    line = script.next("execute").lose_reply()
    script.at_await(1, line.gate.release)

    await connection.execute("INSERT 1", None, None)

    assert list(script.awaits) == ["execute: no reply"]
    assert script.server.rows == [1]


async def test_a_hang_ends_at_the_deadline(script: Script, connection: AsyncScriptedConnection) -> None:
    """And never gets to the server."""
    line = script.next("execute").hang()

    with pytest.raises(DeadlineExceeded):
        await connection.execute("INSERT 1", None, soon(script))

    assert script.server.count("execute") == 0
    assert line.gate.held == 0


async def test_a_hang_ends_when_it_is_let_go(script: Script, connection: AsyncScriptedConnection) -> None:
    """And what comes after it in the line is done then."""
    line = script.next("execute").hang().fail("unique")
    script.at_await(1, line.gate.release)

    with pytest.raises(ScriptedError, match="unique"):
        await connection.execute("INSERT 1", None, None)

    assert script.server.count("execute") == 1


async def test_a_hang_ends_with_an_abort(script: Script, connection: AsyncScriptedConnection) -> None:
    """With a disconnect error; the server never gets it."""
    script.next("execute").hang()
    script.at_await(1, connection.drop)

    with pytest.raises(ScriptedError, match="disconnect"):
        await connection.execute("INSERT 1", None, None)

    assert script.server.count("execute") == 0
    assert connection.raw.ended == "aborted"


async def test_a_hang_ends_when_the_server_kills(script: Script, connection: AsyncScriptedConnection) -> None:
    """Likewise."""
    script.next("execute").hang()
    script.at_await(1, script.server.kill)

    with pytest.raises(ScriptedError, match="disconnect"):
        await connection.execute("INSERT 1", None, None)


async def test_an_interrupt_ends_a_statement_alone(
    script: Script, connection: AsyncScriptedConnection
) -> None:
    """A COMMIT goes on."""
    await connection.begin(PLAIN, None)
    script.next("execute").hang()
    commit = script.next("commit").hang()

    def interrupt_in_vain() -> None:
        connection.interrupt(for_good=False)
        commit.gate.release()

    script.at_await(1, lambda: connection.interrupt(for_good=False))
    script.at_await(2, interrupt_in_vain)

    with pytest.raises(ScriptedError) as caught:
        await connection.execute("INSERT 1", None, None)
    await connection.commit(None)

    assert isinstance(connection.map_error(caught.value), QueryCancelledError)
    assert script.server.count("commit") == 1


async def test_a_hang_that_nobody_ends_is_a_violation(
    script: Script, connection: AsyncScriptedConnection
) -> None:
    """A test that forgot it fails, and does not hang."""
    script.patience = 0.01
    script.next("execute").hang()

    with pytest.raises(ScriptedError, match="stuck"):
        await connection.execute("INSERT 1", None, None)

    assert script.server.violations == ["connection 1 was held and nobody let it go: execute: held"]


async def test_a_delay_moves_a_clock_that_jumps(script: Script, connection: AsyncScriptedConnection) -> None:
    """And no test waits for it."""
    script.next("execute").delay(60)
    before = script.clock()

    await connection.execute("INSERT 1", None, None)

    assert script.clock() == before + 60
    assert script.server.rows == [1]


async def test_a_delay_beyond_the_deadline(script: Script, connection: AsyncScriptedConnection) -> None:
    """Ends there."""
    script.next("execute").delay(60)
    before = script.clock()

    with pytest.raises(DeadlineExceeded):
        await connection.execute("INSERT 1", None, before + 1)

    assert script.clock() == before + 1
    assert script.server.rows == []


async def test_a_clock_that_stands_still_is_moved(
    script: Script, connection: AsyncScriptedConnection
) -> None:
    """By the test, and wakes who waits."""
    script.clock = clock = Clock()
    script.next("execute").delay(60)

    def minute_later() -> None:
        clock.advance(59)
        clock.advance(1)

    script.at_await(1, minute_later)

    await connection.execute("INSERT 1", None, clock() + 61)

    assert script.server.rows == [1]


async def test_a_real_clock_waits(connection: AsyncScriptedConnection, script: Script) -> None:
    """If it is asked to."""
    import time

    script.clock = time.monotonic
    script.next("execute").delay(0.01)
    script.next("execute").hang()
    before = time.monotonic()

    await connection.execute("INSERT 1", None, None)
    with pytest.raises(DeadlineExceeded):
        await connection.execute("INSERT 2", None, time.monotonic() + 0.01)

    assert time.monotonic() >= before + 0.02
    assert script.server.rows == [1]


async def test_turns_are_awaits(script: Script, connection: AsyncScriptedConnection) -> None:
    """So many."""
    script.next("ping").turns(3)

    await connection.ping(None)

    assert list(script.awaits) == ["ping: turn"] * 3


@pytest.mark.parametrize("ended", STEPS)
async def test_every_step_obeys(script: Script, ended: str) -> None:
    """And one that hung up is gone on both sides."""
    script.next(ended).fail("disconnect")

    with pytest.raises((ScriptedError, DisconnectedError), match="disconnect"):
        await _all_steps(script)

    assert script.server.open == []
    assert script.server.received[-1].step == ended


async def _all_steps(script: Script) -> None:
    connection = await async_connect(script, ScriptedConfig())
    await connection.begin(PLAIN, None)
    await connection.execute("SELECT 1", None, None)
    await connection.commit(None)
    await connection.rollback(None)
    await connection.ping(None)
    await connection.reset(None)
    await connection.close()


async def test_a_connect_that_hangs_ends_at_its_timeout(script: Script) -> None:
    """And leaves nothing open on the server."""
    script.next("connect").hang()
    script.next("connect").lose_reply()

    for _ in range(2):
        with pytest.raises(ConnectError, match="connect_timeout"):
            await async_connect(script, ScriptedConfig())

    assert script.server.open == []
    assert [backend.ended for backend in script.server.made] == ["aborted"]


# --- awaits ---------------------------------------------------------------------------------------


async def test_awaits_are_numbered(script: Script, connection: AsyncScriptedConnection) -> None:
    """Two for each call, when the script suspends."""
    script.suspend = True

    await connection.ping(None)
    await connection.reset(None)

    assert list(script.awaits) == [
        "ping: not sent",
        "ping: not answered",
        "reset: not sent",
        "reset: not answered",
    ]


async def test_work_is_stopped_at_each_await(script: Script, spec: SQLSpec) -> None:
    """At every point of a session, one after another: nothing is left behind, and the next works."""
    script.suspend = True
    points = list[str]()

    async def work() -> None:
        async with spec.provide_session("db") as session:
            await session.execute("INSERT 1")

    while True:
        script.server.kill(noticed=True)  # so that each attempt connects
        stopped = await async_stop_at(script, len(points) + 1, work)
        if stopped.point is None:
            break
        assert stopped.error is not None
        points.append(stopped.point)
        assert [backend.state for backend in script.server.open] in ([], ["idle"])

    assert stopped.error is None
    assert points == [
        f"{step}: {point}"
        for step in ("connect", "begin", "execute", "commit", "reset")
        for point in ("not sent", "not answered")
    ]
