# pyright: reportUnknownParameterType=false, reportMissingImports=false
"""The load's shop by SQLAlchemy: a sync generator as dependency, which commits behind its `yield`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from tests.integrations.load.orders import REFUSED, STORED, Ending

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("app",)

settings: dict[str, Any] = json.loads(os.environ["SHOP"])
engine = create_engine(
    settings["url"], pool_size=settings["pool_size"], max_overflow=0, pool_timeout=settings["pool_timeout"]
)
app = FastAPI()


def get_db() -> Iterator[Session]:
    """As in countless applications."""
    with Session(engine) as session:
        yield session
        session.commit()


Lent: TypeAlias = Annotated[Session, Depends(get_db)]


class EndpointError(Exception):
    """What an endpoint raises on purpose."""


@app.post("/orders/{number}", status_code=STORED, response_model=None)
def place(number: int, ending: Ending, db: Lent) -> Any:
    """As the other shop does it."""
    db.execute(text("INSERT INTO orders (id) VALUES (:id)"), {"id": number})
    db.execute(text("INSERT INTO audit (id, boss) VALUES (:id, :id)"), {"id": number})
    if ending == "crash":
        raise EndpointError
    if ending == "refuse":
        raise HTTPException(REFUSED)
    if ending == "commit":
        db.execute(text("UPDATE audit SET boss = -1 WHERE id = :id"), {"id": number})
    if ending == "stream":
        return StreamingResponse((f"{number}," for _ in range(20)), STORED)
    return number


@app.get("/orders/{number}")
def find(number: int, db: Lent) -> dict[str, Any]:
    """The order, or 404."""
    row = db.execute(text("SELECT id FROM orders WHERE id = :id"), {"id": number}).one_or_none()
    if row is None:
        raise HTTPException(404)
    return {"id": row.id}


@app.get("/stats")
async def stats() -> dict[str, int]:
    """Which process this is."""
    return {"pid": os.getpid()}
