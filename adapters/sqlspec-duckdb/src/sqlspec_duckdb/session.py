"""A session with DuckDB's own: relations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec import Session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

__all__ = ("DuckDBSession",)


class DuckDBSession(Session):
    """A session whose queries may also be relations, which DuckDB runs when they are asked for rows."""

    def sql(
        self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> duckdb.DuckDBPyRelation:
        """The query as DuckDB's own relation, in this session's transaction; valid until the session ends.

        Placeholders and refusals are those of `execute`. What the relation does later is out of the
        session's sight: an error is DuckDB's own, and if it costs the transaction, the clean exit says so.
        """
        from .statement_kinds import check_single

        text, native = self.compile(query, parameters)
        raw = self.connection()
        try:
            check_single(raw, text)
            relation: duckdb.DuckDBPyRelation = raw.sql(text, params=native)
        except Exception as exc:
            error = self.map_error(exc)
            if error is exc:
                raise
            raise error from exc
        return relation
