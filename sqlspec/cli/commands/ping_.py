"""`sqlspec ping`: signs of life."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import click

from sqlspec.cli.failures import FINE, PROBLEM
from sqlspec.cli.options import complete_database, json_option, with_config
from sqlspec.cli.output import say_json, say_table
from sqlspec.cli.running import chosen_name, run
from sqlspec.errors import AdapterError, AuthenticationError, SQLSpecError

if TYPE_CHECKING:
    from sqlspec import SQLSpec
    from sqlspec.cli.found import Found

__all__ = ("command",)

_PAUSE = 0.25
_SECONDS = click.FloatRange(min=0, min_open=True, max=86_400)
_HOPELESS = (AdapterError, AuthenticationError)
"""What no waiting makes better."""


@click.command("ping")
@click.argument("name", required=False, shell_complete=complete_database)
@click.option("--all", "is_all", is_flag=True, help="Every database.")
@click.option(
    "--timeout", type=_SECONDS, default=5.0, show_default=True, metavar="S", help="Seconds for one try."
)
@click.option("--wait", type=_SECONDS, metavar="S", help="Try again for so many seconds, until it answers.")
@json_option
@with_config
def command(
    found: Found, *, name: str | None, is_all: bool, timeout: float, wait: float | None, is_json: bool
) -> int:
    """Connect to NAME, or to the default, and ask for a sign of life. Exit code 1 if there is none."""
    if name is not None and is_all:
        raise click.UsageError("give a NAME or --all, not both")

    async def work(spec: SQLSpec) -> list[dict[str, Any]]:
        names = spec.names if is_all else (chosen_name(spec, name),)
        return await asyncio.gather(*(_ping(spec, one, timeout, wait) for one in names))

    rows = run(found, work)
    if is_json:
        say_json(rows)
    else:
        say_table(
            ("NAME", "STATUS", "MILLISECONDS", "ERROR"),
            [(row["name"], row["status"], _milliseconds(row["seconds"]), row["error"]) for row in rows],
        )
    return FINE if all(row["status"] == "ok" for row in rows) else PROBLEM


async def _ping(spec: SQLSpec, name: str, timeout: float, wait: float | None) -> dict[str, Any]:
    until = time.monotonic() + (wait or 0.0)
    while True:
        try:
            seconds = await spec.aping(name, timeout=timeout)
        except SQLSpecError as exc:
            if isinstance(exc, _HOPELESS) or time.monotonic() + _PAUSE >= until:
                error = f"{type(exc).__name__}: {exc}"
                return {"name": name, "status": "problem", "seconds": None, "error": error}
            await asyncio.sleep(_PAUSE)
        else:
            return {"name": name, "status": "ok", "seconds": seconds, "error": None}


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.1f}"
