"""What one borrower leaves behind, the next one does not meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.errors import StatementError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

# What is done, what is asked, and what is answered to one who did nothing.
STATES: list[tuple[str, str, Any]] = [
    ("SET @mine = 5", "SELECT @mine", None),
    ("SET SESSION wait_timeout = 77", "SELECT @@wait_timeout = 77", 0),
    ("SET sql_mode = 'ANSI'", "SELECT @@sql_mode LIKE '%ANSI%'", 0),
    ("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT @@tx_isolation", "REPEATABLE-READ"),
    ("SET SESSION TRANSACTION READ ONLY", "SELECT @@tx_read_only", 0),
    ("SET time_zone = '+05:00'", "SELECT @@time_zone", "SYSTEM"),
    ("SELECT get_lock('mine', 0)", "SELECT is_free_lock('mine')", 1),
    ("CREATE TEMPORARY TABLE mine (id INTEGER)", "SELECT count(*) FROM mine", StatementError),
    ("PREPARE mine FROM 'SELECT 5'", "EXECUTE mine", Exception),
    ("USE information_schema", "SELECT database() LIKE 'test%'", 1),
    ("SET SESSION max_statement_time = 3", "SELECT @@max_statement_time = 3", 0),
    ("SET SESSION foreign_key_checks = 0", "SELECT @@foreign_key_checks", 1),
]


async def judge(spec: SQLSpec, question: str, expected: Any) -> None:
    """Ask as the next borrower."""
    async with spec.provide_session() as session:
        if isinstance(expected, type):
            with pytest.raises(expected):
                await session.execute(question)
        else:
            assert await session.execute(question).scalar() == expected


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize(("done", "question", "expected"), STATES, ids=[done for done, _, _ in STATES])
async def test_g12_a_sessions_state_ends_with_it(
    spec: SQLSpec,
    done: str,
    question: str,
    expected: Any,
    autocommit: bool,
) -> None:
    """And the connection serves on: it is reset, not replaced."""
    async with spec.provide_session(autocommit=autocommit) as session:
        await session.execute(done)

    await judge(spec, question, expected)
    assert spec.stats("main").opened == 1


@pytest.mark.parametrize(("done", "question", "expected"), STATES, ids=[done for done, _, _ in STATES])
async def test_g12_so_does_what_was_done_to_the_drivers_object(
    spec: SQLSpec, done: str, question: str, expected: Any
) -> None:
    """Where core sees nothing."""
    async with spec.provide_connection("main") as raw, raw.cursor() as cursor:
        await cursor.execute(done)
        await cursor.fetchall()

    await judge(spec, question, expected)
    assert spec.stats("main").opened == 1


async def test_g12_the_charset_that_was_set_on_the_drivers_object(spec: SQLSpec) -> None:
    """The server returns to the one that was said when connecting."""
    async with spec.provide_connection("main") as raw:
        await raw.query("SET NAMES latin1")

    await judge(spec, "SELECT @@character_set_client", "utf8mb4")


async def test_g11_work_on_the_drivers_object_that_was_not_committed(spec: SQLSpec) -> None:
    """Begun by hand, and left open; or with autocommit switched off."""
    for begin in ("START TRANSACTION", "SET autocommit = 0"):
        async with spec.provide_connection("main") as raw:
            await raw.query(begin)
            await raw.query("INSERT INTO item VALUES (1, NULL)")

        await judge(spec, "SELECT count(*) FROM item", 0)
        await judge(spec, "SELECT @@autocommit", 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: setattr(raw, "_query_callback", print),
        lambda raw: setattr(raw, "autocommit_mode", False),
        lambda raw: raw._decoders.clear(),
        lambda raw: setattr(raw, "_stmt_cache_size", 5),
    ],
    ids=["callback", "autocommit", "decoders", "cache"],
)
async def test_g13_a_driver_object_that_was_changed_is_not_lent_again(spec: SQLSpec, change: Any) -> None:
    """What it does with the next borrower's values is not known."""
    async with spec.provide_connection("main") as raw:
        change(raw)

    async with spec.provide_connection("main") as another:
        assert another is not raw


async def test_g13_what_was_left_unread_on_the_drivers_object(spec: SQLSpec) -> None:
    """It is read, or the next borrower would."""
    from asyncmy.cursors import SSCursor

    async with spec.provide_connection("main") as raw:
        cursor = raw.cursor(SSCursor)
        await cursor.execute("SELECT seq FROM seq_1_to_5000")
        await cursor.fetchone()

    await judge(spec, "SELECT 7", 7)


async def test_a_connection_without_a_database_stays_without_one(
    spec: SQLSpec, config: AsyncMyConfig
) -> None:
    """There is no way back from USE: such a connection is replaced."""
    bare = AsyncMyConfig(
        host=config.host, port=config.port, username=config.username, password=config.password, pool_size=1
    )
    spec.register_config(bare, "server")

    for _ in range(2):
        async with spec.provide_session("server") as session:
            assert await session.execute("SELECT database()").scalar() is None
            await session.execute("USE mysql")
    async with spec.provide_connection("server") as raw:
        await raw.query("SELECT 1")
    async with spec.provide_session("server") as session:
        await session.execute("SELECT 1")

    assert spec.stats("server").opened == 3


async def test_reset_rollback_keeps_state_and_undoes_work(spec: SQLSpec, config: AsyncMyConfig) -> None:
    """What the application chose: no round trip for what it does not change."""
    spec.register_config(config.replace(reset="rollback"), "main", override=True)

    with pytest.raises(ZeroDivisionError):
        async with spec.provide_session("main") as session:
            await session.execute("SET @mine = 5")
            await session.execute("INSERT INTO item VALUES (1, NULL)")
            raise ZeroDivisionError

    await judge(spec, "SELECT @mine", 5)
    await judge(spec, "SELECT count(*) FROM item", 0)


async def test_options_of_the_config_survive_the_reset(spec: SQLSpec, config: AsyncMyConfig) -> None:
    """They are sent again behind it."""
    options = config.replace(time_zone="+03:00", sql_mode="PIPES_AS_CONCAT", collation="utf8mb4_bin")
    spec.register_config(options, "main", override=True)

    for _ in range(3):
        async with spec.provide_session() as session:
            found = await session.execute(
                "SELECT @@time_zone, 'a' || 'b', 'a' = 'A', @@collation_connection", schema_type=tuple
            ).one()
            await session.execute("SET time_zone = '+00:00', sql_mode = ''")
        assert found == ("+03:00", "ab", 0, "utf8mb4_bin")


async def test_g14_a_reset_that_fails_is_no_error_of_the_session(spec: SQLSpec) -> None:
    """The work is committed; the connection is gone."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1, NULL)")
        thread = (await session.connection()).thread_id()
        await session.commit()
        async with spec.get_config("main").provide_session(autocommit=True) as other:  # beside the pool
            await other.execute("KILL ?", (thread,))

    await judge(spec, "SELECT count(*) FROM item", 1)
