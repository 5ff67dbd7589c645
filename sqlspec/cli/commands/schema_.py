"""`sqlspec schema`."""

from __future__ import annotations

import click

from sqlspec import SQLSpec
from sqlspec.cli.output import say_json

__all__ = ("command",)


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of configuration files, for the adapters that are installed."""
    say_json(SQLSpec.json_schema())
