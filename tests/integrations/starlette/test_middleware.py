"""A session for each request of a route, which ends before the response begins."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient

from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.errors import ForeignKeyViolationError, IntegrityError, UniqueViolationError
from sqlspec.integrations.starlette import SessionMiddleware, exception_handlers, lifespan
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin
from tests.integrations.shops import NOBODY, PLACE, client_of, open_shop, orders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[SQLSpec]:
    """A shop, all of whose connections are idle in the end."""
    with SQLSpec() as spec:
        open_shop(spec, tmp_path)
        yield spec
        assert spec.stats("shop").in_use == 0


@pytest.fixture(params=[AsyncSession, Session])
def kind(request: pytest.FixtureRequest) -> Any:
    """The class of the sessions."""
    return request.param


def _numbers(request: Request) -> tuple[int, int | None]:
    customer = request.query_params.get("customer")
    return request.path_params["number"], None if customer is None else int(customer)


def _end(request: Request) -> Response:
    status = int(request.query_params.get("status", "200"))
    if "raised" in request.query_params:
        raise HTTPException(status)
    if "crash" in request.query_params:
        raise ZeroDivisionError
    return JSONResponse({}, status)


def place(request: Request) -> Response:
    """In a thread."""
    request.state.session.execute(PLACE, _numbers(request))
    return _end(request)


async def place_async(request: Request) -> Response:
    """In the loop."""
    await request.state.session.execute(PLACE, _numbers(request))
    return _end(request)


def site(spec: SQLSpec, kind: Any, **options: Any) -> Starlette:
    """`POST /orders/7` writes, and then does what the query says."""
    endpoint = place if kind is Session else place_async
    lent = Middleware(SessionMiddleware, spec=spec, key="shop", kind=kind, **options)
    return Starlette(
        routes=[Route("/orders/{number:int}", endpoint, methods=["POST"], middleware=[lent])],
        exception_handlers=exception_handlers(),
    )


@pytest.mark.parametrize(
    ("query", "status", "stored"),
    [
        ("", 200, [7]),
        ("status=201", 201, [7]),
        ("status=409", 409, []),
        ("status=404&raised", 404, []),
        ("status=303&raised", 303, [7]),
        ("crash", 500, []),
        (f"customer={NOBODY}", 409, []),
    ],
)
async def test_the_status_says_what_is_stored(
    spec: SQLSpec, kind: Any, query: str, status: int, stored: list[int]
) -> None:
    """Returned or raised; a COMMIT that fails makes a response of its own."""
    async with client_of(site(spec, kind)) as client:
        response = await client.post(f"/orders/7?{query}")

    assert response.status_code == status
    assert orders(spec) == stored


async def test_commit_on_and_statuses_are_the_applications(spec: SQLSpec, kind: Any) -> None:
    """Which statuses are stored, and which status an error of COMMIT gets."""
    app = site(spec, kind, commit_on={409}, statuses={UniqueViolationError: 418})

    async with client_of(app) as client:
        assert (await client.post("/orders/7?status=409")).status_code == 409
        assert (await client.post("/orders/8?status=200")).status_code == 200

    assert orders(spec) == [7]


@pytest.mark.parametrize("of", ["the route", "the application"])
async def test_the_applications_handlers_answer_a_commit_that_fails(spec: SQLSpec, of: str) -> None:
    """One for its error, or one for a class above it, in a thread or a task; statuses given here go first."""

    def own(_: Request, error: Exception) -> Response:
        return PlainTextResponse(type(error).__name__, 418)

    async def own_async(_: Request, __: Exception) -> Response:
        return PlainTextResponse("above", 419)

    async def code_after(handlers: Any, **options: Any) -> tuple[int, str]:
        lent = [Middleware(SessionMiddleware, spec=spec, key="shop", **options)]
        route = Route("/orders/{number:int}", place_async, methods=["POST"])
        if of == "the route":
            route = Route("/orders/{number:int}", place_async, methods=["POST"], middleware=lent)
        app = Starlette(
            routes=[route],
            middleware=[] if of == "the route" else lent,
            exception_handlers=handlers,
        )
        async with client_of(app) as client:
            response = await client.post(f"/orders/9?customer={NOBODY}")
        return response.status_code, response.text

    handlers = {ForeignKeyViolationError: own, IntegrityError: own_async}
    assert await code_after(handlers) == (418, "ForeignKeyViolationError")
    assert await code_after({IntegrityError: own_async}) == (419, "above")
    assert (await code_after(exception_handlers({ForeignKeyViolationError: 400})))[0] == 400
    assert (await code_after(exception_handlers({ForeignKeyViolationError: None})))[0] == 500
    assert (await code_after(handlers, statuses={IntegrityError: 422}))[0] == 409
    assert (await code_after(handlers, statuses={ForeignKeyViolationError: 422}))[0] == 422
    assert (await code_after({Exception: own}))[0] == 409
    assert orders(spec) == []


async def test_it_serves_an_application_as_a_whole(spec: SQLSpec) -> None:
    """Around the handlers of exceptions, whose responses it sees."""
    app = Starlette(
        routes=[Route("/orders/{number:int}", place_async, methods=["POST"])],
        middleware=[Middleware(SessionMiddleware, spec=spec, key="shop")],
    )

    async with client_of(app) as client:
        assert (await client.post("/orders/7?status=422&raised")).status_code == 422
        assert (await client.post("/orders/8")).status_code == 200
        assert (await client.post(f"/orders/9?customer={NOBODY}")).status_code == 409

    assert orders(spec) == [8]


async def test_an_unknown_outcome_has_a_status_of_its_own(kind: Any) -> None:
    """COMMIT reached the server, and its answer never came."""
    script = Script()
    script.next("commit").lose_reply()

    def write(request: Request) -> Response:
        request.state.session.execute("INSERT 1")
        return PlainTextResponse("stored")

    async def write_async(request: Request) -> Response:
        await request.state.session.execute("INSERT 1")
        return PlainTextResponse("stored")

    with SQLSpec() as spec:
        spec.plugins.register(ScriptedPlugin(script))
        spec.register_config(ScriptedConfig(commit_timeout=0.2), "shop")
        lent = Middleware(SessionMiddleware, spec=spec, kind=kind)
        app = Starlette(routes=[Route("/", write if kind is Session else write_async, middleware=[lent])])
        async with client_of(app) as client:
            response = await client.get("/")

    assert response.status_code == 504
    assert "stored" not in response.text.replace("Whether it was stored is not known", "")


async def test_a_stream_is_not_held_back_and_its_session_has_ended(spec: SQLSpec) -> None:
    """The first part is on its way while the last one is not made yet, and the work is stored."""
    sent, seen = asyncio.Event(), []

    async def parts() -> AsyncIterator[str]:
        seen.extend(orders(spec))
        yield "first"
        await asyncio.wait_for(sent.wait(), 10)
        yield "last"

    async def stream(request: Request) -> Response:
        await request.state.session.execute(PLACE, (1, None))
        return StreamingResponse(parts())

    app = Starlette(
        routes=[Route("/", stream, middleware=[Middleware(SessionMiddleware, spec=spec, key="shop")])]
    )

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def look(message: Any) -> None:
            if message.get("body") == b"first":
                sent.set()
            await send(message)

        await app(scope, receive, look)

    async with client_of(watched) as client:
        assert (await client.get("/")).text == "firstlast"

    assert seen == [1]


async def test_a_stream_whose_commit_fails_is_not_begun(spec: SQLSpec) -> None:
    """Not a byte of it is sent, and it is not made."""
    made: list[str] = []

    async def parts() -> AsyncIterator[str]:
        made.append("first")
        yield "first"

    async def stream(request: Request) -> Response:
        await request.state.session.execute(PLACE, (1, NOBODY))
        return StreamingResponse(parts())

    lent = Middleware(SessionMiddleware, spec=spec, key="shop")
    app = Starlette(routes=[Route("/", stream, middleware=[lent])], exception_handlers=exception_handlers())

    async with client_of(app) as client:
        response = await client.get("/")

    assert (response.status_code, made) == (409, [])
    assert "first" not in response.text


def test_websockets_and_the_lifespan_go_past(spec: SQLSpec) -> None:
    """Only requests are lent a session."""

    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(str(hasattr(websocket.state, "session")))
        await websocket.close()

    app = Starlette(
        routes=[WebSocketRoute("/", talk)],
        middleware=[Middleware(SessionMiddleware, spec=spec)],
        lifespan=lifespan(spec),
    )

    with TestClient(app) as client, client.websocket_connect("/") as socket:
        assert socket.receive_text() == "False"
    spec.open()


async def test_two_databases_are_two_attributes(spec: SQLSpec, tmp_path: Path) -> None:
    """Each with a middleware of its own."""
    (tmp_path / "other").mkdir()

    async def read(request: Request) -> Response:
        first, second = request.state.session, request.state.reports
        assert first is not second
        return PlainTextResponse(str(await second.execute("SELECT 1").scalar()))

    lent = [
        Middleware(SessionMiddleware, spec=spec, key="shop"),
        Middleware(SessionMiddleware, spec=spec, key="shop", name="reports", read_only=True),
    ]
    async with client_of(Starlette(routes=[Route("/", read, middleware=lent)])) as client:
        assert (await client.get("/")).text == "1"
