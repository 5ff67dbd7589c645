"""What is Litestar's own: layers of handlers, middleware, hooks, dependencies side by side, WebSockets."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import pytest
from litestar import Litestar, Request, Response, WebSocket, post, websocket
from litestar.config.compression import CompressionConfig
from litestar.exceptions import HTTPException, WebSocketDisconnect
from litestar.middleware import DefineMiddleware
from litestar.response import Stream
from litestar.testing import TestClient

from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import (
    ForeignKeyViolationError,
    IntegrityError,
    InvalidArgumentError,
    SyncNotSupportedError,
    UniqueViolationError,
)
from sqlspec.integrations.litestar import SQLSpecPlugin, connection, exception_handlers, session
from tests.integrations.shops import NOBODY, PLACE, TABLES, client_of, open_shop, orders

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
    from pathlib import Path

    import httpx2

Lent: TypeAlias = Annotated[AsyncSession, "lent"]


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[SQLSpec]:
    """A shop, all of whose connections are idle in the end."""
    with SQLSpec() as spec:
        open_shop(spec, tmp_path, pool_size=2, pool_timeout=0.1)
        yield spec
        assert {stats.in_use for stats in spec.stats().values()} == {0}


def app_of(spec: SQLSpec, *handlers: Any, statuses: Any = None, **options: Any) -> Litestar:
    """With `database` as the session of the shop."""
    plugin = SQLSpecPlugin(spec, {"database": "shop"}, statuses=statuses)
    return Litestar(handlers, plugins=[plugin], logging_config=None, **options)


def placing(customer: int | None = None, end: Callable[[], Any] = str, **options: Any) -> Any:
    """`POST /` writes order 7, and ends."""

    @post("/", **options)
    async def place(database: Lent) -> Any:
        await database.execute(PLACE, (7, customer))
        return end()

    return place


async def ask(app: Any, path: str = "/", **headers: str) -> httpx2.Response:
    """One POST."""
    async with client_of(app) as client:
        return await client.post(path, headers=headers)


def named(app: Any) -> Any:
    """Middleware of the application's own, which names the server."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        async def send_named(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-served-by", b"shop")]
            await send(message)

        await app(scope, receive, send_named)

    return call


async def test_success_is_stored_before_the_response_begins(spec: SQLSpec) -> None:
    """Somebody else who looks at the database when the first byte comes sees it."""
    app = app_of(spec, placing())
    seen: list[Any] = []
    config: Any = spec.get_config("shop")

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def look(message: Any) -> None:
            if message["type"] == "http.response.start":
                with closing(sqlite3.connect(config.database)) as raw:
                    seen.extend(raw.execute("SELECT number FROM orders").fetchall())
            await send(message)

        await app(scope, receive, look)

    assert (await ask(watched)).status_code == 201
    assert seen == [(7,)]


@pytest.mark.parametrize("layer", ["application", "route"])
async def test_a_handler_of_the_applications_own_answers_a_commit_that_fails(
    spec: SQLSpec, layer: str
) -> None:
    """On whichever layer it stands, as for what a statement raises."""

    def answer(_: Request[Any, Any, Any], error: ForeignKeyViolationError) -> Response[str]:
        return Response(type(error).__name__, status_code=418)

    own: Any = {"exception_handlers": {ForeignKeyViolationError: answer}}
    on_route, on_application = (own, {}) if layer == "route" else ({}, own)

    response = await ask(app_of(spec, placing(NOBODY, **on_route), **on_application))

    assert (response.status_code, response.text) == (418, "ForeignKeyViolationError")
    assert orders(spec) == []


@pytest.mark.parametrize("customer", [None, NOBODY])
async def test_other_middleware_sees_the_answer_to_a_commit_that_fails(
    spec: SQLSpec, customer: int | None
) -> None:
    """It is one whole response, compressed or not, and with the headers of all others."""
    app = app_of(
        spec,
        placing(customer, lambda: "x" * 2000),
        compression_config=CompressionConfig("gzip", minimum_size=100),
        middleware=[DefineMiddleware(named)],
    )

    response = await ask(app, **{"accept-encoding": "gzip"})

    assert response.status_code == (409 if customer else 201)
    assert response.headers["x-served-by"] == "shop"
    assert response.json()["status"] == 409 if customer else response.text == "x" * 2000
    assert orders(spec) == ([] if customer else [7])


async def test_a_hook_that_changes_the_status_decides(spec: SQLSpec) -> None:
    """`after_request` runs before the session ends."""

    async def refuse(_: Response[Any]) -> Response[Any]:
        return Response("no", status_code=409)

    assert (await ask(app_of(spec, placing(after_request=refuse)))).status_code == 409
    assert orders(spec) == []


async def test_the_table_can_be_changed_and_left_to_litestar(spec: SQLSpec) -> None:
    """By the plugin for all, by `exception_handlers` for a layer."""
    with spec.provide_session("shop") as database:
        database.execute(PLACE, (7, None))

    assert (await ask(app_of(spec, placing(), statuses={UniqueViolationError: 422}))).status_code == 422
    unknown = await ask(app_of(spec, placing(), statuses={UniqueViolationError: None, IntegrityError: None}))
    assert (unknown.status_code, unknown.json()["detail"]) == (500, "Internal Server Error")
    layered = placing(exception_handlers=exception_handlers({UniqueViolationError: 410}))
    assert (await ask(app_of(spec, layered))).status_code == 410


async def test_commit_on_says_which_statuses_are_stored(spec: SQLSpec) -> None:
    """One switch, for those that keep a record of what they refuse."""

    def refuse() -> Any:
        raise HTTPException(status_code=403)

    audited = {"database": session(spec, "shop", commit_on={403})}

    assert (await ask(app_of(spec, placing(end=refuse, dependencies=audited)))).status_code == 403
    assert orders(spec) == [7]
    assert (await ask(app_of(spec, placing(dependencies=audited)))).status_code == 409
    assert orders(spec) == [7]


async def test_one_key_is_one_session_and_two_databases_are_two(spec: SQLSpec) -> None:
    """Under whichever names they are asked for."""
    spec.register_config(SQLiteConfig(), "other")
    lent = {name: session(spec, "shop") for name in ("one", "same")} | {"other": session(spec, "other")}

    @post("/", dependencies=lent)
    async def write(one: Lent, same: Lent, other: Lent, database: Lent) -> bool:
        await other.execute("SELECT 1")
        return one is same and same is database and other is not one

    assert (await ask(app_of(spec, write))).text == "true"


async def test_what_was_lent_last_ends_first(spec: SQLSpec, tmp_path: Path) -> None:
    """If its COMMIT fails, the others are undone; if theirs fails, it is stored. Each ends once."""
    files = {name: SQLiteConfig(database=str(tmp_path / name)) for name in ("one", "other")}
    for name, config in files.items():
        spec.register_config(config, name)
        with spec.provide_session(name) as database:
            database.execute_script(TABLES)

    @post("/{failing:str}", dependencies={name: session(spec, name) for name in files})
    async def write(request: Request[Any, Any, Any], one: Lent, other: Lent) -> None:
        for name, database in {"one": one, "other": other}.items():
            failing = name == request.path_params["failing"]
            await database.execute(PLACE, (7, NOBODY if failing else None))

    stored: list[int] = []
    for failing in files:
        assert (await ask(app_of(spec, write), f"/{failing}")).status_code == 409
        for name in files:
            async with spec.provide_session(name) as found:
                stored += (await found.execute("DELETE FROM orders RETURNING number")).scalars()

    assert stored == [7]


async def test_a_session_that_waits_in_vain_gives_the_others_back(spec: SQLSpec) -> None:
    """Litestar asks for all dependencies at the same time."""
    spec.register_config(SQLiteConfig(pool_size=1, pool_timeout=0.05), "busy")

    @post("/", dependencies={"busy": session(spec, "busy")})
    async def write(busy: Lent, database: Lent) -> None:
        """Never gets there."""

    async with spec.provide_session("busy"):
        response = await ask(app_of(spec, write))

    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert spec.stats("shop").in_use == 0


async def test_a_connection_is_the_drivers_own(spec: SQLSpec) -> None:
    """In autocommit mode."""
    lent = connection(spec, "shop", kind=sqlite3.Connection)

    @post("/", dependencies={"raw": lent}, sync_to_thread=True)
    def write(raw: Annotated[sqlite3.Connection, "lent"]) -> None:
        raw.execute(PLACE, (7, None))

    assert (await ask(app_of(spec, write))).status_code == 201
    assert orders(spec) == [7]


async def test_a_client_that_goes_away_leaves_nothing_behind(spec: SQLSpec) -> None:
    """The server cancels the request."""
    begun = asyncio.Event()

    @post("/")
    async def place(database: Lent) -> None:
        await database.execute(PLACE, (7, None))
        begun.set()
        await asyncio.Event().wait()

    request = asyncio.create_task(ask(app_of(spec, place)))
    await begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request

    assert spec.stats("shop").in_use == 0
    assert orders(spec) == []


async def test_a_stream_begins_when_the_session_has_ended(spec: SQLSpec) -> None:
    """It opens one of its own, which sees what was stored."""

    async def lines() -> AsyncIterator[str]:
        async with spec.provide_session("shop") as database:
            async for row in database.stream("SELECT number FROM orders"):
                yield f"{row['number']}\n"

    assert (await ask(app_of(spec, placing(end=lambda: Stream(lines()))))).text == "7\n"


@pytest.mark.parametrize("word", ["good", "bad"])
def test_a_websocket_is_stored_when_its_handler_returns(spec: SQLSpec, word: str) -> None:
    """And undone when it raises."""

    @websocket("/")
    async def listen(socket: WebSocket[Any, Any, Any], database: Lent) -> None:
        await socket.accept()
        await database.execute(PLACE, (7, None))
        if await socket.receive_text() == "bad":
            raise ValueError
        await socket.send_text("done")
        await socket.close()

    with TestClient(app_of(spec, listen)) as client, client.websocket_connect("/") as socket:
        socket.send_text(word)
        if word == "good":
            assert socket.receive_text() == "done"
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()

    spec.open()
    assert orders(spec) == [7] * (word == "good")


async def test_the_registry_is_open_around_the_applications_own_lifespan(tmp_path: Path) -> None:
    """And closed in the end, as often as the application starts."""
    spec, seen = SQLSpec(), list[Any]()
    open_shop(spec, tmp_path, pool_min_size=1)

    @asynccontextmanager
    async def own(_: Litestar) -> AsyncGenerator[None]:
        async with spec.provide_session("shop") as database:
            seen.append(await database.execute("SELECT 1").scalar())
        yield

    app = app_of(spec, lifespan=[own])
    for starts in (1, 2):
        with TestClient(app):
            assert seen == [1] * starts
            assert spec.stats("shop").size >= 1

        assert spec.stats("shop").size == 0


async def test_a_session_without_the_plugin_says_what_to_write(spec: SQLSpec) -> None:
    """Nobody would end it."""
    seen: list[Exception] = []
    app = Litestar(
        [placing()],
        dependencies={"database": session(spec, "shop")},
        after_exception=[lambda error, _: seen.append(error)],
        logging_config=None,
    )

    assert (await ask(app)).status_code == 500
    assert isinstance(seen[0], InvalidArgumentError)
    assert "SQLSpecPlugin(spec)" in str(seen[0])


def test_what_can_not_be_lent_is_refused_at_once(spec: SQLSpec) -> None:
    """When the application is made, not with the first request."""
    with pytest.raises(SyncNotSupportedError):
        session(spec, AsyncMyConfig, kind=Session)
    with pytest.raises(InvalidArgumentError):
        session(spec, "shop", kind=object)
