"""For Starlette, and for any framework that takes ASGI middleware."""

from __future__ import annotations

from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sqlspec.errors import FrameworkNotInstalledError, SQLSpecError

try:
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import Response
except ImportError as exc:
    raise FrameworkNotInstalledError(__name__, "starlette>=0.46") from exc

from sqlspec import AsyncSession

from .serving.requests import SUCCESS, Loan, NotStored, Work, is_asynchronous
from .serving.statuses import problem_of, statuses_with

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Container, Coroutine
    from contextlib import AbstractAsyncContextManager

    from sqlspec import IsolationLevel, SQLSpec

    from .serving.statuses import Statuses

    Receive: TypeAlias = Callable[[], Awaitable[Any]]
    Send: TypeAlias = Callable[[Any], Awaitable[None]]
    ASGIApp: TypeAlias = Callable[[Any, Receive, Send], Awaitable[None]]
    Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]

__all__ = ("SessionMiddleware", "exception_handlers", "lifespan")

_App = TypeVar("_App")


def lifespan(
    spec: SQLSpec, inner: Callable[[_App], AbstractAsyncContextManager[Any]] | None = None
) -> Lifespan:
    """Open *spec* when the application starts, close it when it ends: `Starlette(lifespan=lifespan(spec))`.

    Opening warms up, and raises what hinders it, for a database with `pool_min_size`. *inner* is a lifespan
    of the application's own, which runs inside and may use the databases.
    """

    @asynccontextmanager
    async def run(app: _App) -> AsyncGenerator[Any]:
        async with spec:
            await spec.aopen()  # again, if it was closed before, and warm
            if inner is None:
                yield None
            else:
                async with inner(app) as state:
                    yield state

    return run


def exception_handlers(
    changes: Statuses | None = None,
) -> dict[Any, Callable[[Request, Any], Coroutine[Any, Any, Response]]]:
    """Answers to the errors of databases: `Starlette(exception_handlers=exception_handlers())`.

    *changes* gives errors another status than the table in the documentation, or with None that of any
    error nobody handles. A handler of the application's own for one of these classes goes before this one.
    """
    statuses = statuses_with(changes)

    async def handle(_: Request, error: SQLSpecError) -> Response:
        problem = problem_of(error, statuses)
        if problem is None:
            raise error
        return Response(problem.body, problem.status, problem.headers)

    return {SQLSpecError: handle}


class SessionMiddleware:
    """Lends each HTTP request a session, as `request.state.session`, and ends it before the response begins.

    Its transaction is stored if the response's status is one of *commit_on*, and undone otherwise. *key* is a
    name, a config, its type, or nothing for the default; *kind* says whether the session is for tasks
    (`AsyncSession`) or for threads (`Session`); *name* is the attribute of the state. Meant for the routes
    that need it: `Route("/orders", place, middleware=[Middleware(SessionMiddleware, spec=spec)])`.

    A COMMIT that fails is answered by the application's own handler of exceptions for its error, or as
    `exception_handlers` would; if *statuses* are given, by them. WebSockets get no session.
    """

    def __init__(
        self,
        app: ASGIApp,
        spec: SQLSpec,
        key: Any = None,
        *,
        kind: type[Any] = AsyncSession,
        name: str = "session",
        commit_on: Container[int] = SUCCESS,
        statuses: Statuses | None = None,
        autocommit: bool | None = None,
        read_only: bool | None = None,
        isolation: IsolationLevel | None = None,
        query_timeout: float | None = None,
    ) -> None:
        self._app, self._name = app, name
        self._loan = Loan(
            spec,
            key,
            commit_on=commit_on,
            autocommit=autocommit,
            read_only=read_only,
            isolation=isolation,
            query_timeout=query_timeout,
        )
        self._is_async = is_asynchronous(kind, write="kind=AsyncSession, or kind=Session for a `def`")
        self._statuses = None if statuses is None else statuses_with(statuses)
        if not self._is_async:
            self._loan.check_sync()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request, or what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._serve(scope, receive, send)
        except SQLSpecError as error:
            await self._answer(error, scope, receive, send)

    async def _serve(self, scope: Any, receive: Receive, send: Send) -> None:
        work = Work(self._loan, is_async=self._is_async)
        scope.setdefault("state", {})[self._name] = await work.begin()

        async def send_when_ended(message: Any) -> None:
            if message["type"] == "http.response.start":
                await work.end(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_when_ended)
        except BaseException as exc:
            await work.fail(exc)
            if work.failure is not None:
                raise work.failure from work.failure.__cause__
            raise
        await work.fail(NotStored())  # no response was begun

    async def _answer(self, error: SQLSpecError, scope: Any, receive: Receive, send: Send) -> None:
        handlers = getattr(scope.get("app"), "exception_handlers", {}) if self._statuses is None else {}
        handle: Any = _handler_of(error, handlers) or exception_handlers(self._statuses)[SQLSpecError]
        request = Request(scope, receive, send)
        if iscoroutinefunction(handle):
            response = await handle(request, error)
        else:
            response = await run_in_threadpool(handle, request, error)
        await response(scope, receive, send)


def _handler_of(error: SQLSpecError, handlers: Any) -> Any:
    """The application's for this error; one for all exceptions is for what nobody foresaw."""
    kinds = [kind for kind in type(error).__mro__ if issubclass(kind, SQLSpecError)]
    return next((handlers[kind] for kind in kinds if kind in handlers), None)
