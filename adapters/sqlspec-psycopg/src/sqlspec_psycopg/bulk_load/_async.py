# The source of _sync.py, which tools/print_sync.py prints from it.
"""COPY … FROM STDIN: binary where every value is exactly of its column's type, else as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from sqlspec.plugin.places import with_place
from sqlspec.plugin.postgresql import column_of_copy, insert_into, row_of_copy
from sqlspec_psycopg.bulk_load.encoding import adapt_rows, check_time_zones, encode_rows
from sqlspec_psycopg.deadlines import async_run
from sqlspec_psycopg.errors import having_values, in_column
from sqlspec_psycopg.messages import check_results, describe_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg.pq.abc import PGresult

    from sqlspec.plugin import CopyData
    from sqlspec_psycopg.raw._async import AsyncBoundedConnection

__all__ = ("async_copy_rows", "async_copy_text")


async def async_copy_rows(  # noqa: PLR0917 - what one COPY is made of
    raw: AsyncBoundedConnection,
    table: str,
    target: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    deadline: float | None,
) -> None:
    """Copy *rows* into *target*, a table with its columns, all quoted; *table*, *columns*: plain names."""
    oids = await _column_types(raw, target, len(columns), deadline)
    rows = adapt_rows(rows, oids, raw.is_array)
    check_time_zones(rows, oids, columns)
    cursor = psycopg.AsyncCursor(raw)
    blocks, options = encode_rows(cursor, rows, oids)
    try:
        await _copy(cursor, f"COPY {target} FROM STDIN{options}", blocks, deadline)
    except psycopg.Error as exc:
        number = row_of_copy(exc.diag.context, table)
        if number is not None:
            with_place(exc, number - 1)
        in_column(exc, column_of_copy(exc.diag.context, table, columns))
        raise


async def async_copy_text(raw: AsyncBoundedConnection, copying: CopyData, deadline: float | None) -> None:
    """Run COPY … FROM STDIN as it is written, with the lines that belong to it."""
    data = copying.data.encode(raw.info.encoding)
    await _copy(psycopg.AsyncCursor(raw), copying.statement, [data], deadline)


async def _copy(
    cursor: psycopg.AsyncCursor[Any], statement: Any, blocks: Iterable[Any], deadline: float | None
) -> None:
    # Any: the driver's types want texts that are literal.
    raw: Any = cursor.connection
    raw.deadline = deadline
    try:
        async with cursor.copy(statement) as copy:
            for block in blocks:
                await copy.write(block)
    except psycopg.Error as exc:
        having_values(exc)
        raise
    finally:
        raw.deadline = None


async def _column_types(
    raw: AsyncBoundedConnection, target: str, count: int, deadline: float | None
) -> list[int]:
    """By an INSERT that is only prepared; it locks the table's definition until COPY is done."""
    insert = insert_into(target, [f"${number}" for number in range(1, count + 1)])
    results: list[PGresult] = []
    await async_run(describe_parameters(raw.pgconn, insert.encode(), results), raw.pgconn, deadline)
    check_results(results)
    return [results[-1].param_type(place) for place in range(results[-1].nparams)]
