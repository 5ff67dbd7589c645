# Printed from _async.py by tools/print_sync.py; do not edit.
"""The endpoints that use a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastapi import APIRouter, HTTPException
from fastapi.responses import StreamingResponse

from sqlspec import Session
from sqlspec.integrations.fastapi import session
from tests.integrations.load.orders import REFUSED, STORED, Ending
from tests.integrations.load.registry import DOOM, settings, spec

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("router",)

Writing: TypeAlias = Annotated[Session, session(spec, "shop")]
Reading: TypeAlias = Annotated[Session, session(spec, "shop", autocommit=True)]

router = APIRouter()


class EndpointError(Exception):
    """What an endpoint raises on purpose."""


@router.post("/orders/{number}", status_code=STORED, response_model=None)
def place(number: int, ending: Ending, db: Writing) -> Any:
    """Writes to two tables; then it ends as it is told."""
    db.execute("INSERT INTO orders (id) VALUES (?)", (number,))
    db.execute("INSERT INTO audit (id, boss) VALUES (?, ?)", (number, number))
    if ending == "crash":
        raise EndpointError
    if ending == "refuse":
        raise HTTPException(REFUSED)
    if ending == "commit":
        doom(db, number)
    if ending == "stream":
        return StreamingResponse(chunks(number), STORED)
    return number


def doom(db: Session, number: int) -> None:
    """Make sure that COMMIT fails."""
    ours, theirs = DOOM[settings["dialect"]]
    found = db.execute(ours.format(number)).scalar()
    if theirs is not None and number not in settings["spared"]:
        with spec.provide_session("rival") as rival:
            rival.execute(theirs.format(found))


def chunks(number: int) -> Iterator[str]:
    """A long answer."""
    for _ in range(20):
        yield f"{number},"


@router.get("/orders/{number}")
def find(number: int, db: Reading) -> dict[str, Any]:
    """The order, if it is in both tables; 404 if it is in none."""
    query = "SELECT o.id, a.boss FROM orders o LEFT JOIN audit a ON a.id = o.id WHERE o.id = ?"
    return db.execute(query, (number,)).one()
