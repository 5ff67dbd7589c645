"""The program: its commands, those of plugins, and what becomes of whatever they raise."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sqlspec.errors import SQLSpecError, did_you_mean

from .failures import FINE, INTERRUPTED, exit_code, lines_of, notes_of
from .options import config_options
from .output import close_output, complain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("program",)

COMMANDS = {
    "adapters": "What is installed; new adapters.",
    "check": "Look for mistakes in a configuration, without connecting.",
    "completion": "Print what makes a shell complete commands and names.",
    "copy": "Copy a table from one database to another.",
    "doctor": "Look at everything, and say what to do about it.",
    "init": "Write a configuration to begin with.",
    "list": "List the databases.",
    "load": "Load a file into a table.",
    "ping": "Ask databases for a sign of life.",
    "query": "Run one statement and print its rows.",
    "schema": "Print the JSON Schema of configuration files.",
    "version": "Print versions.",
}
"""The commands, each a file of `commands/`, imported when it is called, and what they do."""


class Program(click.Group):
    """The command `sqlspec`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - of every group
        """Ours, then those of plugins."""
        try:
            return [*COMMANDS, *sorted(_plugin_commands())]
        except SQLSpecError as exc:
            for line in lines_of(exc):
                complain(f"sqlspec: {line}")
            return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """One of ours is imported now; no plugin is asked about it."""
        if cmd_name in COMMANDS:
            module = import_module(f"sqlspec.cli.commands.{cmd_name}_")
            command: click.Command = module.command
            return command
        return _plugin_commands().get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help text, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._summary(ctx, name)) for name in self.list_commands(ctx)])

    def _summary(self, ctx: click.Context, name: str) -> str:
        if name in COMMANDS:
            return COMMANDS[name]
        command = self.get_command(ctx, name)
        return "" if command is None else command.get_short_help_str(limit=70)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """With the nearest spelling for what is no command."""
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            ctx.fail(f"no command {name!r}. {did_you_mean(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it. A reader of our output who has gone away is no mistake of anybody."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            close_output()
            return FINE

    def main(  # type: ignore[override] # always stands alone
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run the command line, and end the process."""
        extra.pop("standalone_mode", None)
        sys.exit(_ended(lambda: super(Program, self).main(args, prog_name, standalone_mode=False, **extra)))


def _ended(run: Callable[[], Any]) -> int:
    """The exit code."""
    try:
        code = run()
        _flush()
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt) as exc:
        complain("\n".join(["sqlspec: interrupted", *notes_of(exc)]))
        return INTERRUPTED
    except Exception as exc:  # noqa: BLE001 - a traceback is not for who typed a command, and may hold a secret
        for line in lines_of(exc):
            complain(f"sqlspec: {line}")
        return exit_code(exc)
    return code if isinstance(code, int) else FINE


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        close_output()


def _plugin_commands() -> dict[str, click.Command]:
    """The commands of opt-in plugins, which SQLSPEC_PLUGINS names. None of them takes the name of ours."""
    from sqlspec import SQLSpec

    found: dict[str, click.Command] = {}
    for plugin, commands in SQLSpec().plugins.commands().items():
        for command in commands:
            if not isinstance(command, click.Command) or not command.name:
                raise _no_command(plugin, command)
            if command.name in COMMANDS or command.name in found:
                raise SQLSpecError(
                    f"plugin {plugin!r} brings a command {command.name!r}, which is there already"
                )
            found[command.name] = command
    return found


def _no_command(plugin: str, what: object) -> SQLSpecError:
    kind = type(what).__name__
    return SQLSpecError(f"plugin {plugin!r}: sqlspec_commands returns click commands with names, not {kind}")


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@config_options
@click.pass_context
def program(ctx: click.Context, config: tuple[str, ...], profile: str | None) -> None:
    """Look at databases, query them, load and copy tables.

    Exit codes: 0 fine, 1 a problem was found, 2 wrong usage, 130 after Ctrl-C.
    """
    ctx.obj = (config, profile)
