"""`sqlspec list`: the databases, and how they are reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sqlspec.cli.options import json_option, with_config
from sqlspec.cli.output import complain, say_json, say_table

if TYPE_CHECKING:
    from sqlspec import DatabaseConfig, SQLSpec
    from sqlspec.cli.found import Found

__all__ = ("command",)


@click.command("list")
@json_option
@with_config
def command(found: Found, *, is_json: bool) -> None:
    """List the databases of the configuration, without connecting.

    Only options that are not as they are by default; passwords are masked.
    """
    spec = found.registry()
    rows = [_described(spec, name, config) for name, config in spec.configs.items()]
    if is_json:
        say_json({"configuration": found.place, "reason": found.reason, "databases": rows})
        return
    complain(f"Configuration: {found.place} ({found.reason})")
    say_table(
        ("NAME", "ADAPTER", "DEFAULT", "OPTIONS"),
        [
            (
                row["name"],
                row["adapter"],
                "yes" if row["default"] else "",
                " ".join(f"{option}={value}" for option, value in row["options"].items()),
            )
            for row in rows
        ],
    )


def _described(spec: SQLSpec, name: str, config: DatabaseConfig[Any, Any, Any, Any]) -> dict[str, Any]:
    # What repr() shows, which masks what is secret.
    options = {option: _text(value) for option, value in config.__rich_repr__()}
    is_default = name == spec.default_config_name
    return {"name": name, "adapter": config.adapter, "default": is_default, "options": options}


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
