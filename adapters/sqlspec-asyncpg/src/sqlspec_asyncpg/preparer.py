# pyright: reportMissingTypeStubs=false
"""Preparing statements, and finding the form of one that takes its values unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg

from sqlspec.plugin import TransactionStatus
from sqlspec.plugin.postgresql import refuse_copy

from .casts import ParameterFit, is_inferable, with_types
from .columns import DescriptionReader, describe
from .deadlines import seconds_until
from .numerics import set_numeric
from .watched_connection import attach_reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .columns import Columns
    from .statement_cache import Prepared, StatementCache
    from .watched_connection import WatchedConnection

__all__ = ("Resolved", "StatementPreparer")

UNTYPED = (
    asyncpg.IndeterminateDatatypeError,
    asyncpg.AmbiguousFunctionError,
    asyncpg.AmbiguousParameterError,
    asyncpg.UndefinedFunctionError,
    asyncpg.DatatypeMismatchError,
    asyncpg.CannotCoerceError,
)
"""The server can not tell the types of parameters, or finds other ones than the values have."""
TYPELESS = frozenset({str, dict, type(None)})
"""A server that can not infer a type from the statement can not do it from these."""
RECORDS = frozenset({"record", "record[]"})
"""Types whose fields are known when they are read."""
ACTIVE, ABORTED = TransactionStatus.ACTIVE, TransactionStatus.ABORTED


class Resolved(NamedTuple):
    """What takes the values of a call unchanged."""

    text: str
    prepared: Any
    columns: Columns
    sent: Sequence[Any]
    """The values for it."""
    is_kept: bool
    """It was prepared before, and may be stale."""


class StatementPreparer:
    """Prepares the statements of one connection."""

    def __init__(self, raw: WatchedConnection, cache: StatementCache) -> None:
        self._raw, self._cache, self._prepared, self._tap = raw, cache, cache.statements, raw.tap

    async def resolve(
        self,
        statement: str,
        values: Sequence[Any],
        deadline: float | None,
        *,
        as_text: bool = False,
        refused: int | None = None,
    ) -> Resolved:
        """What takes these values unchanged.

        It is the statement as it is; or with the types of its values; or with casts, also to the types that
        the server infers from those.
        """
        text, sent = statement, values
        if statement in self._cache.untyped:
            text, sent = with_types(statement, values) or (statement, values)
        columns: Columns | None = None
        while True:
            kept = self._prepared.get(text)
            try:
                prepared, own, fit = kept or await self.prepare(text, sent, deadline)
            except UNTYPED as exc:
                failure = exc
            else:
                columns = own if columns is None else own.named(columns)
                variant = fit.variant(
                    sent, as_text=as_text, refused=refused, is_variant=text is not statement
                )
                if variant is None:
                    return Resolved(text, prepared, columns, sent, kept is not None)
                if kept is not None and variant[0] not in self._prepared:
                    del self._prepared[text]  # the type that does not fit may be of before an ALTER TABLE
                    continue
                text, sent = variant
                refused = None
                continue
            typed = None if self._tap.status is ABORTED else with_types(statement, values)
            if text != statement or typed is None:
                raise failure
            self._cache.note_untyped(statement)
            text, sent = typed

    def drop_if_outdated(self, statement: str, values: Sequence[Any]) -> None:
        """Prepare it again if its types do not explain why the values were refused.

        It has the types of when it was prepared: a column may have been altered since.
        """
        kept = self._prepared.get(statement)
        if kept is not None and kept[2].variant(values) is None:
            del self._prepared[statement]

    async def try_to_prepare(
        self, statement: str, values: Sequence[Any], deadline: float | None
    ) -> Prepared | None:
        """Prepare and keep it; None if its values' types are needed for that."""
        if statement in self._cache.untyped:
            return None
        try:
            return await self.prepare(statement, values, deadline)
        except UNTYPED:
            if self._tap.status is ABORTED or with_types(statement, values) is None:
                raise
        self._cache.note_untyped(statement)
        return None

    async def prepare(self, statement: str, values: Sequence[Any], deadline: float | None) -> Prepared:
        """Prepare and keep it. That the server can not infer its types does not abort a transaction."""
        refuse_copy(statement.encode(errors="replace"))
        raw = self._raw
        is_open = raw.is_beginning or (self._tap.status is ACTIVE and raw.is_in_transaction())
        if not is_open or TYPELESS.issuperset(map(type, values)) or is_inferable(statement):
            return await self._prepare_now(statement, deadline)
        await self._raw.execute("SAVEPOINT sqlspec_types", timeout=seconds_until(deadline))
        try:
            made = await self._prepare_now(statement, deadline)
        except UNTYPED:
            undo = "ROLLBACK TO sqlspec_types; RELEASE sqlspec_types"
            await self._raw.execute(undo, timeout=seconds_until(deadline))
            raise
        await self._raw.execute("RELEASE sqlspec_types", timeout=seconds_until(deadline))
        return made

    async def _prepare_now(self, statement: str, deadline: float | None) -> Prepared:
        raw, reader = self._raw, DescriptionReader()
        prepared = await self._ask(statement, reader, deadline)
        if prepared is None:
            raw.reads_numeric_texts = False
            await set_numeric(raw, is_text=False)
            prepared = await self._ask(statement, reader, deadline)
        columns = await describe(raw, prepared, reader.types or (), self._cache.elements)
        made = prepared, columns, ParameterFit(statement, prepared.get_parameters())
        self._cache.put(statement, made)
        return made

    async def _ask(self, statement: str, reader: DescriptionReader, deadline: float | None) -> Any:
        """The prepared statement; None if numerics have to be read as bytes for it."""
        raw = self._raw
        await attach_reply(raw, reader)
        try:
            prepared = await raw.prepare(statement, timeout=seconds_until(deadline))
        except asyncpg.UnsupportedClientFeatureError:  # a numeric in a range or composite
            if not raw.reads_numeric_texts:
                raise
            return None
        finally:
            raw.tap.reply = None
        is_readable = not any(one.type.name in RECORDS for one in prepared.get_attributes())
        return prepared if is_readable or not raw.reads_numeric_texts else None
