"""`sqlspec copy`: a table from one database to another, all of it or nothing, a batch in memory at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from sqlspec.cli.options import with_config
from sqlspec.cli.progress import progress, report, undone_on_error
from sqlspec.cli.reading import as_document
from sqlspec.cli.running import chosen_name, run
from sqlspec.cli.tables import (
    Place,
    check_columns,
    described,
    dialect_name,
    place_of,
    quoted,
    read_only_of,
    sql_session,
)
from sqlspec.errors import InvalidArgumentError

if TYPE_CHECKING:
    from sqlspec import AsyncSession, SQLSpec
    from sqlspec.cli.found import Found
    from sqlspec.cli.progress import Advance

__all__ = ("command",)

_MOST_ROWS, _MOST_BYTES = 1000, 8 << 20
"""What is in memory at most on its way into the target, besides the rows that are read at a time."""
_DOCUMENTS_AS_TEXT = {"mysql", "sqlite"}
"""Dialects of databases that store documents and lists as text."""


@click.command("copy")
@click.argument("source", metavar="NAME:TABLE")
@click.argument("target", metavar="NAME:TABLE")
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="ROWS",
    help="How many rows are read at a time. Choose fewer if each has a megabyte.",
)
@with_config
def command(found: Found, *, source: str, target: str, batch_size: int) -> None:
    """Copy the rows of the first table into the second, which is there already and has its columns.

    All of them in one transaction: if anything fails, or after Ctrl-C, the target is as it was.
    """
    here, there, started = place_of(source), place_of(target), time.monotonic()
    if here == there:
        raise InvalidArgumentError(f"{here} can not be copied into itself; write two tables")

    async def work(spec: SQLSpec) -> int:
        for place in (here, there):
            chosen_name(spec, place.database)
        if here.database == there.database:
            return await _copy_within(spec, here, there)
        return await _copy_across(spec, here, there, batch_size)

    report("copied", run(found, work), started)


async def _copy_across(spec: SQLSpec, here: Place, there: Place, batch_size: int) -> int:
    # The source's session ends first: only then is the target committed.
    async with spec.provide_session(there.database, autocommit=False) as writing:
        with undone_on_error(there):
            read_only = read_only_of(spec, here.database)
            async with spec.provide_session(here.database, autocommit=False, read_only=read_only) as reading:
                source, target = sql_session(reading, here.database), sql_session(writing, there.database)
                columns = await _columns(spec, source, target, here, there)
                with progress(f"{here} to {there}", None) as advance:
                    return await _rows(
                        source,
                        target,
                        columns,
                        _Pair(spec, here, there),
                        batch_size=batch_size,
                        advance=advance,
                    )


class _Pair:
    """The two ends, for the statement that reads."""

    def __init__(self, spec: SQLSpec, here: Place, there: Place) -> None:
        self.here, self.there = here, there
        self.dialect = spec.plugins.adapter(spec.get_config(here.database).adapter).info.dialect
        target = spec.plugins.adapter(spec.get_config(there.database).adapter).info.dialect
        self.takes_documents = dialect_name(target) not in _DOCUMENTS_AS_TEXT

    def select(self, columns: tuple[str, ...]) -> str:
        """All rows of the source."""
        names = ", ".join(quoted((column,), self.dialect) for column in columns)
        return f"SELECT {names} FROM {quoted(self.here.table, self.dialect)}"  # noqa: S608 - quoted


async def _rows(
    source: AsyncSession,
    target: AsyncSession,
    columns: tuple[str, ...],
    pair: _Pair,
    *,
    batch_size: int,
    advance: Advance,
) -> int:
    count, size, batch = 0, 0, []
    rows: Any = source.stream(pair.select(columns), schema_type=tuple, batch_size=batch_size)
    async for row in rows:
        batch.append(row if pair.takes_documents else tuple(map(as_document, row)))
        size += _size(row)
        if len(batch) >= _MOST_ROWS or size >= _MOST_BYTES:
            count += await target.load(pair.there.table, batch, columns=columns)
            advance(count, 0)
            size, batch = 0, []
    if batch:
        count += await target.load(pair.there.table, batch, columns=columns)
    return count


def _size(row: tuple[Any, ...]) -> int:
    """About how much memory its large values take."""
    return sum(len(value) for value in row if isinstance(value, (str, bytes)))


async def _copy_within(spec: SQLSpec, here: Place, there: Place) -> int:
    """In one database it does that by itself."""
    async with spec.provide_session(here.database, autocommit=False) as found:
        with undone_on_error(there):
            session = sql_session(found, here.database)
            columns = await _columns(spec, session, session, here, there)
            pair = _Pair(spec, here, there)
            names = ", ".join(quoted((column,), pair.dialect) for column in columns)
            into = f"INSERT INTO {quoted(there.table, pair.dialect)} ({names})"
            return (await session.execute(f"{into} {pair.select(columns)}")).rowcount


async def _columns(
    spec: SQLSpec, source: AsyncSession, target: AsyncSession, here: Place, there: Place
) -> tuple[str, ...]:
    """Those of the source, each of which the target has."""
    columns: tuple[str, ...] = (await described(source, spec, here)).columns
    check_columns(columns, (await described(target, spec, there)).columns, there)
    return columns
