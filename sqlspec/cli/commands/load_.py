"""`sqlspec load`: a file into a table, all of it or nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sqlspec.cli.options import complete_database, with_config
from sqlspec.cli.progress import progress, report, undone_on_error
from sqlspec.cli.reading import FORMATS, Contents, format_of, opened
from sqlspec.cli.running import chosen_name, run
from sqlspec.cli.tables import Place, check_columns, described, parts_of, sql_session

if TYPE_CHECKING:
    from sqlspec import AsyncSession, SQLSpec
    from sqlspec.cli.found import Found

__all__ = ("command",)


@click.command("load")
@click.argument("name", shell_complete=complete_database)
@click.argument("table")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-f", "--format", "form", type=click.Choice(FORMATS), help="Else what the name of the file ends with."
)
@with_config
def command(found: Found, *, name: str, table: str, file: Path, form: str | None) -> None:
    """Load FILE into TABLE of database NAME: all of it, or nothing.

    CSV has the names of the columns in its first line, and an empty field is NULL. JSON lines have an object
    in each line. Both are UTF-8. The table is there already, and says what texts become.
    """
    form, parts, started = format_of(file, form), parts_of(table), time.monotonic()

    async def work(spec: SQLSpec) -> int:
        place = Place(chosen_name(spec, name), parts)
        with opened(file, form) as contents:
            async with spec.provide_session(place.database, autocommit=False) as session:
                with undone_on_error(place):
                    return await _load(sql_session(session, place.database), spec, place, contents)

    report("loaded", run(found, work), started)


async def _load(session: AsyncSession, spec: SQLSpec, place: Place, contents: Contents) -> int:
    table = await described(session, spec, place)
    check_columns(contents.columns, table.columns, place)
    with progress(str(place), contents.total) as advance:
        rows = contents.rows(table.arrow().schema, advance)
        return await session.load(place.table, rows, columns=contents.columns)
