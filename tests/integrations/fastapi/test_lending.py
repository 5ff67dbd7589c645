"""What an endpoint gets: by which key, of which kind, shared with whom, and who waits where."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import httpx2
import pytest
from fastapi import Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.testclient import TestClient as StarletteClient

from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import SyncNotSupportedError
from sqlspec.integrations.fastapi import connection, lifespan, session
from sqlspec.plugin import hookimpl
from tests.integrations.shops import PLACE, client_of, open_shop, orders

AT_ONCE = 200


@pytest.mark.parametrize("of", ["name", "config", "type", "nothing"])
async def test_a_key_is_a_name_a_config_a_type_or_nothing(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient, of: str
) -> None:
    """As of `provide_session`."""
    keys: dict[str, Any] = {
        "name": "shop",
        "config": spec.get_config("shop"),
        "type": SQLiteConfig,
        "nothing": None,
    }

    async def place(database: Annotated[AsyncSession, session(spec, keys[of])]) -> None:
        await database.execute(PLACE, (1, None))

    app.post("/")(place)

    assert (await client.post("/")).status_code == 200
    assert orders(spec) == [1]


async def test_one_request_has_one_session_of_a_database(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient
) -> None:
    """Asked for twice, in a dependency of a dependency, too; the next request has another."""
    seen: list[AsyncSession] = []

    async def audit(database: Annotated[AsyncSession, session(spec, "shop")]) -> AsyncSession:
        return database

    async def place(
        database: Annotated[AsyncSession, session(spec, "shop")],
        audited: Annotated[AsyncSession, Depends(audit)],
        other: Annotated[AsyncSession, session(spec, "shop", read_only=True)],
    ) -> None:
        assert database is audited
        assert other is not database
        seen.append(database)

    app.post("/")(place)
    for _ in range(2):
        assert (await client.post("/")).status_code == 200

    assert seen[0] is not seen[1]


async def test_what_says_the_same_is_the_same_session(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient
) -> None:
    """Written in several modules of an application, with other keys, and with statuses that are equal."""
    config = spec.get_config("shop")

    async def look(
        first: Annotated[AsyncSession, session(spec, "shop", commit_on=[200, 201])],
        second: Annotated[AsyncSession, session(spec, config, commit_on={201, 200})],
        third: Annotated[AsyncSession, session(spec, SQLiteConfig, commit_on=range(200, 202))],
        fourth: Annotated[AsyncSession, session(spec, commit_on=(200, 201))],
        other: Annotated[AsyncSession, session(spec, commit_on={200})],
    ) -> None:
        assert first is second is third is fourth
        assert other is not first
        await second.execute(PLACE, (1, None))

    app.get("/")(look)

    assert (await client.get("/")).status_code == 200
    assert orders(spec) == [1]


async def test_nothing_of_a_sync_session_happens_in_the_event_loop(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient
) -> None:
    """Its connect, its statement and its COMMIT run in threads, however long they take."""
    threads: dict[str, int] = {}

    class Observer:
        @hookimpl
        def sqlspec_connection_event(self, event: Any) -> None:
            threads[event.kind] = threading.get_ident()

        @hookimpl
        def sqlspec_statement_started(self) -> None:
            threads["statement"] = threading.get_ident()

        @hookimpl
        def sqlspec_transaction_ending(self) -> None:
            threads["commit"] = threading.get_ident()

    spec.close()  # so that one is opened
    spec.open()
    spec.plugins.register(Observer())

    def place(database: Annotated[Session, session(spec, "shop")]) -> None:
        database.execute(PLACE, (1, None))

    app.post("/")(place)

    assert (await client.post("/")).status_code == 200
    assert {"opened", "statement", "commit"} <= threads.keys()
    assert threading.get_ident() not in threads.values()


async def test_the_options_are_those_of_the_session(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient
) -> None:
    """A reader that writes is refused."""

    async def place(database: Annotated[AsyncSession, session(spec, "shop", read_only=True)]) -> None:
        await database.execute(PLACE, (1, None))

    app.post("/")(place)

    assert (await client.post("/")).status_code == 500
    assert orders(spec) == []


async def test_the_drivers_own_connection_is_lent(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient
) -> None:
    """In autocommit mode."""

    def place(raw: Annotated[sqlite3.Connection, connection(spec, "shop")]) -> None:
        raw.execute(PLACE, (1, None))

    app.post("/")(place)

    assert (await client.post("/")).status_code == 200
    assert orders(spec) == [1]


async def test_a_default_value_lends_as_an_annotation_does(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient
) -> None:
    """FastAPI's older spelling."""

    def place(database: Session = session(spec, "shop")) -> None:  # noqa: B008
        database.execute(PLACE, (1, None))

    app.post("/")(place)

    assert (await client.post("/")).status_code == 200
    assert orders(spec) == [1]


async def test_two_hundred_requests_wait_for_two_connections_and_no_thread(
    app: FastAPI, tmp_path: Path, kind: Any
) -> None:
    """All are served. Threads are for those that have a connection."""
    highest = 0
    with SQLSpec() as spec:
        open_shop(spec, tmp_path, pool_size=2)
        lent = session(spec, "shop")

        def read(database: Annotated[Session, lent]) -> None:
            nonlocal highest
            highest = max(highest, threading.active_count())
            database.execute("SELECT 1").scalar()

        async def read_async(database: Annotated[AsyncSession, lent]) -> None:
            nonlocal highest
            highest = max(highest, threading.active_count())
            await database.execute("SELECT 1").scalar()

        app.get("/")(read if kind is Session else read_async)
        before = threading.active_count()
        async with client_of(app) as client:
            answers = await asyncio.gather(*(client.get("/") for _ in range(AT_ONCE)))

        assert [answer.status_code for answer in answers] == [200] * AT_ONCE
        assert highest - before <= 8
        assert (spec.stats("shop").in_use, spec.stats("shop").timeouts) == (0, 0)


async def test_a_full_pool_is_a_503_that_says_when_to_try_again(
    app: FastAPI, tmp_path: Path, kind: Any
) -> None:
    """Nothing was stored, and soon something will be free."""
    with SQLSpec() as spec:
        open_shop(spec, tmp_path, pool_size=1, pool_timeout=0.1)
        lent = session(spec, "shop")

        def read(database: Annotated[Session, lent]) -> None: ...

        async def read_async(database: Annotated[AsyncSession, lent]) -> None: ...

        app.get("/")(read if kind is Session else read_async)
        holder: Any = spec.provide_session("shop")
        manager = holder if kind is Session else None
        if manager is not None:
            manager.__enter__()
        else:
            await holder.__aenter__()
        async with client_of(app) as client:
            answer = await client.get("/")
        if manager is not None:
            manager.__exit__(None, None, None)
        else:
            await holder.__aexit__(None, None, None)
            await spec.aclose()

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_a_request_that_is_cancelled_is_undone(app: FastAPI, spec: SQLSpec, kind: Any) -> None:
    """In its endpoint, as by a server whose client goes away."""
    lent, begun = session(spec, "shop"), asyncio.Event()

    async def place(database: Annotated[AsyncSession, lent]) -> None:
        await database.execute(PLACE, (1, None))
        begun.set()
        await asyncio.sleep(60)

    async def place_in_thread(database: Annotated[Session, lent]) -> None:
        await asyncio.to_thread(database.execute, PLACE, (1, None))
        begun.set()
        await asyncio.sleep(60)

    app.post("/")(place_in_thread if kind is Session else place)
    async with client_of(app) as client:
        asking = asyncio.ensure_future(client.post("/"))
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    assert spec.stats("shop").in_use == 0
    assert orders(spec) == []


def test_a_websocket_has_a_session_while_it_is_open(app: FastAPI, spec: SQLSpec) -> None:
    """Stored when the endpoint returns."""

    async def talk(websocket: WebSocket, database: Annotated[AsyncSession, session(spec, "shop")]) -> None:
        await websocket.accept()
        await database.execute(PLACE, (int(await websocket.receive_text()), None))
        await websocket.send_text("placed")

    app.websocket("/")(talk)

    with TestClient(app) as client, client.websocket_connect("/") as socket:
        socket.send_text("5")
        assert socket.receive_text() == "placed"

    assert orders(spec) == [5]


def test_the_lifespan_opens_and_closes_the_registry(spec: SQLSpec) -> None:
    """Each time; one of the application's own runs inside, and its state arrives."""
    seen: list[Any] = []

    @asynccontextmanager
    async def inner(_: FastAPI) -> AsyncGenerator[dict[str, str]]:
        async with spec.provide_session("shop") as database:
            seen.append(await database.execute("SELECT 1").scalar())
        yield {"colour": "green"}

    app = FastAPI(lifespan=lifespan(spec, inner))

    async def read(database: Annotated[AsyncSession, session(spec, "shop")]) -> Any:
        return await database.execute("SELECT 2").scalar()

    app.get("/")(read)
    for _ in range(2):
        with StarletteClient(app) as client:
            assert client.get("/").json() == 2
            assert client.app_state["colour"] == "green"
        assert spec.stats("shop").size == 0

    assert seen == [1, 1]
    spec.open()


def test_a_sync_session_of_a_database_for_tasks_is_refused_at_once(spec: SQLSpec) -> None:
    """Where the key says so; the driver's own types are told apart, too."""
    config = spec.register_config(AsyncMyConfig(database="shop"), "other")

    def read(database: Annotated[Session, session(spec, config)]) -> None: ...
    def write(database: Annotated[Session, session(spec, AsyncMyConfig)]) -> None: ...
    async def talk(raw: Annotated[asyncpg.Connection, connection(spec, "none yet")]) -> None: ...

    for endpoint in (read, write):
        with pytest.raises(SyncNotSupportedError, match="annotate the parameter with AsyncSession"):
            FastAPI().get("/")(endpoint)
    FastAPI().get("/")(talk)
