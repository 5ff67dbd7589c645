"""A registry, and an application on it whose endpoints take a sync or an async session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI

from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.integrations.fastapi import exception_handlers
from tests.integrations.shops import client_of, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import httpx2


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[SQLSpec]:
    """A shop, all of whose connections are idle in the end."""
    with SQLSpec() as spec:
        open_shop(spec, tmp_path)
        yield spec
        assert spec.stats("shop").in_use == 0


@pytest.fixture
def app() -> FastAPI:
    """Without routes. Its errors are answered."""
    return FastAPI(exception_handlers=exception_handlers())


@pytest.fixture(params=[AsyncSession, Session])
def kind(request: pytest.FixtureRequest) -> Any:
    """The class of the sessions."""
    return request.param


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Asks the application."""
    async with client_of(app) as client:
        yield client
