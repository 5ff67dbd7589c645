"""`sqlspec check`: mistakes in a configuration, all of them, without connecting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sqlspec import SQLSpec
from sqlspec.cli.failures import FINE, PROBLEM
from sqlspec.cli.found import Found, find
from sqlspec.cli.options import json_option
from sqlspec.cli.output import say, say_json
from sqlspec.errors import ConfigEntryError, ConfigFileError, ConfigSourceError

__all__ = ("command",)


@click.command("check")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path())
@click.option(
    "--env", "prefix", metavar="PREFIX", help="Check the environment: PREFIX_URL, PREFIX_NAME_URL …"
)
@click.option("--profile", metavar="NAME", help="The profile of the file.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, files: tuple[str, ...], *, prefix: str | None, profile: str | None, is_json: bool
) -> int:
    """Check FILE, or the variables with a PREFIX, or else the configuration that other commands would use.

    Several FILEs are laid over one another; the later win. Connects to nothing.
    Exit code 1 if anything is wrong.
    """
    if files and prefix is not None:
        raise click.UsageError("give a FILE or --env PREFIX, not both")
    if prefix is not None and profile is not None:
        raise click.UsageError("the environment has no profiles; leave --profile out")
    before, profile_before = ctx.find_root().obj
    try:
        names, place = _read(files or before, prefix, profile or profile_before)
    except ConfigSourceError as exc:
        _report(exc, is_json=is_json)
        return PROBLEM
    if is_json:
        say_json({"place": place, "databases": names, "errors": []})
    else:
        say(f"{place}: fine. Databases: {', '.join(names)}")
    return FINE


def _read(files: tuple[str, ...], prefix: str | None, profile: str | None) -> tuple[list[str], str]:
    if prefix is None:
        found = Found(tuple(map(Path, files)), "", profile) if files else find(profile=profile)
        return list(found.registry().names), found.place
    spec = SQLSpec()
    spec.register_from_env(prefix)
    return list(spec.names), "the environment"


def _report(error: ConfigSourceError, *, is_json: bool) -> None:
    if is_json:
        say_json({"databases": [], "errors": [_described(one) for one in error.exceptions]})
        return
    for one in error.exceptions:
        say(str(one))


def _described(error: ConfigEntryError) -> dict[str, Any]:
    where: dict[str, Any] = {"place": error.place, "key": error.key, "message": str(error)}
    if isinstance(error, ConfigFileError):
        where |= {"file": str(error.path), "line": error.line, "column": error.column}
    return where
