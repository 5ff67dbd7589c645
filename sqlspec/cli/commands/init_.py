"""`sqlspec init`: a configuration to begin with, for what is installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlspec import SQLSpec
from sqlspec.cli.failures import FINE, PROBLEM
from sqlspec.cli.found import FILES
from sqlspec.cli.output import complain, say
from sqlspec.errors import AdapterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec import DatabaseConfig

    ConfigType = type[DatabaseConfig[Any, Any, Any, Any]]

__all__ = ("command",)

_PREFERRED = ("duckdb", "sqlite")
"""Databases that are a file, the best first."""
_TOP = """\
# The databases of this application. Python reads it as it is:
#
#     from sqlspec import SQLSpec
#
#     spec = SQLSpec.from_file("{file}")
#
# ${{NAME}} stands for a variable of the environment: passwords belong there, and not into this file.
# `sqlspec check` finds mistakes in it, and `sqlspec schema` prints all options.

default = "main"

[databases.main]
url = "{adapter}:///app.db"
"""
_MORE = """
# [databases.{name}]
# url = "{name}://user:${{{variable}_PASSWORD}}@localhost"
# pool_size = 10
"""


@click.command("init")
@click.option(
    "--adapter", metavar="NAME", help="Of the first database, which is a file.  [default: duckdb or sqlite]"
)
def command(*, adapter: str | None) -> int:
    """Write sqlspec.toml in this folder: a database in a file, and examples for the other adapters."""
    there = next((name for name in FILES if os.path.lexists(name)), None)
    if there is not None:
        complain(f"sqlspec: {there} is there already, and stays as it is. Type: sqlspec check {there}")
        return PROBLEM
    types = dict(_installed())
    local = [name for name in types if "host" not in types[name].url_fields]
    chosen = adapter or next((name for name in _PREFERRED if name in local), None)
    if chosen is None:
        complain(
            "sqlspec: no adapter for a database in a file is installed. "
            "Type: pip install 'sqlspec-sqlite>=1.0'"
        )
        return PROBLEM
    if chosen not in local:
        raise click.UsageError(f"--adapter is one of: {', '.join(local) or 'none is installed'}")
    _write(Path(FILES[0]), _text(chosen, types))
    say(f'{FILES[0]} is written. Next:\n  sqlspec doctor\n  sqlspec query main "SELECT 1"')
    return FINE


def _installed() -> Iterator[tuple[str, ConfigType]]:
    plugins = SQLSpec().plugins
    for one in list(plugins):
        if one.kind == "adapter" and one.status in {"available", "loaded"}:
            try:
                yield one.name, plugins.config_type(one.name)
            except AdapterError:  # `sqlspec doctor` says why
                continue


def _text(chosen: str, types: dict[str, ConfigType]) -> str:
    text = _TOP.format(file=FILES[0], adapter=chosen)
    for name, config_type in types.items():
        if "host" in config_type.url_fields:
            text += _MORE.format(name=name, variable=name.upper().replace("-", "_"))
    return text


def _write(path: Path, text: str) -> None:
    """For its owner alone: sooner or later somebody writes a password into it."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(number, "w", encoding="utf-8") as file:  # noqa: PTH123 - it is open already
        file.write(text)
