"""The shop behind a server with several processes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sqlspec_testkit.servers.ports import free_port

from .client import HOST, ask

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator, Callable

__all__ = ("SERVERS", "ServerName", "Site", "is_idle", "served")

ServerName: TypeAlias = Literal["uvicorn", "gunicorn"]
SERVERS: tuple[ServerName, ...] = ("uvicorn", "gunicorn")
ROOT = Path(__file__).parents[3]
PATIENCE = 60.0
AT_LAST = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception|Warning|Interrupt))\b", re.MULTILINE)
"""The last line of a traceback, or a warning."""


class Site:
    """What runs."""

    def __init__(self, process: Process, port: int, workers: int, log: Path) -> None:
        self.port, self._process, self._workers, self._log = port, process, workers, log

    async def workers(self, *, until: Callable[[dict[str, Any]], bool] = bool) -> list[dict[str, Any]]:
        """What each process says of itself, once that is as *until* wants it."""
        found: dict[int, dict[str, Any]] = {}
        deadline = time.monotonic() + PATIENCE
        while len(found) < self._workers:
            is_patient = self._process.returncode is None and time.monotonic() < deadline
            assert is_patient, (found, self._log.read_text())
            # Several at once: one process that is idle might take all that come one by one.
            answers = await asyncio.gather(*(self._stats() for _ in range(8)))
            found |= {told["pid"]: told for told in answers if told and until(told)}
            await asyncio.sleep(0.05)
        return list(found.values())

    async def _stats(self) -> dict[str, Any]:
        """Nothing as long as no process listens."""
        try:
            return (await ask(self.port, "GET", "/stats")).json()  # type: ignore[no-any-return]  # is JSON
        except (OSError, EOFError):
            return {}

    def raised(self) -> set[str]:
        """The exceptions and warnings in the server's log."""
        lines = self._log.read_text().splitlines()
        # uvicorn's parent does not close the socket that it listens on.
        ours = "\n".join(line for line in lines if f"laddr=('{HOST}', {self.port})>" not in line)
        return set(AT_LAST.findall(ours))


def _uvicorn(workers: int, port: int) -> list[str]:
    return [
        "uvicorn", "--workers", str(workers), "--host", HOST, "--port", str(port), "--ws", "none",
        "--no-access-log", "--lifespan", "on",
    ]  # fmt: skip


def _gunicorn(workers: int, port: int) -> list[str]:
    """It loads the application before the fork, and cancels a request at once when its client goes away."""
    return [
        "gunicorn", "--preload", "--worker-class", "asgi", "--workers", str(workers),
        "--bind", f"{HOST}:{port}", "--asgi-lifespan", "on", "--asgi-loop", "asyncio",
        "--asgi-disconnect-grace-period", "0",
        "--no-control-socket",  # it would stand in $HOME
    ]  # fmt: skip


@asynccontextmanager
async def served(
    server: ServerName,
    settings: dict[str, Any],
    folder: Path,
    *,
    workers: int = 2,
    app: str = "tests.integrations.load.shop:app",
) -> AsyncGenerator[Site]:
    """The shop inside of the block; it stops in good order."""
    port, log = free_port(), folder / "log"
    command = ["-W", "error", "-m", *(_uvicorn if server == "uvicorn" else _gunicorn)(workers, port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SHOP": json.dumps({"spared": [], **settings})}
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            app,
            env=environment,
            cwd=folder,
            stdout=out,
            stderr=out,
        )
    site = Site(process, port, workers, log)
    try:
        await site.workers()
        yield site
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself, which the next line does not take
            process.terminate()
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() in {0, -signal.SIGTERM}, log.read_text()


def is_idle(worker: dict[str, Any]) -> bool:
    """Whether nobody has a connection of this process, or waits for one."""
    return all(pool["in_use"] == pool["waiting"] == pool["opening"] == 0 for pool in worker["pools"].values())
