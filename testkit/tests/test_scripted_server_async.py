# The source of test_scripted_server_sync.py, which tools/print_sync.py prints from it.
"""The scripted driver: what its server remembers, what the driver knows, and what is a violation."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    ConnectError,
    DeadlineExceeded,
    DisconnectedError,
    SavepointNotSupportedError,
    StatementError,
    TransactionAbortedError,
)
from sqlspec.plugin import Capability, TransactionOptions, TransactionStatus
from sqlspec_testkit.scripted import (
    AsyncScriptedConnection,
    Received,
    Script,
    ScriptedConfig,
    ScriptedError,
    ScriptedPlugin,
    async_connect,
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


# --- the server -----------------------------------------------------------------------------------


async def test_a_session_is_seen_by_the_server(script: Script, spec: SQLSpec) -> None:
    """Rows, and all that came, in order."""
    async with spec.provide_session("db") as session:
        await session.execute("INSERT ?", (7,))
        await session.execute("INSERT 8, 9")
        assert await session.execute("SELECT").scalars() == [7, 8, 9]
        assert script.server.rows == []
        assert [backend.state for backend in script.server.open] == ["in transaction"]

    assert script.server.rows == [7, 8, 9]
    assert [backend.state for backend in script.server.open] == ["idle"]
    steps = [record.step for record in script.server.received]
    assert steps == ["connect", "begin", "execute", "execute", "execute", "commit", "reset"]
    assert script.server.received[2] == Received(1, "execute", "INSERT ?", (7,))
    assert script.server.count("execute") == 3
    assert script.server.count("execute", "INSERT 8, 9") == 1


async def test_an_open_transaction_is_nobody_elses(script: Script, spec: SQLSpec) -> None:
    """And undone with the block."""
    with pytest.raises(ZeroDivisionError):
        async with spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            async with spec.provide_session("db", autocommit=True) as other:
                assert await other.execute("SELECT").scalars() == []
            raise ZeroDivisionError

    assert script.server.rows == []
    assert script.server.count("rollback") == 1


async def test_savepoints(script: Script, spec: SQLSpec) -> None:
    """What is undone, is; the rest stays."""
    async with spec.provide_session("db") as session:
        await session.execute("INSERT 1")
        with pytest.raises(ZeroDivisionError):
            async with session.begin():
                await session.execute("INSERT 2")
                raise ZeroDivisionError
        async with session.begin():
            await session.execute("INSERT 3")

    assert script.server.rows == [1, 3]


async def test_a_statement_it_does_not_know_is_an_error(script: Script, spec: SQLSpec) -> None:
    """And aborts the transaction, as PostgreSQL does."""
    with pytest.raises(TransactionAbortedError):
        async with spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            with pytest.raises(StatementError):
                await session.execute("FETCH ME")

    assert script.server.rows == []


async def test_an_aborted_transaction_takes_no_statement(
    script: Script, connection: AsyncScriptedConnection
) -> None:
    """And its COMMIT undoes it without an error: core has to know better."""
    await connection.begin(PLAIN, None)
    await connection.execute("INSERT 1", None, None)

    for statement, kind in (("FETCH ME", "statement"), ("INSERT 2", "aborted")):
        with pytest.raises(ScriptedError, match=kind):
            await connection.execute(statement, None, None)
    await connection.commit(None)

    assert script.server.rows == []
    assert connection.raw.state == "idle"


async def test_bulk_and_scripts_go_through_execute(script: Script, spec: SQLSpec) -> None:
    """The defaults of the contract."""
    async with spec.provide_session("db") as session:
        await session.execute_many("INSERT ?", [(1,), (2,)])
        await session.execute_script("INSERT 3; INSERT 4")

    assert script.server.rows == [1, 2, 3, 4]


async def test_what_provide_connection_lends_is_the_servers_end(script: Script, spec: SQLSpec) -> None:
    """Statements by it go past the script, and what it leaves behind is undone."""
    async with spec.provide_connection("db") as raw:
        raw.run("BEGIN")
        raw.run("INSERT 1")
        raw.run("SET x = 1")

    (backend,) = script.server.open
    assert (backend.state, backend.variables) == ("idle", {})
    assert script.server.rows == []


async def test_the_connection_knows_its_database(script: Script, spec: SQLSpec) -> None:
    """So that two configs can be told apart."""
    spec.register_config("scripted:///other", name="other")

    async with spec.provide_connection("other"):
        assert [backend.database for backend in script.server.open] == ["other"]


async def test_killing_wakes_and_undoes(script: Script, connection: AsyncScriptedConnection) -> None:
    """The next call learns of it."""
    await connection.begin(PLAIN, None)
    await connection.execute("INSERT 1", None, None)

    script.server.kill()

    assert connection.is_usable()  # not noticed
    assert script.server.open == []
    with pytest.raises(ScriptedError, match="disconnect"):
        await connection.commit(None)
    assert not connection.is_usable()
    assert connection.transaction_status is TransactionStatus.UNKNOWN
    assert script.server.count("commit") == 0
    assert script.server.rows == []


async def test_a_death_that_is_noticed(script: Script, connection: AsyncScriptedConnection) -> None:
    """By a look at the socket."""
    script.server.kill(connection.raw, noticed=True)

    assert not connection.is_usable()


async def test_a_readable_socket_is_not_usable(connection: AsyncScriptedConnection) -> None:
    """Whatever stands in it."""
    connection.raw.is_readable = True

    assert not connection.is_usable()


async def test_a_server_that_is_down_refuses(script: Script, spec: SQLSpec) -> None:
    """And serves when it is up again."""
    script.server.is_down = True
    with pytest.raises(ConnectError, match="refused"):
        async with spec.provide_session("db"):
            pass

    script.server.is_down = False
    async with spec.provide_session("db") as session:
        await session.execute("INSERT 1")

    assert script.server.rows == [1]


# --- what the driver knows ------------------------------------------------------------------------


async def test_how_much_the_driver_sees(script: Script, connection: AsyncScriptedConnection) -> None:
    """All; or not whether an open transaction is aborted, as asyncpg; or nothing."""
    seen = list[list[str]]()

    async def look() -> None:
        states = list[str]()
        for sees in ("all", "open", "nothing"):
            script.sees = sees
            states.append(connection.transaction_status.value)
        seen.append(states)

    await look()
    await connection.begin(PLAIN, None)
    await look()
    with pytest.raises(ScriptedError):
        await connection.execute("FETCH ME", None, None)
    await look()

    assert seen == [
        ["idle", "idle", "unknown"],
        ["active", "unknown", "unknown"],
        ["aborted", "unknown", "unknown"],
    ]


async def test_what_was_not_answered_is_not_known(
    script: Script, connection: AsyncScriptedConnection
) -> None:
    """The driver's own view is as of the last answer."""
    await connection.begin(PLAIN, None)
    script.next("commit").lose_reply()

    with pytest.raises(DeadlineExceeded):
        await connection.commit(soon(script))

    assert connection.raw.state == "idle"
    assert connection.transaction_status is TransactionStatus.UNKNOWN


async def test_a_reset_may_be_in_doubt(script: Script, spec: SQLSpec) -> None:
    """Then the connection is not lent again."""
    script.can_reset = False

    async with spec.provide_session("db") as session:
        await session.execute("INSERT 1")

    assert script.server.rows == [1]
    assert [backend.ended for backend in script.server.made] == ["aborted"]


async def test_a_driver_may_know_that_nothing_is_to_be_reset(script: Script, spec: SQLSpec) -> None:
    """Then an unused connection costs no round trip."""
    for script.knows_state in (True, False):
        async with spec.provide_session("db"):
            pass

    assert script.server.count("reset") == 1


async def test_a_capability_may_be_left_out() -> None:
    """Core does then as for a database that lacks it."""
    script, spec = Script(), SQLSpec()
    spec.plugins.register(ScriptedPlugin(script, without={Capability.SAVEPOINTS}))
    spec.register_config(ScriptedConfig())

    async with spec:
        with pytest.raises(SavepointNotSupportedError):
            async with spec.provide_session() as session:
                await session.execute("INSERT 1")
                async with session.begin():
                    pass


# --- violations -----------------------------------------------------------------------------------


async def test_closing_and_aborting_twice_is_fine(
    script: Script, connection: AsyncScriptedConnection
) -> None:
    """The first counts; every abort is counted."""
    await connection.close()
    await connection.close()
    connection.drop()
    connection.drop()

    assert connection.raw.ended == "closed"
    assert (script.count("close"), script.count("abort")) == (1, 2)
    assert script.server.violations == []


async def test_use_after_the_end_is_an_error(script: Script, connection: AsyncScriptedConnection) -> None:
    """And nothing is sent."""
    await connection.close()

    with pytest.raises(ScriptedError, match="closed") as caught:
        await connection.execute("INSERT 1", None, None)

    assert isinstance(connection.map_error(caught.value), DisconnectedError)
    assert script.server.rows == []


async def test_a_connection_that_nobody_holds_is_dropped(script: Script) -> None:
    """As its socket would be, and the server can tell."""
    connection = await async_connect(script, ScriptedConfig())
    await connection.begin(PLAIN, None)

    del connection
    gc.collect()

    assert [backend.ended for backend in script.server.made] == ["dropped"]
    assert script.server.open == []


async def test_what_an_owner_left_is_a_violation(script: Script, connection: AsyncScriptedConnection) -> None:
    """If the next would get it: a variable, or a transaction."""
    await connection.execute("SET x = 1", None, None)
    await connection.begin(PLAIN, None)

    connection.is_usable()

    assert script.server.violations == [
        "connection 1 was lent in transaction",
        "connection 1 was lent with what its last owner SET: x",
    ]


async def test_a_reset_undoes_what_an_owner_left(script: Script, connection: AsyncScriptedConnection) -> None:
    """Then there is nothing to find."""
    await connection.execute("SET x = 1", None, None)
    assert (await connection.execute("SHOW x", None, None)).rows == [("1",)]

    await connection.reset(None)

    assert (await connection.execute("SHOW x", None, None)).rows == [(None,)]
    assert connection.is_usable()
    assert script.server.violations == []


async def test_state_may_stay_where_the_config_says_so(script: Script) -> None:
    """`reset="rollback"`."""
    connection = await async_connect(script, ScriptedConfig(reset="rollback"))
    await connection.execute("SET x = 1", None, None)

    assert connection.is_usable()

    assert script.server.violations == []


async def test_transactions_that_do_not_match_are_violations(
    script: Script, connection: AsyncScriptedConnection
) -> None:
    """No server minds; but core should not."""
    await connection.commit(None)
    await connection.begin(PLAIN, None)
    await connection.begin(PLAIN, None)

    assert script.server.violations == [
        "COMMIT without a transaction, on connection 1",
        "BEGIN in a transaction, on connection 1",
    ]


async def test_records_are_bounded_for_long_runs() -> None:
    """Memory stays flat; what is open is always known."""
    script = Script(memory=5, suspend=True)
    connection = await async_connect(script, ScriptedConfig())

    for _ in range(20):
        await connection.ping(None)

    assert len(script.calls) == len(script.awaits) == len(script.server.received) == 5
    assert len(script.server.open) == 1
