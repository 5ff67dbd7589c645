"""For Celery: sessions of tasks, whose work is stored before the task is told as done."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

from sqlspec.errors import FrameworkNotInstalledError, InvalidArgumentError

try:
    from celery.app.task import Task
    from celery.local import Proxy
    from celery.signals import worker_process_shutdown, worker_shutdown
except ImportError as exc:
    raise FrameworkNotInstalledError(__name__, "celery>=5.5") from exc

from .serving.loans import Loan
from .serving.statuses import TRY_AGAIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec import DatabaseConfig, IsolationLevel, Session, SQLSpec

__all__ = ("TRANSIENT_ERRORS", "close_with_worker", "with_session")

P = ParamSpec("P")
T = TypeVar("T")
TaskT = TypeVar("TaskT")
SessionT = TypeVar("SessionT")
SessionT_co = TypeVar("SessionT_co", covariant=True)

TRANSIENT_ERRORS = TRY_AGAIN
"""For `autoretry_for`: nothing of the task's transaction is stored, and the task may well succeed later.

`DisconnectedError` is one of them, as a class below `ConnectError`: with `autocommit=True` its statement may
be stored. What COMMIT did not answer is a `CommitOutcomeUnknownError`, and none of them.
"""


class SessionDecorator(Protocol[SessionT_co]):
    """Takes the session out of a function's parameters: the first, or the one after a bound task."""

    @overload
    def __call__(self, function: Callable[Concatenate[SessionT_co, P], T], /) -> Callable[P, T]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[TaskT, SessionT_co, P], T], /
    ) -> Callable[Concatenate[TaskT, P], T]: ...
    @overload
    def __call__(self, function: Callable[..., T], /) -> Callable[..., T]: ...


@overload
def with_session(
    spec: SQLSpec,
    key: str | None = None,
    *,
    argument: str = "session",
    autocommit: bool | None = None,
    read_only: bool | None = None,
    isolation: IsolationLevel | None = None,
    query_timeout: float | None = None,
) -> SessionDecorator[Session]: ...
@overload
def with_session(
    spec: SQLSpec,
    key: DatabaseConfig[SessionT, Any, Any, Any] | type[DatabaseConfig[SessionT, Any, Any, Any]],
    *,
    argument: str = "session",
    autocommit: bool | None = None,
    read_only: bool | None = None,
    isolation: IsolationLevel | None = None,
    query_timeout: float | None = None,
) -> SessionDecorator[SessionT]: ...
def with_session(
    spec: SQLSpec,
    key: Any = None,
    *,
    argument: str = "session",
    autocommit: bool | None = None,
    read_only: bool | None = None,
    isolation: IsolationLevel | None = None,
    query_timeout: float | None = None,
) -> SessionDecorator[Any]:
    """Lend each call of a task's function a session, as its parameter *argument*.

        @app.task
        @with_session(spec, "shop")
        def bill(session: Session, number: int) -> None: ...

    Callers of the task do not pass it: `bill.delay(7)`. It is lent when the function begins and ends when the
    function ends: stored if it returns, undone if it raises anything, be it `Retry`, `Ignore` or `Reject`.
    What COMMIT raises is the task's error. *key* is a name, a config, its type, or nothing for the default;
    *autocommit*, *read_only*, *isolation* and *query_timeout* are those of `SQLSpec.provide_session`.

    Raises `InvalidArgumentError` without a registry, for a function without that parameter, one that is
    awaited or yields, and for what is a task already.
    """
    _check_registry(spec, '@with_session(spec, "shop")')
    loan = Loan(
        spec,
        key,
        autocommit=autocommit,
        read_only=read_only,
        isolation=isolation,
        query_timeout=query_timeout,
    )

    def decorate(function: Callable[..., T]) -> Callable[..., T]:
        signature = _checked(function, argument)
        place = _place(signature, argument)

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> T:
            with loan.block() as session:
                if place is not None and len(args) >= place:
                    return function(*args[:place], session, *args[place:], **kwargs)
                return function(*args, **kwargs, **{argument: session})

        # Celery asks it which arguments a call may have.
        others = [each for name, each in signature.parameters.items() if name != argument]
        vars(run)["__signature__"] = signature.replace(parameters=others)
        return run

    return cast("SessionDecorator[Any]", decorate)


def close_with_worker(spec: SQLSpec) -> None:
    """Close the pools of *spec* when a worker of Celery ends; each process of prefork closes its own.

    Call it where the registry is made, once or twice. It does nothing in processes that only send tasks.
    Raises `InvalidArgumentError` for what is no registry.
    """
    _check_registry(spec, "close_with_worker(spec)")

    def close(**_: Any) -> None:
        spec.close()

    for signal in (worker_process_shutdown, worker_shutdown):
        signal.connect(close, weak=False, dispatch_uid=f"sqlspec-{id(spec)}")


def _check_registry(spec: Any, write: str) -> None:
    if not hasattr(spec, "provide_session"):
        raise InvalidArgumentError(f"the registry comes first: write {write}")


def _checked(function: Any, argument: str) -> inspect.Signature:
    if issubclass(type(function), (Proxy, Task)):  # `isinstance` would ask what the proxy stands for
        raise InvalidArgumentError(
            "with_session is about a task's function: write @app.task first, and @with_session(spec) below it"
        )
    name = getattr(function, "__name__", "the function")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise InvalidArgumentError(f"Celery awaits nothing: write def {name}(…), without async")
    if inspect.isgeneratorfunction(function):
        raise InvalidArgumentError(
            f"{name}() yields, so it would run after its session has ended: return a list"
        )
    signature = inspect.signature(function)
    if argument not in signature.parameters:
        raise InvalidArgumentError(
            f"{name}() has no parameter {argument!r} for its session: write def {name}({argument}, …), "
            'or say which one it is, with_session(spec, argument="db")'
        )
    return signature


def _place(signature: inspect.Signature, argument: str) -> int | None:
    """Where it stands among the arguments that are passed by position; None: nowhere."""
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [name for name, each in signature.parameters.items() if each.kind in by_position]
    return names.index(argument) if argument in names else None
