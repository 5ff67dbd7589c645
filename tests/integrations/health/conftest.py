"""Both sides of every test, and a registry of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec

from .sites import SIDES, SideName, Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


@pytest.fixture(params=SIDES)
def side(request: pytest.FixtureRequest) -> Any:
    """ASGI and WSGI."""
    return request.param


@pytest.fixture
async def spec() -> AsyncIterator[SQLSpec]:
    """An empty registry, closed in the end."""
    async with SQLSpec() as spec:
        yield spec


@pytest.fixture
def new_site(side: SideName, spec: SQLSpec) -> Iterator[Callable[..., Site]]:
    """Makes an application with options, for that side and registry."""
    sites: list[Site] = []

    def new_site(**options: Any) -> Site:
        sites.append(Site(side, spec, **options))
        return sites[-1]

    yield new_site
    for site in sites:
        site.close()


@pytest.fixture
def site(new_site: Callable[..., Site]) -> Site:
    """An application without options."""
    return new_site()
