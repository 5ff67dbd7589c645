"""For WSGI servers, and for what mounts WSGI applications, as werkzeug's DispatcherMiddleware for Flask."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .health.answers import Answer, page_of, readiness
from .health.metrics import metrics
from .health.probe import Probe
from .health.threads import ThreadPings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication

    from sqlspec import SQLSpec

__all__ = ("health_app",)


def health_app(
    spec: SQLSpec, *, databases: Iterable[str] | None = None, timeout: float = 2.0
) -> WSGIApplication:
    """A WSGI application with the pages `/live`, `/ready` and `/metrics`, to be mounted or served alone.

    `/ready` pings *databases*, by default all that are registered when it is asked: at the same time, for
    *timeout* seconds, by the pool for threads. One that is async only is pinged on a connection that is
    opened for it. It answers 503 if one of them fails. Raises `InvalidArgumentError`.
    """
    probe = Probe(spec, databases, timeout)
    pings = ThreadPings(probe)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        method: str = environ["REQUEST_METHOD"]
        answer = _answer(method, environ, pings)
        status = HTTPStatus(answer.status)
        start_response(f"{status.value} {status.phrase}", answer.headers())
        return [answer.content(method)]

    return app


def _answer(method: str, environ: dict[str, Any], pings: ThreadPings) -> Answer:
    # Where we are mounted is in SCRIPT_NAME, and PATH_INFO is what follows.
    page = page_of(method, environ.get("PATH_INFO", ""))
    if page == "ready":
        return readiness(pings.reports())
    if page == "metrics":
        return metrics(environ.get("HTTP_ACCEPT", ""))
    return page
