"""A site of Django: its settings, its views for threads and for tasks, and its middleware."""

# pyright: reportMissingTypeStubs=false, reportArgumentType=false
from __future__ import annotations

import asyncio
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path

from tests.integrations.shops import PLACE
from tests.integrations.table import EndpointError, LoginNeededError, Shop

FIND = "SELECT number FROM orders WHERE number = ?"

settings.configure(
    ALLOWED_HOSTS=["*"], DATABASES={}, LOGGING_CONFIG=None, SECRET_KEY="none", ROOT_URLCONF=__name__
)
page: dict[str, Any] = {}
"""The names of the page, whose middleware is used here."""
urlpatterns: list[Any] = []
"""Those of the shop that is open."""


def session_middleware(get_response: Any) -> Any:
    """That of the page, for threads."""
    return page["SessionMiddleware"](get_response)


def async_session_middleware(get_response: Any) -> Any:
    """That of the page, for tasks."""
    return page["AsyncSessionMiddleware"](get_response)


async_session_middleware.sync_capable = False  # type: ignore[attr-defined]
async_session_middleware.async_capable = True  # type: ignore[attr-defined]


class Escape:
    """Middleware of the application's own, which answers an exception."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Nothing else."""
        return self.get_response(request)

    def process_exception(self, _: Any, error: Exception) -> HttpResponse | None:
        """To somewhere else."""
        return HttpResponseRedirect("/login") if isinstance(error, LoginNeededError) else None


def _finish(end: str) -> HttpResponse:
    if end == "abort":
        raise BadRequest
    if end == "crash":
        raise EndpointError
    if end == "escape":
        raise LoginNeededError
    if end == "moved":
        return HttpResponseRedirect("/elsewhere")
    return HttpResponse(end, status=409 if end == "refused" else 201)


def views(shop: Shop) -> list[Any]:
    """For threads."""

    def place(request: Any, number: int) -> HttpResponse:
        request.session_of_shop.execute(PLACE, (number, request.GET.get("customer")))
        return _finish(request.GET["end"])

    def look_up(request: Any, number: int) -> HttpResponse:
        return JsonResponse(request.session_of_shop.execute(FIND, (number,)).one())

    def hold(request: Any) -> HttpResponse:
        request.session_of_shop.execute("SELECT 1")
        shop.gate.wait()
        return HttpResponse("held")

    def write(request: Any) -> HttpResponse:
        request.session_of_shop.execute("INSERT 1")
        return HttpResponse("written")

    return _patterns(place, look_up, hold, write)


def async_views(shop: Shop) -> list[Any]:
    """For tasks."""

    async def place(request: Any, number: int) -> HttpResponse:
        await request.session_of_shop.execute(PLACE, (number, request.GET.get("customer")))
        return _finish(request.GET["end"])

    async def look_up(request: Any, number: int) -> HttpResponse:
        return JsonResponse(await request.session_of_shop.execute(FIND, (number,)).one())

    async def hold(request: Any) -> HttpResponse:
        await request.session_of_shop.execute("SELECT 1")
        await asyncio.to_thread(shop.gate.wait)
        return HttpResponse("held")

    async def write(request: Any) -> HttpResponse:
        await request.session_of_shop.execute("INSERT 1")
        return HttpResponse("written")

    return _patterns(place, look_up, hold, write)


def _patterns(place: Any, look_up: Any, hold: Any, write: Any) -> list[Any]:
    return [
        path("orders/<int:number>", place),
        path("found/<int:number>", look_up),
        path("held", hold),
        path("unknown", write),
    ]
