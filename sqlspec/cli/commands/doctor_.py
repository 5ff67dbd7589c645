"""`sqlspec doctor`: all of it, and what to do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click
import msgspec

from sqlspec import SQLSpec
from sqlspec.cli.doctor import Finding
from sqlspec.cli.doctor.configuration import opened, permissions
from sqlspec.cli.doctor.connections import connections
from sqlspec.cli.doctor.installed import installed
from sqlspec.cli.failures import FINE, PROBLEM
from sqlspec.cli.found import find
from sqlspec.cli.options import config_options, json_option
from sqlspec.cli.output import say_json, say_table
from sqlspec.errors import UsageError

if TYPE_CHECKING:
    from sqlspec.cli.found import Found

__all__ = ("command",)


@click.command("doctor")
@json_option
@config_options
@click.pass_context
def command(ctx: click.Context, *, config: tuple[str, ...], profile: str | None, is_json: bool) -> int:
    """Look at what is installed, the configuration and every database. Exit code 1 if there is a problem.

    A warning is no problem. Each line that is not well says what to do.
    """
    before: tuple[tuple[str, ...], str | None] = ctx.find_root().obj
    try:
        found = find(config or before[0], profile or before[1])
    except UsageError as exc:
        missing = Finding("configuration", "problem", str(exc), "Type: sqlspec init")
        findings = [*installed(SQLSpec(), ()), missing]
    else:
        findings = asyncio.run(_examine(found))
    if is_json:
        say_json([msgspec.structs.asdict(one) for one in findings])
    else:
        say_table(
            ("STATUS", "WHAT", "FOUND", "TO DO"),
            [(one.status, one.subject, one.message, one.advice) for one in findings],
        )
    return PROBLEM if any(one.status == "problem" for one in findings) else FINE


async def _examine(found: Found) -> list[Finding]:
    spec, configured = opened(found)
    if spec is None:
        return [*installed(SQLSpec(), ()), *configured]
    async with spec:
        used = {config.adapter for config in spec.configs.values()}
        return [
            *installed(spec, used),
            *configured,
            *permissions(found, spec),
            *[finding async for finding in connections(spec)],
        ]
