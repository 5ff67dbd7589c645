"""How a session ends: committed, not committed, or nobody knows. Judged by psql, afterwards."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import errors

from .sides import door_to, settled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlspec_testkit.proxy import FaultProxy

    from .sides import Door, Home, Side

# Each execution of the INSERT takes a number, whether it is committed or not.
COUNTED = "CREATE TABLE t (a serial, b text); CREATE SEQUENCE late"
INSERT = "INSERT INTO t (b) VALUES (?)"
SLOW = """
CREATE TABLE t (a int);
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(NEW.a / 10.0); RETURN NEW; END $$;
CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION dawdle();
"""


@pytest.fixture
def proxy(home: Home) -> Iterator[FaultProxy]:
    """Between us and the server."""
    with home.server.proxy() as proxy:
        yield proxy


@pytest.fixture
async def proxied(side: Side, home: Home, proxy: FaultProxy) -> AsyncIterator[Door]:
    """A way through the proxy, impatient about COMMIT."""
    home.sql(COUNTED)
    async with door_to(side, home.url(port=proxy.port), commit_timeout=0.5, pool_size=2) as door:
        yield door


async def by_leaving(door: Door) -> None:
    """The end of the block commits."""
    async with door.session() as session:
        await session.execute(INSERT, ("x",))


async def by_call(door: Door) -> None:
    """The call commits."""
    async with door.session() as session:
        await session.execute(INSERT, ("x",))
        await session.commit()


async def by_block(door: Door) -> None:
    """The end of a transaction of an autocommit session commits."""
    async with door.session(autocommit=True) as session, session.begin():
        await session.execute(INSERT, ("x",))


ENDINGS = pytest.mark.parametrize("end", [by_leaving, by_call, by_block])


@ENDINGS
@pytest.mark.parametrize("cut", [False, True], ids=["silence", "cut"])
async def test_g44_a_lost_reply_to_commit_is_neither_success_nor_failure(
    proxied: Door, proxy: FaultProxy, home: Home, end: Any, *, cut: bool
) -> None:
    """The outcome is unknown, the connection gone, the statement executed once; the next one works."""
    trap = proxy.swallow_replies_after(b"COMMIT", cut=cut)

    with pytest.raises(errors.CommitOutcomeUnknownError):
        await end(proxied)

    assert await asyncio.to_thread(trap.wait, 10)
    assert home.sql("SELECT count(*) FROM t") == "1"  # this time; the application can not know
    assert home.sql("SELECT last_value FROM t_a_seq") == "1"
    proxy.calm()
    await end(proxied)
    assert home.sql("SELECT count(*), max(a) FROM t") == "2|2"
    assert proxied.stats.closed == 1


@pytest.mark.parametrize("end", [by_leaving, by_call])
async def test_g44_a_commit_that_is_never_heard_is_not_repeated(
    proxied: Door, proxy: FaultProxy, home: Home, end: Any
) -> None:
    """The network stalls on the way there: unknown, and in truth nothing is stored, now and later."""

    async def stall_before_the_end(door: Door) -> None:
        async with door.session() as session:
            await session.execute(INSERT, ("x",))
            proxy.stall()
            if end is by_call:
                await session.commit()

    with pytest.raises(errors.CommitOutcomeUnknownError):
        await stall_before_the_end(proxied)

    proxy.cut()
    proxy.calm()
    assert await proxied.value("SELECT count(*) FROM t") in {0, 1}
    assert home.sql("SELECT last_value FROM t_a_seq") == "1"


@ENDINGS
async def test_a_deferred_violation_is_an_error_of_the_commit(door: Door, home: Home, end: Any) -> None:
    """Typed, with the constraint's name; nothing is stored, and the connection serves on."""
    home.sql("CREATE TABLE t (a serial, b text CONSTRAINT once UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    await end(door)

    for _ in range(2):
        with pytest.raises(errors.UniqueViolationError) as caught:
            await end(door)

        assert (caught.value.constraint, caught.value.sqlstate) == ("once", "23505")
        assert await door.value("SELECT count(*) FROM t") == 1
    assert door.stats.opened == 1


async def test_g14_a_reset_that_fails_after_a_good_commit_is_nobodys_error(side: Side, home: Home) -> None:
    """The row is stored, the caller hears nothing, the connection is not lent again."""
    home.sql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN PASSWORD 'plain'; CREATE TABLE t (a int)")
    home.sql("GRANT ALL ON t TO plain")
    try:
        async with door_to(side, home.url(user="plain", password="plain")) as door:
            await door.rows("INSERT INTO t VALUES (1) RETURNING a")
            home.sql("REVOKE EXECUTE ON FUNCTION pg_advisory_unlock_all() FROM PUBLIC")

            await door.rows("INSERT INTO t VALUES (2) RETURNING a")

            assert (door.stats.unclean, door.stats.idle, door.stats.in_use) == (1, 0, 0)
    finally:
        home.sql("GRANT EXECUTE ON FUNCTION pg_advisory_unlock_all() TO PUBLIC; DROP OWNED BY plain")
    assert home.sql("SELECT count(*) FROM t") == "2"


async def test_a_commit_that_takes_its_time_succeeds(door: Door, home: Home) -> None:
    """Longer than a clean-up may: COMMIT has a time of its own."""
    home.sql(SLOW)
    begun = time.monotonic()

    async with door.session() as session:
        await session.execute("INSERT INTO t VALUES (30)")

    assert time.monotonic() - begun >= 3
    assert home.sql("SELECT count(*) FROM t") == "1"
    assert door.stats.closed == 0


async def test_g44_a_server_that_ends_the_connection_within_commit(door: Door, home: Home) -> None:
    """It said nothing of the COMMIT, so nothing is claimed of it."""
    home.sql("CREATE TABLE t (a int)")
    home.sql(
        SLOW.partition(";")[2].replace("pg_sleep(NEW.a / 10.0)", "pg_terminate_backend(pg_backend_pid())")
    )

    with pytest.raises(errors.TransactionError):
        async with door.session() as session:
            await session.execute("INSERT INTO t VALUES (1)")

    assert await door.value("SELECT count(*) FROM t") == 0


@pytest.mark.parametrize(("tenths", "word"), [(5, "committed"), (40, "possibly committed")])
async def test_a_cancellation_during_commit_names_the_outcome(
    async_door: Door, home: Home, tenths: int, word: str
) -> None:
    """After at most a second, in a note of the CancelledError."""
    home.sql(SLOW)
    door = async_door
    caught: list[BaseException] = []

    async def work() -> None:
        try:
            async with door.session() as session:
                await session.execute("INSERT INTO t VALUES (?)", (tenths,))
        except asyncio.CancelledError as exc:
            caught.append(exc)
            raise

    task = asyncio.create_task(work())
    while home.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COMMIT%'") == "0":  # noqa: ASYNC110 - psql is asked
        await asyncio.sleep(0.01)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert time.monotonic() - begun < 2.5
    assert any(f"the transaction was {word}" in note for note in caught[0].__notes__)
    assert home.sql("SELECT count(*) FROM t") == ("1" if word == "committed" else "0")
    assert await door.value("SELECT 1") == 1


@pytest.mark.parametrize("end", ["leave", "commit", "statement"])
async def test_g42_a_clean_exit_never_hides_a_rollback(door: Door, home: Home, end: str) -> None:
    """The application swallowed the error; PostgreSQL would answer its COMMIT with ROLLBACK."""
    home.sql("CREATE TABLE t (a int)")

    with pytest.raises(errors.TransactionAbortedError) as caught:
        async with door.session() as session:
            await session.execute("INSERT INTO t VALUES (1)")
            with pytest.raises(errors.StatementError):
                await session.execute("SELECT nothing")
            if end == "commit":
                await session.commit()
            elif end == "statement":
                await session.execute("SELECT 1")

    assert isinstance(caught.value.__cause__, errors.StatementError)
    assert home.sql("SELECT count(*) FROM t") == "0"
    assert await door.value("SELECT 1") == 1
    assert door.stats.opened == 1


async def test_g42_an_error_that_only_the_drivers_connection_met_is_not_hidden(
    door: Door, home: Home
) -> None:
    """The session did not see it; the server's state, or its answer to COMMIT, says it."""
    home.sql("CREATE TABLE t (a int)")

    with pytest.raises(errors.TransactionAbortedError):
        async with door.session() as session:
            await session.execute("INSERT INTO t VALUES (1)")
            raw = await session.connection()
            with pytest.raises(Exception, match="nothing"):
                await settled(raw.execute("SELECT nothing"))

    assert home.sql("SELECT count(*) FROM t") == "0"


async def test_g11_a_savepoint_saves_the_rest(door: Door, home: Home) -> None:
    """An error in a block costs the block alone."""
    home.sql("CREATE TABLE t (a int UNIQUE)")

    async with door.session() as session:
        await session.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(errors.UniqueViolationError):
            async with session.begin():
                await session.execute("INSERT INTO t VALUES (2)")
                await session.execute("INSERT INTO t VALUES (1)")
        await session.execute("INSERT INTO t VALUES (3)")

    assert home.sql("SELECT string_agg(a::text, ',' ORDER BY a) FROM t") == "1,3"


async def test_g11_nobody_sees_what_was_not_committed(door: Door, home: Home) -> None:
    """Neither while it is done nor after it failed."""
    home.sql("CREATE TABLE t (a int)")

    with pytest.raises(ZeroDivisionError):
        async with door.session() as session:
            await session.execute("INSERT INTO t VALUES (1)")
            assert home.sql("SELECT count(*) FROM t") == "0"
            raise ZeroDivisionError

    assert await door.value("SELECT count(*) FROM t") == 0
    assert door.stats.opened == 1
