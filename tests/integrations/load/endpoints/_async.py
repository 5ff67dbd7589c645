# The source of _sync.py, which tools/print_sync.py prints from it.
"""The endpoints that use a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastapi import APIRouter, HTTPException
from fastapi.responses import StreamingResponse

from sqlspec import AsyncSession
from sqlspec.integrations.fastapi import session
from tests.integrations.load.orders import REFUSED, STORED, Ending
from tests.integrations.load.registry import DOOM, settings, spec

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("router",)

Writing: TypeAlias = Annotated[AsyncSession, session(spec, "shop")]
Reading: TypeAlias = Annotated[AsyncSession, session(spec, "shop", autocommit=True)]

router = APIRouter()


class EndpointError(Exception):
    """What an endpoint raises on purpose."""


@router.post("/orders/{number}", status_code=STORED, response_model=None)
async def place(number: int, ending: Ending, db: Writing) -> Any:
    """Writes to two tables; then it ends as it is told."""
    await db.execute("INSERT INTO orders (id) VALUES (?)", (number,))
    await db.execute("INSERT INTO audit (id, boss) VALUES (?, ?)", (number, number))
    if ending == "crash":
        raise EndpointError
    if ending == "refuse":
        raise HTTPException(REFUSED)
    if ending == "commit":
        await doom(db, number)
    if ending == "stream":
        return StreamingResponse(chunks(number), STORED)
    return number


async def doom(db: AsyncSession, number: int) -> None:
    """Make sure that COMMIT fails."""
    ours, theirs = DOOM[settings["dialect"]]
    found = await db.execute(ours.format(number)).scalar()
    if theirs is not None and number not in settings["spared"]:
        async with spec.provide_session("rival") as rival:
            await rival.execute(theirs.format(found))


def chunks(number: int) -> Iterator[str]:
    """A long answer."""
    for _ in range(20):
        yield f"{number},"


@router.get("/orders/{number}")
async def find(number: int, db: Reading) -> dict[str, Any]:
    """The order, if it is in both tables; 404 if it is in none."""
    query = "SELECT o.id, a.boss FROM orders o LEFT JOIN audit a ON a.id = o.id WHERE o.id = ?"
    return await db.execute(query, (number,)).one()
