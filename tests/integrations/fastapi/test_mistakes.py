"""What is written in another way than it works: refused where it is declared, with what to write."""

from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI

from sqlspec import AsyncSession, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import InvalidArgumentError
from sqlspec.integrations.fastapi import session
from tests.integrations.shops import PLACE, orders


@pytest.mark.parametrize(
    "annotation", [Any, object, "nothing", str, dict[str, int], AsyncSession | None, SQLiteConfig]
)
def test_a_parameter_without_a_sessions_class_is_refused(spec: SQLSpec, annotation: Any) -> None:
    """It would not be known whether the session is awaited."""
    lent = session(spec, "shop")

    def read(database: Any = lent) -> None: ...

    read.__annotations__ = {} if annotation == "nothing" else {"database": annotation}

    with pytest.raises(InvalidArgumentError, match=r"write Annotated\[AsyncSession, session"):
        FastAPI().get("/")(read)


def test_a_session_within_depends_is_refused(spec: SQLSpec) -> None:
    """It is a dependency itself."""

    async def read(database: Annotated[AsyncSession, Depends(session(spec, "shop"))]) -> None: ...

    with pytest.raises(InvalidArgumentError, match=r"without Depends: write Annotated\[AsyncSession"):
        FastAPI().get("/")(read)


async def test_an_endpoint_that_can_not_await_gets_no_session_to_await(
    app: FastAPI, spec: SQLSpec, client: httpx2.AsyncClient
) -> None:
    """Its statement would never run, and the client would hear that all went well."""
    lent = session(spec, "shop")

    def place(database: Annotated[AsyncSession, lent]) -> None:
        database.execute(PLACE, (1, None))

    app.post("/")(place)
    # What only hands it on may be a `def`, or a class.
    app.post("/handed-on")(handing_on(lent))

    with pytest.raises(InvalidArgumentError, match=r"nobody awaits in place\(\).* annotate with Session"):
        await httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://shop").post("/")
    assert (await client.post("/handed-on")).status_code == 200
    assert orders(spec) == [2]


def handing_on(lent: Any) -> Any:
    """An endpoint that gets its session by way of a class."""

    class Shop:
        def __init__(self, database: Annotated[AsyncSession, lent]) -> None:
            self.database = database

    async def place(shop: Annotated[Shop, Depends(Shop)]) -> None:
        await shop.database.execute(PLACE, (2, None))

    return place


@pytest.mark.parametrize("commit_on", [200, None, "200", ["200"], [], {2000}])
def test_what_names_no_status_is_refused(spec: SQLSpec, commit_on: Any) -> None:
    """Nothing would ever be stored, or an error would come after the work."""
    with pytest.raises(InvalidArgumentError, match=r"write range\(200, 400\)"):
        session(spec, "shop", commit_on=commit_on)
