"""A server that takes no writes any more is left at once; one that never took any is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.errors import ReadOnlyError
from sqlspec_testkit.servers import MariaDBServer, PostgreSQLServer

from .sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Demote = Callable[[bool], None]

NETWORK = [side for side in SIDES if side.database.name in {"psycopg", "asyncpg", "asyncmy"}]
WRITE = "INSERT INTO item VALUES (1)"


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQLServer]:
    """A private one, which is demoted."""
    with PostgreSQLServer() as server:
        server.sql("CREATE TABLE item (id int)")
        yield server


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDBServer]:
    """A private one, and a user who may not write on a read-only server."""
    with MariaDBServer() as server:
        server.sql("CREATE DATABASE app; CREATE TABLE app.item (id int)")
        server.sql("CREATE USER app@'%' IDENTIFIED BY 'pw'; GRANT ALL ON app.* TO app@'%'")
        yield server


@pytest.fixture(params=NETWORK, ids=[side.name for side in NETWORK])
def side(request: pytest.FixtureRequest) -> Any:
    """Those whose servers can be demoted."""
    return request.param


@pytest.fixture
def server(side: Side, request: pytest.FixtureRequest) -> Iterator[tuple[Any, Demote]]:
    """A config for the side's server, and what demotes it or promotes it again."""
    found: Any = request.getfixturevalue("mariadb" if side.database.name == "asyncmy" else "postgresql")
    options = {"pool_size": 3, "pool_pre_ping": False}
    if side.database.name == "asyncmy":
        config: Any = AsyncMyConfig(url=f"mysql://app:pw@127.0.0.1:{found.port}/app", **options)  # type: ignore[arg-type]
    else:
        kind = AsyncpgConfig if side.database.name == "asyncpg" else PostgreSQLConfig
        config = kind(url=found.url(database="postgres"), **options)  # type: ignore[arg-type]

    def demote(is_reader: bool) -> None:
        if side.database.name == "asyncmy":
            found.sql(f"SET GLOBAL read_only = {int(is_reader)}")
        else:
            found.sql(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if is_reader else 'off'}")
            found.sql("SELECT pg_reload_conf(), pg_sleep(0.3)")

    demote(False)
    yield config, demote
    demote(False)


async def backend(side: Side, spec: SQLSpec, **options: Any) -> int:
    """Which connection a session gets."""
    name = "connection_id()" if side.database.name == "asyncmy" else "pg_backend_pid()"
    async with side.session(spec, **options) as session:
        return int((await session.execute(f"SELECT {name}")).scalar())


async def refused(side: Side, spec: SQLSpec, *, autocommit: bool) -> None:
    """A write that the server takes no more; the application may catch the error within its session."""
    async with side.session(spec, autocommit=autocommit) as session:
        with pytest.raises(ReadOnlyError):
            await session.execute(WRITE)
        if not autocommit:
            await session.rollback()


async def closed(side: Side, spec: SQLSpec) -> None:
    """The end."""
    if side.in_tasks:
        await spec.aclose()
    else:
        spec.close()


@pytest.mark.parametrize("autocommit", [False, True])
async def test_a_server_that_was_demoted_is_left(
    side: Side, server: tuple[Any, Demote], *, autocommit: bool
) -> None:
    """By the connection that was refused, and by its siblings, which have met nothing yet."""
    config, demote = server
    spec = SQLSpec()
    spec.register_config(config, "db")
    async with side.session(spec) as one, side.session(spec) as other:
        await one.execute(WRITE)
        await other.execute(WRITE)
    assert spec.stats("db").idle == 2

    demote(True)
    await refused(side, spec, autocommit=autocommit)
    before = spec.stats("db")
    await backend(side, spec, read_only=True)
    after = spec.stats("db")

    assert (before.unclean, before.idle) == (1, 1)
    assert (after.opened, after.aged) == (before.opened + 1, 1)
    await closed(side, spec)


async def test_who_wanted_to_read_only_condemns_nothing(side: Side, server: tuple[Any, Demote]) -> None:
    """It is the session that takes no writes, whatever the server does."""
    config, demote = server
    spec = SQLSpec()
    spec.register_config(config, "db")
    first = await backend(side, spec)
    demote(True)

    async with side.session(spec, read_only=True) as session:
        with pytest.raises(ReadOnlyError):
            await session.execute(WRITE)
        await session.rollback()

    assert await backend(side, spec, read_only=True) == first
    await closed(side, spec)


async def test_a_refusal_by_a_server_that_takes_writes_condemns_nothing(
    side: Side, server: tuple[Any, Demote]
) -> None:
    """The probe says otherwise: the application itself had made its transaction read-only."""
    config, _ = server
    spec = SQLSpec()
    spec.register_config(config, "db")
    first = await backend(side, spec)

    async with side.session(spec, autocommit=True) as session:
        is_mysql = side.database.name == "asyncmy"
        reading = (
            "SET SESSION TRANSACTION READ ONLY" if is_mysql else "SET default_transaction_read_only = on"
        )
        await session.execute(reading)
        with pytest.raises(ReadOnlyError):
            await session.execute(WRITE)

    assert await backend(side, spec) == first
    await closed(side, spec)


async def test_a_reader_for_good_is_not_left(side: Side, server: tuple[Any, Demote]) -> None:
    """It said so when it was connected to: another connection would lead to the same server."""
    config, demote = server
    demote(True)
    spec = SQLSpec()
    spec.register_config(config, "db")
    first = await backend(side, spec, read_only=True)

    await refused(side, spec, autocommit=False)

    assert await backend(side, spec, read_only=True) == first
    await closed(side, spec)


async def test_a_server_that_was_demoted_before_a_commit_is_left(
    side: Side, server: tuple[Any, Demote]
) -> None:
    """MySQL and MariaDB refuse the COMMIT itself, and nothing is stored."""
    if side.database.name != "asyncmy":
        pytest.skip("PostgreSQL commits what was begun before")
    config, demote = server
    spec = SQLSpec()
    spec.register_config(config, "db")

    with pytest.raises(ReadOnlyError):
        async with side.session(spec) as other, side.session(spec) as session:
            await other.execute("SELECT 1")
            await session.execute(WRITE)
            demote(True)

    assert spec.stats("db").unclean == 1
    await backend(side, spec, read_only=True)
    assert spec.stats("db").aged == 1
    await closed(side, spec)
