"""Three pages that can be read, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path

    from sqlspec import SQLSpec

    from .sites import Site

PAGES = ("/live", "/ready", "/metrics")


async def test_live_says_so_whatever_the_databases_do(site: Site, spec: SQLSpec, tmp_path: Path) -> None:
    """It touches none: this one could not be opened."""
    spec.register_config(SQLiteConfig(database=str(tmp_path / "no" / "such.db")), "main")

    response = await site.ask("/live")

    assert (response.status_code, response.json()) == (200, {"status": "live"})
    assert spec.stats("main").opened == 0


async def test_live_says_so_after_the_registry_was_closed(site: Site, spec: SQLSpec) -> None:
    """It is the process that lives."""
    spec.close()

    assert (await site.ask("/live")).status_code == 200


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_has_one_slash_more_if_you_like(site: Site, page: str) -> None:
    """As proxies add it."""
    assert (await site.ask(page + "/")).status_code == 200


@pytest.mark.parametrize("page", PAGES)
async def test_nobody_keeps_a_page(site: Site, page: str) -> None:
    """Neither a proxy nor a browser."""
    assert (await site.ask(page)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("page", PAGES)
async def test_head_is_get_without_the_content(site: Site, page: str) -> None:
    """With its length."""
    response = await site.ask(page, "HEAD")

    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) > 10
    assert response.headers["content-type"] == (await site.ask(page)).headers["content-type"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("page", PAGES)
async def test_a_page_can_only_be_read(site: Site, page: str, method: str) -> None:
    """The answer says how."""
    response = await site.ask(page, method)

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/", "/health", "/live/x", "/live//", "/LIVE", "/readyz", "//live", "/ready/main"]
)
async def test_there_is_no_other_page(site: Site, path: str) -> None:
    """A plain sentence says which there are."""
    response = await site.ask(path)

    assert response.status_code == 404
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "/live, /ready and /metrics" in response.text


async def test_what_is_asked_after_the_path_does_not_matter(site: Site) -> None:
    """Load balancers add numbers against caches."""
    assert (await site.ask("/live?t=17")).status_code == 200
