"""`sqlspec adapters`: what is installed; a new adapter; the report of a kit's run."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
import msgspec

from sqlspec import SQLSpec
from sqlspec.cli.failures import PROBLEM
from sqlspec.cli.options import json_option
from sqlspec.cli.output import complain, say_json, say_table

__all__ = ("command",)

_KIT = "sqlspec_testkit"


@click.group("adapters", invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, *, is_json: bool) -> None:
    """List adapters and plugins, without importing them. `new` and `report` are for authors of adapters."""
    if ctx.invoked_subcommand is not None:
        if is_json:
            raise click.UsageError("--json is for the list; leave it out here")
        return
    plugins = list(SQLSpec().plugins)
    if is_json:
        say_json([msgspec.structs.asdict(one) for one in plugins])
        return
    say_table(
        ("NAME", "KIND", "STATUS", "DISTRIBUTION", "VERSION"),
        [(one.name, one.kind, one.status, one.distribution, one.version) for one in plugins],
    )
    for one in plugins:
        if one.error:
            complain(one.error)


@command.command("new")
@click.argument("name")
@click.option("--async", "is_async", is_flag=True, help="For an async driver.")
@click.option("--no-sql", is_flag=True, help="For a database without SQL.")
def new(name: str, *, is_async: bool, no_sql: bool) -> Any:
    """Write the distribution of a new adapter, sqlspec-NAME, in this folder."""
    options = [*(["--async"] if is_async else []), *(["--no-sql"] if no_sql else [])]
    return _kit("scaffold", [*options, "--", name])


@command.command("report")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--into", type=click.Path(), metavar="PAGE.md", help="Replace the table of that page.")
@click.option("--counts", is_flag=True, help="Also how many tests passed, and versions.")
def report(files: tuple[str, ...], *, into: str | None, counts: bool) -> Any:
    """Print a table of what adapters can do, from FILEs of `pytest --sqlspec-report=FILE`."""
    options = [*(["--into", into] if into else []), *(["--counts"] if counts else [])]
    return _kit("report", [*options, "--", *files])


def _kit(tool: str, words: list[str]) -> int:
    """Run one of the test kit's commands; its exit code."""
    try:
        module = import_module(f"{_KIT}.{tool}.__main__")
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.partition(".")[0] != _KIT:
            raise
        complain(
            "sqlspec: this is in the test kit, which is not installed. "
            "Type: pip install 'sqlspec-testkit>=1.0'"
        )
        return PROBLEM
    code: int = module.main(words)
    return code
