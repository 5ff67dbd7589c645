"""Nothing that a borrower did to a connection reaches the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .sides import ASYNCPG, door_to, settled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .sides import Door, Home, Side

PREPARED = """
DROP ROLE IF EXISTS other; CREATE ROLE other;
CREATE TABLE t (a int);
CREATE SEQUENCE numbers;
"""
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
# What leaks: what a borrower says, and what the next one asks.
LEAKS: dict[str, tuple[str, str]] = {
    "role": ("SET ROLE other", "SELECT current_user::text"),
    "session authorization": ("SET SESSION AUTHORIZATION other", "SELECT session_user::text"),
    "search path": ("SET search_path = pg_catalog", "SHOW search_path"),
    "time zone": ("SET TIME ZONE 'Asia/Tokyo'", "SHOW TimeZone"),
    "date style": ("SET DateStyle = 'German'", "SHOW DateStyle"),
    "interval style": ("SET IntervalStyle = 'iso_8601'", "SHOW IntervalStyle"),
    "bytea output": ("SET bytea_output = 'escape'", "SHOW bytea_output"),
    "float digits": ("SET extra_float_digits = 0", "SHOW extra_float_digits"),
    "statement timeout": ("SET statement_timeout = '1h'", "SHOW statement_timeout"),
    "isolation": ("SET default_transaction_isolation = 'serializable'", "SHOW transaction_isolation"),
    "read only": ("SET default_transaction_read_only = on", "SHOW default_transaction_read_only"),
    "application name": ("SET application_name = 'intruder'", "SHOW application_name"),
    "setting of an application": (
        "SELECT set_config('app.tenant', '7', false)",
        "SELECT coalesce(current_setting('app.tenant', true), '')",
    ),
    "replication role": ("SET session_replication_role = 'replica'", "SHOW session_replication_role"),
    "row security": ("SET row_security = off", "SHOW row_security"),
    "temporary table": (
        "CREATE TEMP TABLE t AS SELECT 1 AS b",
        "SELECT relpersistence::text FROM pg_class WHERE oid = 't'::regclass",
    ),
    "temporary view": ("CREATE TEMP VIEW v AS SELECT 1", "SELECT to_regclass('pg_temp.v')::text"),
    "advisory lock": ("SELECT pg_advisory_lock(42)", LOCKS),
    "channel": ("LISTEN gossip", "SELECT count(*) FROM pg_listening_channels()"),
    "prepared statement": (
        'PREPARE "le ak" AS SELECT 1',
        "SELECT count(*) FROM pg_prepared_statements WHERE from_sql",
    ),
    "cursor": ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*) FROM pg_cursors WHERE name = 'c'"),
}


@pytest.fixture
async def single(side: Side, home: Home) -> AsyncIterator[Door]:
    """One connection for all."""
    home.sql(PREPARED)
    async with door_to(side, home.url(), pool_size=1) as door:
        yield door


@pytest.mark.parametrize("how", ["commit", "autocommit", "failure", "connection"])
async def test_g12_no_state_of_the_server_leaks(single: Door, how: str) -> None:
    """However the borrower leaves: the next one finds what a new connection has, on the same connection."""
    before = {name: await single.rows(probe) for name, (_, probe) in LEAKS.items()}
    found: dict[str, Any] = {}

    for name, (dirty, probe) in LEAKS.items():
        await _soil(single, dirty, how)
        found[name] = await single.rows(probe)

    assert found == before
    assert single.stats.opened == 1


async def _soil(door: Door, dirty: str, how: str) -> None:
    if how == "connection":
        async with door.connection() as raw:
            await settled(raw.execute(dirty))
    elif how == "failure":
        with pytest.raises(ZeroDivisionError):
            async with door.session(autocommit=True) as session:
                await session.execute(dirty)
                raise ZeroDivisionError
    else:
        async with door.session(autocommit=how == "autocommit") as session:
            await session.execute(dirty)


async def test_g12_a_sequences_current_value_is_forgotten(single: Door) -> None:
    """`lastval()` of the next borrower is not the last one's."""
    await single.rows("SELECT nextval('numbers')")

    with pytest.raises(Exception, match="lastval is not yet defined"):
        await single.rows("SELECT lastval()")


async def test_g12_the_opt_out_keeps_state_and_rolls_back(side: Side, home: Home) -> None:
    """`reset="rollback"` is for those who set nothing: what they set stays, what they left open does not."""
    home.sql("CREATE TABLE t (a int)")
    async with door_to(side, home.url(), pool_size=1, reset="rollback") as door:
        await _soil(door, "SET search_path = pg_catalog, public", "autocommit")
        async with door.connection() as raw:
            await settled(raw.execute("BEGIN"))
            await settled(raw.execute("INSERT INTO t VALUES (1)"))

        assert await door.value("SHOW search_path") == "pg_catalog, public"
        assert await door.value("SELECT count(*) FROM t") == 0


async def test_g11_a_transaction_left_open_is_rolled_back(single: Door, home: Home) -> None:
    """On the driver's own connection, whatever state it was left in."""
    for last in ("SELECT 1", "SELECT 1/0"):
        async with single.connection() as raw:
            await settled(raw.execute("BEGIN"))
            await settled(raw.execute("INSERT INTO t VALUES (1)"))
            if last != "SELECT 1":
                with pytest.raises(Exception, match="division"):
                    await settled(raw.execute(last))

    assert home.sql("SELECT count(*) FROM t") == "0"
    assert await single.value("SELECT 1") == 1


async def test_a_setting_of_the_config_survives_the_reset(side: Side, home: Home) -> None:
    """A reset returns to what the config says, not to what the server would have."""
    settings = {"statement_timeout": "7s", "search_path": '"$user", shop'}
    async with door_to(
        side, home.url(), server_settings=settings, application_name="shop", pool_size=1
    ) as door:
        for _ in range(2):
            await _soil(door, "SET statement_timeout = 0", "autocommit")
            await _soil(door, "SET application_name = ''", "autocommit")
            found = [await door.value(f"SHOW {name}") for name in ("statement_timeout", "search_path")]

            assert found == ["7s", '"$user", shop']
            assert await door.value("SHOW application_name") == "shop"


# --- the driver's side --------------------------------------------------------------------------------


async def _change_asyncpg(raw: Any) -> None:
    await raw.set_type_codec("int4", schema="pg_catalog", encoder=str, decoder=lambda text: f"<{text}>")
    await raw.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=str)
    await raw.add_listener("gossip", print)
    raw.add_log_listener(print)
    raw.add_query_logger(print)


def _change_psycopg(raw: Any) -> None:
    from psycopg.rows import dict_row
    from psycopg.types.string import TextLoader

    raw.row_factory = dict_row
    raw.prepare_threshold = 0
    raw.adapters.register_loader("int4", TextLoader)
    raw.adapters.register_loader("jsonb", TextLoader)
    raw.add_notify_handler(print)
    raw.add_notice_handler(print)


async def test_g13_what_a_borrower_taught_the_driver_is_forgotten(
    single: Door, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """Codecs, loaders, row factories, listeners: restored, or the connection is not lent again."""
    async with single.connection() as raw:
        await settled((_change_asyncpg if single.side is ASYNCPG else _change_psycopg)(raw))

    assert await single.rows("SELECT 5::int4, '{\"a\": 1}'::jsonb") == [(5, {"a": 1})]
    home.sql("NOTIFY gossip, 'psst'")
    await single.run("DO $$ BEGIN RAISE NOTICE 'psst'; END $$")
    assert await single.value("SELECT 1") == 1
    assert capsys.readouterr().out == ""


async def test_g13_autocommit_is_what_core_expects(single: Door, home: Home) -> None:
    """Connections are lent in autocommit mode, and come back in it, though psycopg's can leave it."""
    if single.side is not ASYNCPG:
        async with single.connection() as raw:
            if single.side.is_sync:
                raw.autocommit = False
            else:
                await raw.set_autocommit(False)
            await settled(raw.execute("INSERT INTO t VALUES (1)"))

    async with single.connection() as raw:
        await settled(raw.execute("INSERT INTO t VALUES (2)"))
        assert home.sql("SELECT a FROM t") == "2"


async def test_prepared_statements_of_the_application_do_not_disturb(single: Door) -> None:
    """They bear names of its own; what the adapter prepared still works after the application dropped all."""
    for _ in range(7):
        assert await single.value("SELECT ?::int", (5,)) == 5
    async with single.session(autocommit=True) as session:
        await session.execute("PREPARE mine AS SELECT 1")
        await session.execute("DEALLOCATE ALL")

    for _ in range(7):
        assert await single.value("SELECT ?::int", (6,)) == 6
