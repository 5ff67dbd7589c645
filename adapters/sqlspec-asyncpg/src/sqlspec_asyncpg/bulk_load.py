# pyright: reportMissingTypeStubs=false
"""Many rows at once, by binary COPY."""

from __future__ import annotations

import re
from contextlib import suppress
from operator import length_hint
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.errors import ParameterError
from sqlspec.plugin import PooledConnection
from sqlspec.plugin.places import with_place
from sqlspec.plugin.postgresql import column_of_copy, row_of_copy

from .casts import ParameterFit
from .command_tags import row_count
from .deadlines import seconds_until
from .errors import having_values, in_column, is_from_server
from .numerics import forget_numeric, set_numeric
from .parameter_types import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .watched_connection import WatchedConnection

__all__ = ("BulkLoader",)

TEXT_ONLY = frozenset(
    {"aclitem", "gtsvector", "macaddr", "macaddr8", "money", "refcursor", "tsquery", "tsvector"}
    | {
        f"reg{what}"
        for what in ("class", "collation", "config", "dictionary", "namespace", "oper", "operator")
    }
    | {"regproc", "regprocedure", "regrole", "regtype"}
)
"""Types of PostgreSQL's that asyncpg reads and writes as text. COPY mixes no formats."""
BASE_TYPES = "SELECT count(*) FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[]) AND typtype = 'b'"
"""Those of extensions, which asyncpg sends as text; not enums, composites and ranges."""


NO_COLUMN = re.compile('(column ".+") does not exist')


class BulkLoader:
    """Loads rows over one connection."""

    def __init__(self, raw: WatchedConnection) -> None:
        self._raw = raw

    async def copy(
        self,
        table: tuple[str, ...],
        columns: Sequence[str],
        rows: Sequence[Any],
        query: str,
        deadline: float | None,
    ) -> int | None:
        """Insert *rows*; None if asyncpg would change a value, or can not send a column in binary.

        *query* selects the columns.
        """
        # asyncpg caches the types of a table's columns, and does not notice an ALTER TABLE.
        await self._raw.reload_schema_state()
        await forget_numeric(self._raw)
        try:
            return await self._copy(table, columns, rows, query, deadline)
        finally:
            with suppress(asyncpg.InterfaceError):  # the connection is lost, and its error is on the way
                await set_numeric(self._raw, is_text=self._raw.reads_numeric_texts)

    async def _copy(
        self,
        table: tuple[str, ...],
        columns: Sequence[str],
        rows: Sequence[Any],
        query: str,
        deadline: float | None,
    ) -> int | None:
        *schemas, name = table
        types = [attribute.type for attribute in (await self._prepared(query, name)).get_attributes()]
        if len(schemas) > 1 or not await self._are_binary(types):
            return None
        check_time_zones(rows, types, columns)
        fitting = _fitting(rows, ParameterFit(query, types))
        if fitting is None:
            return None
        remaining = iter(fitting)
        try:
            tag = await self._raw.copy_records_to_table(
                name,
                schema_name=schemas[0] if schemas else None,
                columns=columns,
                records=remaining,
                timeout=seconds_until(deadline),
            )
        except (TypeError, ValueError, OverflowError, AttributeError, asyncpg.PostgresError) as exc:
            if PooledConnection.is_foreign(exc):
                raise
            if isinstance(exc, asyncpg.PostgresError) and (
                is_from_server(exc) or not isinstance(exc, asyncpg.DataError)
            ):
                having_values(exc)
                context = getattr(exc, "context", None)
                in_column(exc, column_of_copy(context, name, columns))
                number = row_of_copy(context, name)
                if number is not None:
                    with_place(exc, number - 1)
                raise
        else:
            return row_count(tag)
        # Outside of the handler: asyncpg's exception quotes the value, and must not become the context.
        msg = f"load {'.'.join(table)}: a value does not fit its column; the columns are {', '.join(columns)}"
        raise with_place(ParameterError(msg), len(fitting) - length_hint(remaining) - 1)

    async def _prepared(self, query: str, table: str) -> Any:
        """Prepare *query*; a column that is not there is told as the server tells it of an INSERT."""
        try:
            return await self._raw.prepare(query)
        except asyncpg.UndefinedColumnError as exc:
            if missing := NO_COLUMN.fullmatch(str(exc.args[0])):
                exc.args = (f'{missing[1]} of relation "{table}" does not exist',)
            raise

    async def _are_binary(self, types: Sequence[Any]) -> bool:
        if any(one.name.removesuffix("[]") in TEXT_ONLY for one in types):
            return False
        foreign = [one.oid for one in types if one.schema != "pg_catalog"]
        return not foreign or not await self._raw.fetchval(BASE_TYPES, foreign)


def _fitting(rows: Sequence[Any], fit: ParameterFit) -> Sequence[Any] | None:
    """The rows, if all their values go unchanged; members of enums as their values."""
    if fit.takes(rows):
        return rows
    changed = [tuple(map(plain, row)) for row in rows]
    return changed if fit.takes(changed) else None


def check_time_zones(rows: Sequence[Any], types: Sequence[Any], columns: Sequence[str]) -> None:
    """Refuse times with a zone where the column has none: the server would drop the zone in silence."""
    for place, kind in enumerate(types):
        if kind.name == "timestamp":
            for number, row in enumerate(rows):
                if getattr(row[place], "tzinfo", None) is not None:
                    msg = (
                        f"{columns[place]} is a timestamp without a zone, and the value has one; take it "
                        "off, or make the column a timestamptz"
                    )
                    raise with_place(ParameterError(msg), number)
