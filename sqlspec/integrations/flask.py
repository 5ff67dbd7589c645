"""For Flask: an extension, and sessions of a request, whose work is stored before the response begins."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlspec.errors import FrameworkNotInstalledError, InvalidArgumentError, SessionClosedError, SQLSpecError

try:
    from flask import Flask, Response, current_app, has_request_context, request
    from werkzeug.exceptions import HTTPException
    from werkzeug.local import LocalProxy
except ImportError as exc:
    raise FrameworkNotInstalledError(__name__, "flask>=3.0") from exc


from .serving.loans import SUCCESS, Loan, NotStored, checked_statuses
from .serving.statuses import problem_of, statuses_with

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from sqlspec import IsolationLevel, Session, SQLSpec

    from .serving.statuses import Statuses

__all__ = ("SQLSpecExtension", "connection", "current_session", "session")

NAME = "sqlspec"
"""Of the extension in an application, and of the sessions in a request's environment."""


class SQLSpecExtension:
    """Lends requests their sessions, ends them before the response begins, and answers errors of databases.

    `SQLSpecExtension(app, spec)`; or without an application, and later `init_app(app)`. *key* says which
    database `current_session` is about: a name, a config, its type, or nothing for the default.

    Work is stored if the status of what a view returns is one of *commit_on*; it is undone otherwise, and
    after any exception but an HTTPException with such a status. *statuses* gives errors another status than
    the table in the documentation, or with None Flask's own. An application's handlers for classes below
    `SQLSpecError` go before this one, and its handler for that class if it is registered later.
    """

    def __init__(
        self,
        app: Flask | None = None,
        spec: SQLSpec | None = None,
        key: Any = None,
        *,
        commit_on: Container[int] = SUCCESS,
        statuses: Statuses | None = None,
    ) -> None:
        self._spec, self._key, self._commit_on = spec, key, checked_statuses(commit_on)
        self._statuses = statuses_with(statuses)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, spec: SQLSpec | None = None) -> None:
        """Serve one application; *spec* is a registry for it alone. Raises `InvalidArgumentError`."""
        spec = spec or self._spec
        if spec is None:
            raise InvalidArgumentError("no registry was given: write SQLSpecExtension(app, spec)")
        if NAME in app.extensions:
            raise InvalidArgumentError(
                "this application has a SQLSpecExtension already; ask for another of its databases by "
                'session("reports")'
            )
        app.extensions[NAME] = _Settings(spec, self._key, self._commit_on)
        app.register_error_handler(SQLSpecError, self._answer)
        app.teardown_request(_undo)
        # What these two return is the response, and what they raise is looked up among the error handlers.
        # `after_request` would be too late: there Flask answers 500 to whatever COMMIT raises.
        first, last = app.preprocess_request, app.dispatch_request
        app.preprocess_request = _ending_work(app, first, may_go_on=True)  # type: ignore[method-assign]
        app.dispatch_request = _ending_work(app, last, may_go_on=False)  # type: ignore[method-assign]

    def _answer(self, error: SQLSpecError) -> Response:
        problem = problem_of(error, self._statuses)
        if problem is None:
            raise error
        return Response(problem.body, problem.status, problem.headers)


def session(
    key: Any = None,
    *,
    autocommit: bool | None = None,
    read_only: bool | None = None,
    isolation: IsolationLevel | None = None,
    query_timeout: float | None = None,
) -> Session:
    """The request's session of *key*: a name, a config, its type, or nothing for the extension's own key.

    It is lent when it is first asked for, is the same until the view returns, and ends then. The options are
    those of `SQLSpec.provide_session`. Raises `SessionClosedError` when the request's sessions have ended.
    """
    return cast(
        "Session",
        _lend(
            key, autocommit=autocommit, read_only=read_only, isolation=isolation, query_timeout=query_timeout
        ),
    )


def connection(key: Any = None) -> Any:
    """The driver's own connection, in autocommit mode; else as `session`."""
    return _lend(key, is_raw=True)


current_session: Session = cast("Any", LocalProxy(session))
"""The request's session of the extension's own key, as `session()` returns it."""


class _Settings(NamedTuple):
    """What an application has said."""

    spec: SQLSpec
    key: Any
    commit_on: Container[int]


class _Works:
    """The sessions of one request, each with its block."""

    def __init__(self) -> None:
        self._lock = Lock()  # a view may hand its request to threads
        self._lent: dict[Any, Any] = {}
        self._blocks: list[tuple[Loan, Any]] = []
        self._have_ended = False
        self.is_served = False
        """Whether it is a server's request, whose sessions end with its view."""

    def lend(self, loan: Loan) -> Any:
        """A session; the same for the same loan."""
        with self._lock:
            if self._have_ended:
                message = (
                    "the request's sessions ended with its view, before the response began; what runs "
                    'later opens one of its own: with spec.provide_session("main") as session'
                )
                raise SessionClosedError(message)
            identity = loan.identity()
            if identity not in self._lent:
                block = loan.block()
                self._lent[identity] = block.__enter__()
                self._blocks.append((loan, block))
            return self._lent[identity]

    def end(self, status: int) -> None:
        """Store or undo, by *status*; what was lent last is the first. Raises what COMMIT raises."""
        self._end_each(lambda loan: None if loan.is_success(status) else NotStored())

    def fail(self, error: BaseException) -> None:
        """Undo what has not ended."""
        self._end_each(lambda _: error)

    def _end_each(self, error_for: Callable[[Loan], BaseException | None]) -> None:
        with self._lock:
            self._have_ended = True
            blocks, self._blocks = self._blocks, []
        failure: BaseException | None = None
        for loan, block in reversed(blocks):
            error = failure or error_for(loan)
            try:
                block.__exit__(None if error is None else type(error), error, None)
            except BaseException as exc:  # noqa: BLE001 - raised below
                failure = failure or exc
        if failure is not None:
            raise failure


def _lend(key: Any, *, is_raw: bool = False, **options: Any) -> Any:
    if not has_request_context():
        message = (
            "no request is served here, and only a request has a current session; elsewhere write "
            'with spec.provide_session("main") as session'
        )
        raise RuntimeError(message)  # as Flask does, and as its proxies expect
    settings: _Settings | None = current_app.extensions.get(NAME)
    if settings is None:
        raise RuntimeError("this application has no sessions: write SQLSpecExtension(app, spec)")
    key = settings.key if key is None else key
    return _works().lend(Loan(settings.spec, key, is_raw=is_raw, commit_on=settings.commit_on, **options))


def _works() -> _Works:
    # Not in `g`: it is that of an outer application context, if there is one, and shared by all its requests.
    works: _Works = request.environ.setdefault(NAME, _Works())
    return works


def _ending_work(app: Flask, step: Callable[..., Any], *, may_go_on: bool) -> Callable[..., Any]:
    """A step of serving a request, after which the sessions have ended, unless another step follows."""

    def run(*args: Any) -> Any:
        works = _works()
        works.is_served = True
        try:
            returned: Any = step(*args)
            if returned is None and may_go_on:
                return None
            response = app.make_response(cast("Any", returned))
        except HTTPException as exc:
            works.end(exc.response.status_code if exc.response is not None else exc.code or 0)
            raise
        except BaseException as exc:
            works.fail(exc)
            raise
        works.end(response.status_code)
        return response

    return run


def _undo(error: BaseException | None) -> None:
    """A context is left: a test's, without a response, or the copy that a thread of a view has."""
    works = _works()
    if not works.is_served:
        works.fail(error or NotStored())
