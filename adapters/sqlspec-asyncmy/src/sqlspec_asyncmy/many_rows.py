"""One statement for many rows: in MariaDB's bulk protocol, as one INSERT of many rows, or row by row."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqlspec.errors import ParameterError, SQLSpecError
from sqlspec.plugin import RawResult
from sqlspec.plugin.places import with_place

from .bulk_execute import BulkStatement, bulk_statement
from .column_types import common_types
from .failed_rows import name_failed_row
from .multi_row_insert import Insert, insert_statements, parse_insert
from .statement_kind import BULK, INSERTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from sqlspec.plugin import Parameters

    from .command_runner import CommandRunner
    from .session_setup import SessionSetup
    from .session_state import SessionState
    from .statement_text import StatementText
    from .transaction_control import TransactionControl

__all__ = ("ManyRows",)

MANY = "sqlspec_many"
"""The savepoint; and what stands for the statement in the cache of definitions."""
CAN_NOT_BE_PREPARED = 1295

T = TypeVar("T")


class ManyRows:
    """Runs one statement for many rows, on one connection, of which no stream is open."""

    def __init__(  # noqa: PLR0917 - what one connection is made of
        self,
        raw: Any,
        setup: SessionSetup,
        runner: CommandRunner,
        session: SessionState,
        transaction: TransactionControl,
        text: StatementText,
        execute: Callable[[int, str, bytes, float | None], Awaitable[RawResult]],
    ) -> None:
        """*execute* runs a statement whose text is ready."""
        self._raw, self._setup, self._runner = raw, setup, runner
        self._session, self._transaction, self._text = session, transaction, text
        self._execute = execute

    async def execute(
        self, kind: int, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """All of them, or none."""
        bulk = self._bulk(statement, rows) if kind & BULK else None
        if bulk is not None:
            count = await self._all_or_none(lambda: self._execute_bulk(kind, bulk, deadline), deadline)
            if count is not None:
                return RawResult(rowcount=count)
        texts = self._texts(kind, statement, rows)
        if len(texts) == 1:  # one statement is all or none by itself
            return await self._execute_each(kind, texts, deadline)
        return await self._all_or_none(lambda: self._execute_each(kind, texts, deadline), deadline)

    async def load(self, before: str, row: str, rows: Sequence[Any], deadline: float | None) -> None:
        """Insert *rows* by *before*, which ends in VALUES, and the placeholders of a *row*."""
        bulk = self._bulk(before.replace("%", "%%") + row, rows)
        if bulk is None or await self._execute_bulk(INSERTS, bulk, deadline) is None:
            texts = insert_statements(Insert(before, row, ""), rows, self._setup.max_packet)
            await self._execute_each(INSERTS, texts, deadline)

    def _bulk(self, text: str, rows: Sequence[Any]) -> BulkStatement | None:
        if not self._raw._bulk_supported:  # noqa: SLF001 - known from the handshake
            return None
        return bulk_statement(text, rows, self._setup.max_packet)

    def _texts(self, kind: int, statement: str, rows: Sequence[Parameters]) -> list[tuple[int, bytes]]:
        """The statements to send, each with the number of rows in it."""
        insert = parse_insert(statement) if kind & INSERTS else None
        if insert is not None and not any(isinstance(row, dict) for row in rows):
            return insert_statements(insert, rows, self._setup.max_packet)  # type: ignore[arg-type] # they are sequences
        return [(1, self._rendered(kind, statement, place, row)) for place, row in enumerate(rows)]

    def _rendered(self, kind: int, statement: str, place: int, row: Parameters) -> bytes:
        try:
            return self._text.render(kind, statement, row)
        except ParameterError as exc:
            raise with_place(exc, place) from None

    async def _all_or_none(self, work: Callable[[], Awaitable[T]], deadline: float | None) -> T:
        await self._transaction.savepoint(MANY, deadline)
        try:
            done = await work()
        except SQLSpecError:
            with suppress(SQLSpecError):  # the next command shows whether there is still a transaction
                await self._transaction.rollback_to_savepoint(MANY, deadline)
            raise
        if self._transaction.abort_error is not None:
            raise self._transaction.abort_error
        await self._transaction.run(f"RELEASE SAVEPOINT {MANY}", deadline)
        return done

    async def _execute_each(
        self, kind: int, texts: Sequence[tuple[int, bytes]], deadline: float | None
    ) -> RawResult:
        results: list[RawResult] = []
        start = 0
        for count, text in texts:
            try:
                results.append(await self._execute(kind, MANY, text, deadline))
            except SQLSpecError as exc:
                await self._name_row(exc, start, count, deadline)
                raise
            start += count
        return results[0] if len(results) == 1 else _joined(results)

    async def _execute_bulk(self, kind: int, bulk: BulkStatement, deadline: float | None) -> int | None:
        transaction = self._transaction
        done: list[int] = []
        try:
            count = await self._runner.run(bulk.run(self._raw, self._session.prepared, done), deadline)
        except SQLSpecError as exc:
            await transaction.check_open()
            if getattr(exc, "code", None) == CAN_NOT_BE_PREPARED:
                return None
            if len(done) < len(bulk.parts):
                await self._name_row(exc, sum(done), len(bulk.parts[len(done)]), deadline)
            raise
        if transaction.begun is not None and transaction.note_statement(kind, MANY, b""):
            await transaction.begin_again()
        return count

    async def _name_row(self, exc: SQLSpecError, start: int, count: int, deadline: float | None) -> None:
        if self._transaction.abort_error is None:
            await name_failed_row(exc, start, count, self._execute, deadline)


def _joined(results: Iterable[RawResult]) -> RawResult:
    """The results of one statement for several rows as one, then those of other columns and further ones."""
    joined, count = RawResult(), 0
    rows: list[Any] = []
    more: list[RawResult] = []
    types: list[Any] = []
    for result in results:
        count += max(result.rowcount, 0)
        joined.columns = joined.columns or result.columns
        if not result.columns:
            continue
        if result.columns == joined.columns:
            rows += result.rows
            types.append(result.arrow_types)
        else:
            more.append(result)
        more += result.more
    joined.rowcount = count
    if joined.columns:  # a statement without rows has given () each time
        joined.rows, joined.more, joined.arrow_types = rows, more, partial(common_types, types)
    return joined
