"""For Litestar: a plugin, and sessions as dependencies, whose work is stored before the response begins."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlspec.errors import FrameworkNotInstalledError, InvalidArgumentError, SQLSpecError

try:
    from anyio import Lock
    from litestar.di import Provide
    from litestar.exceptions import HTTPException
    from litestar.exceptions.responses import create_debug_response, create_exception_response
    from litestar.middleware._internal.exceptions import ExceptionHandlerMiddleware
    from litestar.plugins import InitPlugin
    from litestar.response import Response
    from litestar.types import Scope  # noqa: TC002 - Litestar reads the annotations of a dependency
    from litestar.utils.scope.state import ScopeState
except ImportError as exc:
    raise FrameworkNotInstalledError(__name__, "litestar>=2.19") from exc

from sqlspec import AsyncSession, Session

from .serving.requests import SUCCESS, Loan, NotStored, Work, is_asynchronous
from .serving.statuses import MEDIA_TYPE, problem_of, statuses_with

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Container, Mapping

    from litestar import Litestar, Request
    from litestar.config.app import AppConfig
    from litestar.types import ASGIApp, Message, Receive, Send

    from sqlspec import IsolationLevel, SQLSpec

    from .serving.statuses import Statuses

__all__ = ("SQLSpecPlugin", "connection", "exception_handlers", "session")

WORKS = "sqlspec.works"
"""Where a request's sessions are, in its scope."""


class SQLSpecPlugin(InitPlugin):
    """Opens and closes *spec* with the application, ends its sessions, and answers the errors of databases.

    `Litestar(plugins=[SQLSpecPlugin(spec, {"db": "main"})])`: each handler may have a parameter
    `db: NamedDependency[AsyncSession]`. *sessions* says which dependency is a session of which database; with
    *kind* `Session` they are for handlers in threads. More of them, with options, by `session` and
    `connection`. *statuses* gives errors another status than the table in the documentation, or with None
    Litestar's own. A handler of the application's own for one of these errors goes before this one.
    """

    def __init__(
        self,
        spec: SQLSpec,
        sessions: Mapping[str, Any] | None = None,
        *,
        kind: type[Any] = AsyncSession,
        statuses: Statuses | None = None,
    ) -> None:
        self._spec = spec
        self._dependencies = {name: session(spec, key, kind=kind) for name, key in (sessions or {}).items()}
        self._handlers = exception_handlers(statuses)

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Called by Litestar."""
        app_config.lifespan.insert(0, self._lifespan)  # the application's own may use the databases
        app_config.after_exception.insert(0, _undo)
        # The last is the innermost of the application's: the others see the answer to a COMMIT that failed.
        app_config.middleware.append(_ending_work)
        app_config.exception_handlers = {**self._handlers, **app_config.exception_handlers}
        app_config.dependencies = {**self._dependencies, **app_config.dependencies}
        names = {"AsyncSession": AsyncSession, "Session": Session}  # imported for type checkers only, perhaps
        app_config.signature_namespace = {**names, **app_config.signature_namespace}
        return app_config

    @asynccontextmanager
    async def _lifespan(self, _: Litestar) -> AsyncGenerator[None]:
        async with self._spec:
            await self._spec.aopen()  # again, if it was closed before, and warm
            yield


def session(
    spec: SQLSpec,
    key: Any = None,
    *,
    kind: type[Any] = AsyncSession,
    commit_on: Container[int] = SUCCESS,
    autocommit: bool | None = None,
    read_only: bool | None = None,
    isolation: IsolationLevel | None = None,
    query_timeout: float | None = None,
) -> Provide:
    """A dependency that lends one request a session, and ends it before the response begins.

    `dependencies={"db": session(spec, "main")}`, in an application that has the plugin. It is stored if the
    response's status is one of *commit_on*, and undone otherwise, and after any exception but an
    HTTPException with such a status. *key* is a name, a config, its type, or nothing for the default; *kind*
    says whether the session is for tasks (`AsyncSession`) or for threads (`Session`). All that one request
    asks for of one database is one session. Waiting for a connection holds no thread.

    *autocommit*, *read_only*, *isolation* and *query_timeout* are those of `SQLSpec.provide_session`.
    """
    loan = Loan(
        spec,
        key,
        commit_on=commit_on,
        autocommit=autocommit,
        read_only=read_only,
        isolation=isolation,
        query_timeout=query_timeout,
    )
    return _provide(loan, kind)


def connection(spec: SQLSpec, key: Any = None, *, kind: type[Any]) -> Provide:
    """A dependency that lends the driver's own connection, in autocommit mode; else as `session`.

    *kind* is the driver's class: `connection(spec, "main", kind=asyncpg.Connection)`.
    """
    return _provide(Loan(spec, key, is_raw=True), kind)


def exception_handlers(changes: Statuses | None = None) -> dict[Any, Callable[[Any, Any], Response[Any]]]:
    """What the plugin answers to errors of databases, for a layer of an application to have otherwise.

    `Router(exception_handlers=exception_handlers({UniqueViolationError: 422}))`.
    """
    statuses = statuses_with(changes)

    def handle(request: Request[Any, Any, Any], error: SQLSpecError) -> Response[Any]:
        problem = problem_of(error, statuses)
        if problem is None:
            answer = create_debug_response if request.app.debug else create_exception_response
            return answer(request, error)
        return Response(
            problem.body, status_code=problem.status, media_type=MEDIA_TYPE, headers=problem.headers
        )

    return {SQLSpecError: handle}


def _provide(loan: Loan, kind: type[Any]) -> Provide:
    is_async = is_asynchronous(kind, write="kind=AsyncSession, or kind=Session for handlers in threads")
    if not is_async:
        loan.check_sync()

    async def lend(scope: Scope) -> Any:
        works: _Works | None = scope.get(WORKS)  # type: ignore[assignment]
        if works is None:
            message = "nobody ends this session: write Litestar(plugins=[SQLSpecPlugin(spec)])"
            raise InvalidArgumentError(message)
        return await works.lend(loan, is_async=is_async)

    return Provide(lend)


class _Works:
    """The sessions of one request, each with its work."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lent: dict[tuple[Any, bool], Any] = {}
        self._works: list[Work] = []
        self.failure: BaseException | None = None
        """What COMMIT has raised."""

    async def lend(self, loan: Loan, *, is_async: bool) -> Any:
        """A session; the same for the same loan."""
        async with self._lock:  # Litestar asks for several dependencies at the same time
            identity = (loan.identity(), is_async)
            if identity not in self._lent:
                work = Work(loan, is_async=is_async)
                self._lent[identity] = await work.begin()
                self._works.append(work)
            return self._lent[identity]

    async def end(self, status: int) -> None:
        """Store or undo, by *status*; what was lent last is the first. Raises what COMMIT raises."""
        await self._end_each(lambda work: work.end(status))

    async def fail(self, error: BaseException) -> None:
        """Undo what has not ended."""
        await self._end_each(lambda work: work.fail(error))

    async def _end_each(self, end: Callable[[Work], Awaitable[None]]) -> None:
        works, self._works = self._works, []
        for work in reversed(works):
            try:
                await (end(work) if self.failure is None else work.fail(self.failure))
            except BaseException as exc:  # noqa: BLE001 - raised below
                self.failure = self.failure or exc
        if works and self.failure is not None:
            raise self.failure


async def _undo(error: Exception, scope: Any) -> None:
    """Litestar is about to answer an exception; whatever the answer is, the work is undone."""
    works: _Works = scope[WORKS]
    if isinstance(error, HTTPException):
        await works.end(error.status_code)
    else:
        await works.fail(error)


def _ending_work(app: ASGIApp) -> ASGIApp:
    # Litestar has this around handlers and around all middleware, but not between two middlewares.
    return ExceptionHandlerMiddleware(_Ending(app), debug=None)


class _Ending:
    """Middleware that ends a request's sessions when its response is about to begin.

    Not the dependencies themselves: as generators they would not learn the status of the response, and
    Litestar would hide what one of several raises in an ExceptionGroup.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request, or one WebSocket, which is stored when its handler returns."""
        # With a plugin for each of two registries there are two of this; the inner one ends all.
        works: _Works = scope.setdefault(WORKS, _Works())

        async def send_when_ended(message: Message) -> None:
            if message["type"] == "http.response.start":
                await works.end(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_when_ended)
            if scope["type"] == "websocket":
                await works.end(SUCCESS.start)
            else:
                await works.fail(NotStored())  # no response was begun
        except BaseException as exc:
            if works.failure is None:
                await works.fail(exc)
                raise
        if works.failure is not None:
            # Litestar thinks that a response was begun, but nothing has left this middleware.
            ScopeState.from_scope(scope).response_started = False
            raise works.failure
