"""`sqlspec version`."""

from __future__ import annotations

import platform
from typing import Any

import click

from sqlspec import SQLSpec, __version__
from sqlspec.cli.options import json_option
from sqlspec.cli.output import say_json, say_table

__all__ = ("command",)


@click.command("version")
@json_option
def command(*, is_json: bool) -> None:
    """Print the versions of sqlspec, of Python, and of the adapters and plugins that are installed."""
    plugins = {one.distribution: one.version for one in SQLSpec().plugins if one.distribution}
    versions: dict[str, Any] = {"sqlspec": __version__, "python": platform.python_version(), **plugins}
    if is_json:
        say_json(versions)
    else:
        say_table(("WHAT", "VERSION"), list(versions.items()))
