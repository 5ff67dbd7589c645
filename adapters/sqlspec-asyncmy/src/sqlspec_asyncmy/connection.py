"""One asyncmy connection under core's contract: statements, many rows, streams.

Statements go by the text protocol: one round trip each, whatever was reset before.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from asyncmy.errors import MySQLError

from sqlspec.errors import NotSupportedError, ParameterError, QueryCancelledError, SQLSpecError
from sqlspec.plugin import RawResult

from . import wire
from .bulk import Bulk, bulk_of
from .literals import render
from .look import CHARSET, INSERTS, LOCKS, READS, USES, look
from .many import Insert, insert_of, packed
from .stream import AsyncMyCursor
from .tending import CLEAN_UP_TIMEOUT, Tended, beginning

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from sqlspec.plugin import Parameters, TransactionOptions

__all__ = ("AsyncMyConnection",)

SMALL = 64 * 1024
"""Bytes of a statement that may travel behind another one."""
MANY = "sqlspec_many"
CAN_NOT_BE_PREPARED = 1295

T = TypeVar("T")


class AsyncMyConnection(Tended):
    """See `sqlspec.plugin.AsyncConnection` for the contract."""

    load_batch = 20_000  # each is a round trip or two

    # --- statements -----------------------------------------------------------------------------

    async def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement and fetch all it returns."""
        does = look(statement)
        return await self._execute(does, statement, self._rendered(does, statement, parameters), deadline)

    async def _execute(self, does: int, statement: str, words: bytes, deadline: float | None) -> RawResult:
        if self._stream is not None or self._over is not None:
            await self._get_ready()
        self._traces.is_used = True
        try:
            result = await self._line.talk(self._hearing.ask(statement, words), deadline)
        except SQLSpecError:
            await self._ask()
            raise
        if self._begun is not None and self._note(does):
            await self._begin_again()
        return result

    def _rendered(self, does: int, statement: str, parameters: Parameters) -> bytes:
        """The statement as it is sent, or why it can not be."""
        if parameters is not None and self._driver.server_status & wire.NO_BACKSLASHES:
            raise NotSupportedError(
                "with sql_mode NO_BACKSLASH_ESCAPES no parameters can be sent; take it off"
            )
        if does & (CHARSET | LOCKS | USES):
            self._heed(does)
        return self._fitting(render(statement, parameters))

    def _heed(self, does: int) -> None:
        if does & CHARSET:
            raise NotSupportedError(
                "the connection's charset is the config's; say `charset` or `collation` there"
            )
        if does & LOCKS and self._begun is not None:
            msg = "LOCK TABLES ends a transaction, and a transaction the locks; use an autocommit session"
            raise NotSupportedError(msg)
        if does & USES:
            self._traces.has_moved = True

    def _fitting(self, words: bytes) -> bytes:
        if len(words) < self._setup.largest:
            return words
        msg = f"the statement has {len(words)} bytes, and max_allowed_packet is {self._setup.largest}"
        raise ParameterError(msg)

    async def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row: all of them, or none. INSERT … VALUES takes many rows at once."""
        does = look(statement)
        if not rows:
            return RawResult(rowcount=0)
        await self._get_ready()
        self._rendered(does, statement, None)  # a look at the statement, if not at its parameters
        bulk = bulk_of(statement, rows, self._setup.largest) if self._may_bulk else None
        if bulk is not None:
            count = await self._all_or_none(lambda: self._in_bulk(does, bulk, deadline), deadline)
            if count is not None:
                return RawResult(rowcount=count)
        texts = self._texts(does, statement, rows)
        if len(texts) == 1:  # the server sees to it by itself
            return RawResult(rowcount=await self._one_by_one(does, texts, deadline))
        return RawResult(
            rowcount=await self._all_or_none(lambda: self._one_by_one(does, texts, deadline), deadline)
        )

    def _texts(self, does: int, statement: str, rows: Sequence[Parameters]) -> list[bytes]:
        insert = insert_of(statement) if does & INSERTS else None
        if insert is not None and not any(isinstance(row, dict) for row in rows):
            return packed(insert, rows, self._setup.largest)  # type: ignore[arg-type] # they are sequences
        return [self._rendered(does, statement, row) for row in rows]

    async def _all_or_none(self, work: Callable[[], Awaitable[T]], deadline: float | None) -> T:
        await self.savepoint(MANY, deadline)
        try:
            done = await work()
        except SQLSpecError:
            with suppress(SQLSpecError):  # what comes next shows whether there is still a transaction
                await self.rollback_to_savepoint(MANY, deadline)
            raise
        await self.release_savepoint(MANY, deadline)
        return done

    async def _one_by_one(self, does: int, texts: Sequence[bytes], deadline: float | None) -> int:
        count = 0
        for text in texts:
            count += max((await self._execute(does, MANY, text, deadline)).rowcount, 0)
        return count

    @property
    def _may_bulk(self) -> bool:
        return bool(self._driver._bulk_supported)  # noqa: SLF001 - known from the handshake

    async def _in_bulk(self, does: int, bulk: Bulk, deadline: float | None) -> int | None:
        try:
            count = await self._line.talk(bulk.run(self._driver, self._kept), deadline)
        except SQLSpecError as exc:
            await self._ask()
            if getattr(exc, "code", None) == CAN_NOT_BE_PREPARED:
                return None
            raise
        if self._begun is not None and self._note(does):
            await self._begin_again()
        return count

    async def load(
        self, table: str, columns: Sequence[str], rows: Sequence[Any], deadline: float | None
    ) -> int:
        """Insert *rows* by statements of many rows each, as few as the server takes."""
        names = ", ".join(map(self.quote, columns))
        before = f"INSERT INTO {self.quote_path(table)} ({names}) VALUES "  # noqa: S608 - all quoted
        row = f"({','.join(self.placeholders(len(columns)))})"
        await self._get_ready()
        self._traces.is_used = True
        bulk = bulk_of(before.replace("%", "%%") + row, rows, self._setup.largest) if self._may_bulk else None
        if bulk is None or await self._in_bulk(INSERTS, bulk, deadline) is None:
            await self._one_by_one(
                INSERTS, packed(Insert(before, row, ""), rows, self._setup.largest), deadline
            )
        return len(rows)

    def quote(self, identifier: str) -> str:
        """In backticks, which no mode changes."""
        return "`" + identifier.replace("`", "``") + "`"

    def placeholders(self, count: int) -> list[str]:
        """As the driver has them."""
        return ["%s"] * count

    async def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult:
        """In one go, where the statement only reads.

        One that writes waits for the answer to BEGIN: should that fail, it would be committed alone.
        """
        does = look(statement)
        words = self._rendered(does, statement, parameters)
        if (
            not (does & READS and self._setup.pipelining and len(words) < SMALL)
            or self._stream
            or does & LOCKS
        ):
            await self.begin(options, deadline)
            if does & LOCKS:
                self._heed(does)
            return await self._execute(does, statement, words, deadline)
        self._traces.is_prepared |= options.read_only
        begin = [wire.packet(wire.QUERY, text) for text in beginning(options)]
        self._traces.is_used = True
        try:
            result = await self._line.talk(self._begin_and_query(options, begin, statement, words), deadline)
        except SQLSpecError:
            await self._ask()
            raise
        if self._note(does):
            await self._begin_again()
        return result

    async def _begin_and_query(
        self, options: TransactionOptions, begin: list[bytes], statement: str, words: bytes
    ) -> RawResult:
        wire.send(self._driver, b"".join((*begin, wire.packet(wire.QUERY, words))))
        errors = [await wire.answered(self._driver) for _ in begin]
        self._begun, self._is_pending = options, False
        error = next(filter(None, errors), None)
        try:
            result = await self._hearing.hear(statement)
        except MySQLError as exc:
            raise error or exc from None
        if error is not None:
            raise error
        return result

    # --- streams --------------------------------------------------------------------------------

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> AsyncMyCursor:
        """Open a result that is read while it comes."""
        does = look(statement)
        words = self._rendered(does, statement, parameters)
        await self._get_ready()
        self._traces.is_used = True
        try:
            result = await self._line.talk(wire.unbuffered(self._driver, words), deadline)
        except SQLSpecError:
            wire.widen(self._driver)
            await self._ask()
            raise
        wire.hold(self._driver)
        cursor = AsyncMyCursor(self, result, batch_size, does)
        self._stream = cursor
        return cursor

    async def hear(
        self, cursor: AsyncMyCursor, words: Coroutine[Any, Any, T], *, within: float | None = None
    ) -> T:
        """What the open stream reads of what the server sends; it is read no further than that."""
        wire.go_on(self._driver)
        try:
            heard = await self._line.talk(words, None if within is None else time.monotonic() + within)
        except SQLSpecError:
            cursor.is_coming, self._stream = False, None
            wire.widen(self._driver)
            await self._ask()
            raise
        wire.hold(self._driver)
        return heard

    async def silence(self, cursor: AsyncMyCursor, words: Coroutine[Any, Any, bool]) -> None:
        """Stop the stream's statement on the server, and read the little that is under way."""
        await self._setup.stop(self._driver.thread_id(), for_good=False)
        with suppress(QueryCancelledError):  # which is what was asked for
            await self.hear(cursor, words, within=CLEAN_UP_TIMEOUT)

    async def heard(self, cursor: AsyncMyCursor, result: Any) -> None:
        """The stream is at its end."""
        self._stream = None
        wire.go_on(self._driver)
        wire.widen(self._driver)
        if result.server_status:
            self._driver.server_status = result.server_status
        await self._line.talk(wire.quiet(self._driver), None)
        if self._begun is not None and wire.is_ready(self._driver) and self._note(cursor.does):
            await self._begin_again()
