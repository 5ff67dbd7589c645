"""`sqlspec completion`: what a shell reads to complete commands, options and names of databases."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from sqlspec.cli.failures import FINE
from sqlspec.cli.output import say

__all__ = ("command",)

_PROGRAM, _VARIABLE = "sqlspec", "_SQLSPEC_COMPLETE"
_HINTS = {
    "bash": 'Add to ~/.bashrc: eval "$(sqlspec completion bash)"',
    "zsh": 'Add to ~/.zshrc: eval "$(sqlspec completion zsh)"',
    "fish": "Type: sqlspec completion fish > ~/.config/fish/completions/sqlspec.fish",
}


@click.command("completion", epilog="\n\n".join(_HINTS.values()))
@click.argument("shell", type=click.Choice(list(_HINTS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script of a SHELL, which is bash, zsh or fish."""
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"click has no completion for {shell}")
    say(completion(ctx.find_root().command, {}, _PROGRAM, _VARIABLE).source())
    return FINE
