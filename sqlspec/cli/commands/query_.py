"""`sqlspec query`: one statement, its rows for people or programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlspec.cli.options import complete_database, with_config
from sqlspec.cli.output import complain
from sqlspec.cli.running import chosen_name, run
from sqlspec.cli.tables import read_only_of, sql_session
from sqlspec.cli.values import parameters_of
from sqlspec.cli.writing import FORMATS, write
from sqlspec.errors import NotSupportedError

if TYPE_CHECKING:
    from sqlspec import SQLSpec
    from sqlspec.cli.found import Found

__all__ = ("command",)


@click.command("query")
@click.argument("name", shell_complete=complete_database)
@click.argument("sql")
@click.option(
    "-p",
    "--parameter",
    "given",
    multiple=True,
    metavar="VALUE",
    help="For the next ?, or NAME=VALUE for :NAME.",
)
@click.option("--write", "is_write", is_flag=True, help="Allow changes; they are committed at the end.")
@click.option("-f", "--format", "form", type=click.Choice(list(FORMATS)), help="Else table.")
@click.option("--json", "is_json", is_flag=True, help="The same as --format json.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where to write."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    metavar="S",
    help="Seconds it may take.",
)
@with_config
def command(
    found: Found,
    *,
    name: str,
    sql: str,
    given: tuple[str, ...],
    is_write: bool,
    form: str | None,
    is_json: bool,
    output: Path | None,
    timeout: float | None,
) -> None:
    """Run one statement in database NAME and print its rows.

    SQL is a statement, or - to read it from stdin. The session is read-only unless you say --write.

    A VALUE that is a number, true, false, null or a text in double quotes is read as JSON, anything else is a
    text. What you type stands in the list of processes: a secret belongs on stdin, or into the configuration.
    """
    if is_json and form not in {None, "json"}:
        raise click.UsageError(f"give --json or --format {form}, not both")
    chosen_form = "json" if is_json else form or "table"
    if chosen_form == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal; add --output FILE")
    statement = sys.stdin.read() if sql == "-" else sql
    parameters = parameters_of(statement, given)

    async def work(spec: SQLSpec) -> Any:
        chosen = chosen_name(spec, name)
        read_only = None if is_write else read_only_of(spec, chosen)
        if read_only is None and not is_write:
            raise NotSupportedError(
                f"the adapter of {chosen!r} has no read-only sessions, so a statement may change something. "
                "If it may: add --write"
            )
        async with spec.provide_session(chosen, read_only=read_only, query_timeout=timeout) as session:
            return await sql_session(session, chosen).execute(statement, parameters, schema_type=tuple)

    result = run(found, work)
    if result.columns:
        write(result, chosen_form, output)
    else:
        complain("done" if result.rowcount < 0 else f"done; rows: {result.rowcount}")
