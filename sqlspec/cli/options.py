"""Options and arguments that several commands have."""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sqlspec.errors import SQLSpecError

from .found import Found, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

__all__ = ("complete_database", "config_options", "json_option", "with_config")

F = TypeVar("F", bound="Callable[..., Any]")

json_option = click.option("--json", "is_json", is_flag=True, help="Print JSON, for programs.")


def config_options(function: F) -> F:
    """`--config` and `--profile`."""
    profile = click.option("--profile", metavar="NAME", help="The profile of the configuration file.")
    config = click.option(
        "-c",
        "--config",
        metavar="FILE",
        multiple=True,
        type=click.Path(dir_okay=False),
        help="The configuration; of several files the later win. Else SQLSPEC_CONFIG, pyproject.toml, "
        "sqlspec.toml, .yaml or .json in this folder or above, DATABASE_URL.",
    )
    return config(profile(function))


def with_config(function: F) -> F:
    """For a command that uses the configuration: gives it a `Found` as its first argument."""

    @click.pass_context
    def command(ctx: click.Context, /, config: tuple[str, ...], profile: str | None, **given: Any) -> Any:
        return ctx.invoke(function, _found(ctx, config, profile), **given)

    return config_options(update_wrapper(command, function))  # type: ignore[return-value] # what click calls


def complete_database(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of databases that begin so. What is wrong with the configuration is not said here."""
    from click.shell_completion import CompletionItem

    try:
        names = _found(ctx, ctx.params.get("config") or (), ctx.params.get("profile")).registry().names
    except (SQLSpecError, OSError):
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _found(ctx: click.Context, config: tuple[str, ...], profile: str | None) -> Found:
    """As this command was told, or else the program before it."""
    before: tuple[tuple[str, ...], str | None] = ctx.find_root().obj or ((), None)
    return find(config or before[0], profile or before[1])
