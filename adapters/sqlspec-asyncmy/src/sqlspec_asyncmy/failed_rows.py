"""Which row of a statement for many rows the server refused. MariaDB remembers it; MySQL does not tell."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlspec.errors import IntegrityError, SQLSpecError, StatementError
from sqlspec.plugin.places import with_place

from .statement_kind import READS, SHOWS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlspec.plugin import RawResult

__all__ = ("name_failed_row",)

WARNINGS = "SHOW WARNINGS"
# A statement of several, because that needs no variable of the session's.
ROW_NUMBER = (
    "BEGIN NOT ATOMIC DECLARE n INT; GET DIAGNOSTICS CONDITION {} n = ROW_NUMBER; SELECT n, @@sql_notes; END"
)
KIND = READS | SHOWS
IN_A_ROUTINE = 4094
"""The note of an error in a trigger or a function, whose statements have rows of their own."""


async def name_failed_row(
    error: SQLSpecError,
    start: int,
    count: int,
    execute: Callable[[int, str, bytes, float | None], Awaitable[RawResult]],
    deadline: float | None,
) -> None:
    """Note the place of the row on *error*, which a statement for *count* rows from *start* on ended with.

    Asked right behind the statement: the next one makes the server forget.
    """
    if not isinstance(error, (StatementError, IntegrityError)):
        return
    # What is wrong with the statement itself is found with the first row.
    is_of_row = bool(start) or not (error.sqlstate or "").startswith("42")
    number = int(is_of_row) if count == 1 else None
    if number is None:
        with suppress(SQLSpecError):
            number = await _row_number(error.code, execute, deadline)
    if number and number <= count:
        with_place(error, start + number - 1)


async def _row_number(code: Any, execute: Callable[..., Awaitable[RawResult]], deadline: float | None) -> int:
    """Counted from 1; 0 if it is not known."""
    warnings = (await execute(KIND, WARNINGS, WARNINGS.encode(), deadline)).rows
    codes = [int(row[1]) for row in warnings]
    place = next(
        (place for place, row in enumerate(warnings, 1) if (row[0], int(row[1])) == ("Error", code)), 0
    )
    if not place or IN_A_ROUTINE in codes:
        return 0
    query = ROW_NUMBER.format(place)
    ((number, has_notes),) = (await execute(KIND, query, query.encode(), deadline)).rows
    return int(number or 0) if has_notes else 0
