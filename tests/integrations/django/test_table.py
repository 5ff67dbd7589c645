"""The middleware of the documentation keeps what every integration keeps, in Django by WSGI and by ASGI."""

# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test.utils import override_settings
from django.urls import clear_url_caches

from tests.integrations.django import site
from tests.integrations.health.served import serve_asgi, serve_wsgi
from tests.integrations.pages import names_of
from tests.integrations.table import ServedTable, Shop

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

SITE = site.__name__


class DjangoTable(ServedTable):
    """What both have in common."""

    @pytest.fixture(autouse=True)
    def in_a_folder_of_its_own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the page makes its database."""
        (tmp_path / "page").mkdir()
        monkeypatch.chdir(tmp_path / "page")

    def open_site(self, shop: Shop, patterns: list[Any]) -> None:
        """Its middleware is that of the page, and its views are those of the shop."""
        site.page = names_of("web-others.md", until="Sanic")
        site.page["spec"].close()
        site.page["spec"] = shop.spec
        site.urlpatterns[:] = patterns
        clear_url_caches()


class TestThreads(DjangoTable):
    """Views in threads."""

    def make_app(self, shop: Shop) -> Any:
        """By WSGI."""
        self.open_site(shop, site.views(shop))
        with override_settings(MIDDLEWARE=[f"{SITE}.Escape", f"{SITE}.session_middleware"]):
            return WSGIHandler()

    def serve(self, app: Any) -> Any:
        """With a thread for each request."""
        return serve_wsgi(app)


class TestTasks(DjangoTable):
    """Views in the event loop."""

    def make_app(self, shop: Shop) -> Any:
        """By ASGI."""
        self.open_site(shop, site.async_views(shop))
        with override_settings(MIDDLEWARE=[f"{SITE}.Escape", f"{SITE}.async_session_middleware"]):
            return ASGIHandler()

    @contextmanager
    def serve(self, app: Any) -> Generator[str]:
        """By uvicorn, without a lifespan, which Django has not."""
        with serve_asgi(app, lifespan="off") as url:
            yield url
