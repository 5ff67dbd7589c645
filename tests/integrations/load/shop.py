"""A shop that servers serve: `tests.integrations.load.shop:app`."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Annotated, Any, TypeAlias

import msgspec
from fastapi import FastAPI

from sqlspec import AsyncSession, Session
from sqlspec.integrations.fastapi import exception_handlers, lifespan, session

from .registry import settings, spec

if settings["is_async"]:
    from .endpoints._async import router
else:
    from .endpoints._sync import router

__all__ = ("app",)

app = FastAPI(lifespan=lifespan(spec), exception_handlers=exception_handlers())
app.include_router(router)


Lent: TypeAlias = Annotated[Session, session(spec, "shop")]
LentToTask: TypeAlias = Annotated[AsyncSession, session(spec, "shop")]

# Where those wait that hold a session.
gate_of_threads, gate_of_tasks = threading.Event(), asyncio.Event()


def hold(db: Lent) -> None:
    """Keep a connection, and a thread, until the gate opens."""
    db.execute("SELECT 1")
    gate_of_threads.wait()


async def hold_in_task(db: LentToTask) -> None:
    """Keep a connection until the gate opens."""
    await db.execute("SELECT 1")
    await gate_of_tasks.wait()


app.get("/hold")(hold_in_task if settings["is_async"] else hold)


@app.post("/open")
async def open_gate() -> None:
    """Let all go on that hold a session."""
    gate_of_threads.set()
    gate_of_tasks.set()


@app.get("/stats")
async def stats() -> dict[str, Any]:
    """Which worker this is, its threads and its pools."""
    pools = {name: msgspec.to_builtins(spec.stats(name)) for name in ("shop", "rival")}
    return {"pid": os.getpid(), "threads": threading.active_count(), "pools": pools}
