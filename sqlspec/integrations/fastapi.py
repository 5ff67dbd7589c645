"""For FastAPI: sessions as dependencies, whose work is stored before the response begins."""

from __future__ import annotations

from collections.abc import AsyncIterator  # noqa: TC003 - FastAPI reads the annotations of a dependency
from dataclasses import dataclass, field
from inspect import isasyncgenfunction, iscoroutinefunction, unwrap
from typing import TYPE_CHECKING, Any

from sqlspec.errors import FrameworkNotInstalledError, InvalidArgumentError

try:
    from fastapi.params import Depends
    from fastapi.routing import APIRoute
    from starlette.exceptions import HTTPException
    from starlette.requests import HTTPConnection  # noqa: TC002
    from starlette.responses import Response  # noqa: TC002
except ImportError as exc:
    raise FrameworkNotInstalledError(__name__, "fastapi>=0.135") from exc

from .serving.requests import SUCCESS, Loan, Work, is_asynchronous
from .starlette import SessionMiddleware, exception_handlers, lifespan

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine

    from fastapi.dependencies.models import Dependant
    from starlette.requests import Request

    from sqlspec import IsolationLevel, SQLSpec

__all__ = (
    "SessionMiddleware",
    "SessionRoute",
    "connection",
    "exception_handlers",
    "lifespan",
    "session",
)

STATUS = "sqlspec.status"
"""Where a route leaves the status of its response, in the request's scope."""
LENT = "sqlspec.lent"
"""Where what was lent to a request is, in its scope."""
WRITE = 'Annotated[AsyncSession, session(spec, "main")], or Annotated[Session, …] in a `def`'


def session(
    spec: SQLSpec,
    key: Any = None,
    *,
    commit_on: Container[int] = SUCCESS,
    autocommit: bool | None = None,
    read_only: bool | None = None,
    isolation: IsolationLevel | None = None,
    query_timeout: float | None = None,
) -> Any:
    """A dependency that lends one request a session, and ends it before the response begins.

    `db: Annotated[AsyncSession, session(spec, "main")]`. The annotated type says which: `AsyncSession` in an
    `async def`, `Session` in a `def`. *key* is a name, a config, its type, or nothing for the default. All
    that one request asks for of one database is one session. It ends when the endpoint has returned: stored
    if the status of an HTTPException, of `response.status_code`, of the route, or with `SessionRoute` of the
    response, is one of *commit_on*; undone after any other exception. Waiting for a connection holds no
    thread.

    A request whose COMMIT fails gets that error, for `exception_handlers` to answer. *autocommit*,
    *read_only*, *isolation* and *query_timeout* are those of `SQLSpec.provide_session`.
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
    return _Lending(loan=loan)


def connection(spec: SQLSpec, key: Any = None) -> Any:
    """A dependency that lends the driver's own connection, in autocommit mode; else as `session`.

    `db: Annotated[asyncpg.Connection, connection(spec, "main")]`.
    """
    return _Lending(loan=Loan(spec, key, is_raw=True))


class SessionRoute(APIRoute):
    """A route whose sessions also heed the status of a response that the endpoint makes itself.

    `APIRouter(route_class=SessionRoute)`, or `app.router.route_class = SessionRoute` before the routes.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, which leaves the response's status for the dependencies, which end after it."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await handler(request)
            request.scope[STATUS] = response.status_code
            return response

        return handle


@dataclass(frozen=True)
class _Lending(Depends):
    """A dependency without a callable: FastAPI puts the annotated type there, which says what to lend."""

    loan: Loan = field(kw_only=True)

    def __post_init__(self) -> None:
        """Once with nothing, once with the type."""
        object.__setattr__(self, "scope", "function")
        kind = self.dependency
        if kind is not None and not isinstance(kind, _Dependency):
            is_async = is_asynchronous(kind, write=WRITE)
            if not is_async:
                self.loan.check_sync()
            object.__setattr__(self, "dependency", _Dependency(self.loan, is_async=is_async))
        # FastAPI's own checks, which older ones do not have.
        getattr(super(), "__post_init__", _nothing)()

    def __call__(self) -> Any:
        """FastAPI takes it for a function where it was put into `Depends`. Raises `InvalidArgumentError`."""
        raise InvalidArgumentError(f"session(spec) is a dependency itself, without Depends: write {WRITE}")

    @property
    def __signature__(self) -> Any:
        """What FastAPI asks a function for when a route is declared."""
        return self()


def _nothing() -> None:
    """What an older FastAPI does after making a dependency."""


class _Dependency:
    """What FastAPI calls for a request."""

    def __init__(self, loan: Loan, *, is_async: bool) -> None:
        self._loan, self._is_async = loan, is_async
        self._checked: set[int] = set()

    async def __call__(self, request: HTTPConnection, response: Response) -> AsyncIterator[Any]:
        if self._is_async:
            self._check_endpoint(getattr(request.scope.get("route"), "dependant", None))
        lent = request.scope.setdefault(LENT, {})
        identity = (self._loan.identity(), self._is_async)
        if identity in lent:  # by a dependency that was asked for first, and that ends after this one
            yield lent[identity]
            return
        work = Work(self._loan, is_async=self._is_async)
        lent[identity] = await work.begin()
        try:
            yield lent[identity]
        except HTTPException as exc:
            await work.end(exc.status_code)
            raise
        except BaseException as exc:
            await work.fail(exc)
            raise
        await work.end(request.scope.get(STATUS) or response.status_code or _status_of_route(request))

    def _check_endpoint(self, dependant: Dependant | None) -> None:
        """Nobody awaits in a `def`: its statements would never run, and the answer would be a success.

        Looked at once for each route. Raises `InvalidArgumentError`.
        """
        if dependant is None or id(dependant) in self._checked:
            return
        is_given = any(each.call is self and each.name for each in dependant.dependencies)
        if is_given and not _can_await(dependant.call):
            name = getattr(dependant.call, "__name__", "the endpoint")
            message = f"nobody awaits in {name}(), a `def`: make it an `async def`, or annotate with Session"
            raise InvalidArgumentError(message)
        self._checked.add(id(dependant))


def _can_await(call: Any) -> bool:
    calls = (call, getattr(call, "__call__", None))  # noqa: B004 - an object that is called
    return any(
        iscoroutinefunction(unwrap(each)) or isasyncgenfunction(unwrap(each)) for each in calls if each
    )


def _status_of_route(request: HTTPConnection) -> int:
    """What FastAPI answers with when an endpoint says nothing about it."""
    return getattr(request.scope.get("route"), "status_code", None) or SUCCESS.start
