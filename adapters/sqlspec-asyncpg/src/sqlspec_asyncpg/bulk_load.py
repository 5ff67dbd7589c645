# pyright: reportMissingTypeStubs=false
"""Many rows at once, by binary COPY."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.errors import StatementError
from sqlspec.plugin import PooledConnection

from .command_tags import row_count
from .deadlines import seconds_until
from .errors import is_from_server
from .values import plain, plain_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .statement_cache import StatementCache
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


class BulkLoader:
    """Loads rows over one connection."""

    def __init__(self, raw: WatchedConnection, cache: StatementCache) -> None:
        self._raw, self._cache = raw, cache

    async def copy(
        self,
        table: tuple[str, ...],
        columns: Sequence[str],
        rows: Sequence[Any],
        query: str,
        deadline: float | None,
    ) -> int | None:
        """Insert *rows*; None if asyncpg can not send a column in binary. *query* selects the columns."""
        *schemas, name = table
        # asyncpg caches the types of a table's columns, and does not notice an ALTER TABLE.
        await self._raw.reload_schema_state()
        key = table, tuple(columns)
        if key not in self._cache.binary_tables:
            self._cache.binary_tables[key] = len(schemas) <= 1 and await self._is_binary(query)
        if not self._cache.binary_tables[key]:
            return None
        if rows and plain(rows[0]) is not None:
            rows = plain_rows(rows) or rows
        try:
            tag = await self._raw.copy_records_to_table(
                name,
                schema_name=schemas[0] if schemas else None,
                columns=columns,
                records=rows,
                timeout=seconds_until(deadline),
            )
        except (TypeError, ValueError, OverflowError, AttributeError, asyncpg.DataError) as exc:
            if is_from_server(exc) or PooledConnection.is_foreign(exc):
                raise
        except asyncpg.InternalClientError:
            del self._cache.binary_tables[key]  # a column has been altered
            raise
        else:
            return row_count(tag)
        # Outside of the handler: asyncpg's exception quotes the value, and must not become the context.
        msg = f"load {'.'.join(table)}: a value does not fit its column; the columns are {', '.join(columns)}"
        raise StatementError(msg)

    async def _is_binary(self, query: str) -> bool:
        types = [attribute.type for attribute in (await self._raw.prepare(query)).get_attributes()]
        if any(one.name.removesuffix("[]") in TEXT_ONLY for one in types):
            return False
        foreign = [one.oid for one in types if one.schema != "pg_catalog"]
        return not foreign or not await self._raw.fetchval(BASE_TYPES, foreign)
