"""One asyncmy connection under core's contract.

Statements go by the text protocol: one round trip each, whatever was reset before. Transactions and the reset
are those of `TransactionControl`; results are read by `ResultReader`, and in batches by `Streams`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from asyncmy.errors import MySQLError

from sqlspec.errors import SQLSpecError
from sqlspec.plugin import AsyncConnection, Outcome, RawResult, TransactionStatus
from sqlspec.plugin.places import with_place

from . import protocol
from .command_runner import CommandRunner
from .errors import as_error, is_server_error, map_error
from .many_rows import ManyRows
from .result_reader import ResultReader
from .session_state import SessionState
from .statement_kind import COMMITS, LOCKS, PROGRAM, READS, may_set_charset, statement_kind
from .statement_text import StatementText
from .streams import Streams
from .transaction_control import MARK, RELEASE_MARK, TransactionControl, begin_statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncmy.connection

    from sqlspec.plugin import Parameters, TransactionOptions
    from sqlspec.plugin.stopping import StopRequest

    from .session_setup import SessionSetup
    from .stream_cursor import AsyncMyCursor

__all__ = ("AsyncMyConnection",)

SMALL = 64 * 1024
"""Bytes of a statement that may be sent together with the one before it."""
READ_ONLY = "SELECT @@global.read_only, @@global.innodb_read_only"
AUTOCOMMIT, OPEN_OR_AUTOCOMMIT = protocol.AUTOCOMMIT, protocol.AUTOCOMMIT | protocol.IN_TRANSACTION
# Slow to look up before Python 3.12.
ABORTED, ACTIVE, IDLE = TransactionStatus.ABORTED, TransactionStatus.ACTIVE, TransactionStatus.IDLE


class AsyncMyConnection(AsyncConnection["asyncmy.connection.Connection"]):
    """See `sqlspec.plugin.AsyncConnection` for the contract."""

    load_batch = 20_000  # each is a round trip or two

    def __init__(self, raw: Any, setup: SessionSetup) -> None:
        super().__init__(raw)
        self._driver: Any = raw  # the same, as Any: the driver's stubs are not complete
        self._setup = setup
        self._runner = CommandRunner(raw, setup, self.is_foreign)
        self._reader = ResultReader(raw)
        self._session = SessionState(raw)
        self._transaction = TransactionControl(raw, setup, self._runner, self._session)
        session, transaction = self._session, self._transaction
        self._streams = Streams(raw, setup, self._runner, session, transaction)
        self._text = StatementText(raw, setup.max_packet, session, transaction)
        self._many = ManyRows(raw, setup, self._runner, session, transaction, self._text, self._execute)

    def note_set_up(self) -> None:
        """A wrapper may have changed the driver's object."""
        self._session.note_set_up()

    # --- statements -----------------------------------------------------------------------------

    async def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement and fetch all it returns."""
        kind = statement_kind(statement)
        return await self._execute(kind, statement, self._text.render(kind, statement, parameters), deadline)

    async def _execute(self, kind: int, statement: str, text: bytes, deadline: float | None) -> RawResult:
        transaction = self._transaction
        if self._streams.cursor is not None or transaction.abort_error is not None:
            await self._get_ready()
        self._session.is_used = True
        if kind & (COMMITS | PROGRAM) and transaction.begun is not None:
            if kind & COMMITS and transaction.doubts:
                await transaction.resolve_doubts()
            elif kind & PROGRAM and transaction.is_open:
                return await self._execute_program(statement, text, deadline)
        try:
            result = await self._runner.run(self._reader.query(statement, text), deadline)
        except SQLSpecError:
            await transaction.check_open()
            raise
        if transaction.begun is None:
            if self._driver.server_status & OPEN_OR_AUTOCOMMIT != AUTOCOMMIT:
                await transaction.note_outside()
        elif transaction.note_statement(kind, statement, text):
            await transaction.begin_again()
        return result

    async def _execute_program(self, statement: str, text: bytes, deadline: float | None) -> RawResult:
        """What may hold a COMMIT, between the two commands that tell whether it did."""
        transaction = self._transaction
        try:
            result, error = await self._runner.run(self._query_marked(statement, text), deadline)
        except SQLSpecError:
            await transaction.check_open()
            raise
        transaction.note_mark(error)
        if isinstance(result, RawResult):
            return result
        await transaction.check_open()
        raise as_error(result)

    async def _query_marked(
        self, statement: str, text: bytes
    ) -> tuple[RawResult | Exception, Exception | None]:
        """The result or the server's error, and the answer to the release of the mark."""
        raw, reader = self._driver, self._reader
        packets = [protocol.packet(protocol.QUERY, one) for one in (MARK, text, RELEASE_MARK)]
        is_at_once = self._setup.pipelining and len(text) < SMALL
        if is_at_once:
            protocol.send(raw, b"".join(packets))
            await protocol.read_error(raw)
        else:
            await protocol.exchange(raw, packets[:1])
        result: RawResult | Exception
        try:
            result = await (reader.read(statement) if is_at_once else reader.query(statement, text))
        except MySQLError as exc:
            if not is_server_error(exc):
                raise
            result = exc
        if is_at_once:
            return result, await protocol.read_error(raw)
        return result, (await protocol.exchange(raw, packets[2:]))[0]

    async def _get_ready(self) -> None:
        """Before a command is sent: no stream may be open, and the transaction must not have ended."""
        if self._streams.cursor is not None:
            await self._streams.fetch_rest()
        if self._transaction.abort_error is not None:
            raise self._transaction.abort_error

    async def begin_and_execute(
        self, options: TransactionOptions, statement: str, parameters: Parameters, deadline: float | None
    ) -> RawResult:
        """Sent together, where the statement only reads.

        One that writes waits for the answer to BEGIN: if that failed, it would be committed alone.
        """
        kind, transaction = statement_kind(statement), self._transaction
        text = self._text.render(kind, statement, parameters)
        is_small_read = kind & READS and self._setup.pipelining and len(text) < SMALL
        if not is_small_read or self._streams.cursor is not None or kind & LOCKS:
            await self.begin(options, deadline)
            if kind & LOCKS:
                self._text.check_kind(kind, statement)
            return await self._execute(kind, statement, text, deadline)
        self._session.has_options |= options.read_only
        begin = [protocol.packet(protocol.QUERY, one) for one in begin_statements(options)]
        self._session.is_used = True
        try:
            result = await self._runner.run(self._begin_and_query(options, begin, statement, text), deadline)
        except SQLSpecError:
            await transaction.check_open()
            raise
        if transaction.note_statement(kind, statement, text):
            await transaction.begin_again()
        return result

    async def _begin_and_query(
        self, options: TransactionOptions, begin: list[bytes], statement: str, text: bytes
    ) -> RawResult:
        protocol.send(self._driver, b"".join((*begin, protocol.packet(protocol.QUERY, text))))
        errors = [await protocol.read_error(self._driver) for _ in begin]
        self._transaction.begun, self._transaction.has_changes = options, False
        error = next(filter(None, errors), None)
        try:
            result = await self._reader.read(statement)
        except MySQLError as exc:
            raise error or exc from None
        if error is not None:
            raise error
        return result

    async def execute_script(self, statements: Sequence[Any], deadline: float | None) -> None:
        """Run statements, and drop what they return. They may set the charset and autocommit."""
        transaction = self._transaction
        transaction.is_free = True
        try:
            for place, statement in enumerate(statements):
                try:
                    await self.execute(statement, None, deadline)
                except SQLSpecError as exc:
                    with_place(exc, place)
                    raise
        except SQLSpecError:
            with suppress(SQLSpecError):  # the next command shows whether the connection is good
                await self._restore_settings(statements, deadline)
            raise
        finally:
            transaction.is_free = False
        await self._restore_settings(statements, deadline)

    async def _restore_settings(self, statements: Sequence[Any], deadline: float | None) -> None:
        if any(map(may_set_charset, statements)):
            await self._transaction.run(self._setup.names, deadline)
        await self._transaction.restore_autocommit(deadline)

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> AsyncMyCursor:
        """Open a result that is read while it arrives."""
        kind = statement_kind(statement)
        text = self._text.render(kind, statement, parameters)
        await self._get_ready()
        self._session.is_used = True
        return await self._streams.open(text, kind, batch_size, deadline)

    # --- many rows ------------------------------------------------------------------------------

    async def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row: all of them, or none. INSERT … VALUES takes many rows at once."""
        kind = statement_kind(statement)
        if not rows:
            return RawResult(rowcount=0)
        await self._get_ready()
        self._text.check(kind, statement)
        return await self._many.execute(kind, statement, rows, deadline)

    async def load(
        self, table: tuple[str, ...], columns: Sequence[str], rows: Sequence[Any], deadline: float | None
    ) -> int:
        """Insert *rows* by statements of many rows each, as few as the server takes."""
        names = ", ".join(map(self.quote, columns))
        before = f"INSERT INTO {self.quote_path(table)} ({names}) VALUES "  # noqa: S608 - all quoted
        row = f"({','.join(self.placeholders(len(columns)))})"
        await self._get_ready()
        self._session.is_used = True
        self._text.check_modes()
        await self._many.load(before, row, rows, deadline)
        return len(rows)

    def quote(self, identifier: str) -> str:
        """In backticks, which no mode changes."""
        return "`" + identifier.replace("`", "``") + "`"

    def placeholders(self, count: int) -> list[str]:
        """As the driver has them."""
        return ["%s"] * count

    # --- transactions ---------------------------------------------------------------------------

    async def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """START TRANSACTION, with the isolation level before it."""
        await self._get_ready()
        await self._transaction.begin(options, deadline)

    async def commit(self, deadline: float | None) -> None:
        """COMMIT."""
        await self._get_ready()
        await self._transaction.commit(deadline)

    async def rollback(self, deadline: float | None) -> None:
        """ROLLBACK, if there is something to undo."""
        await self._streams.discard()
        await self._transaction.rollback(deadline)

    async def savepoint(self, name: str, deadline: float | None) -> None:
        """Set one."""
        await self._get_ready()
        await self._transaction.savepoint(name, deadline)

    async def release_savepoint(self, name: str, deadline: float | None) -> None:
        """Keep what came after it."""
        await self._get_ready()
        await self._transaction.run(f"RELEASE SAVEPOINT {name}", deadline)

    async def rollback_to_savepoint(self, name: str, deadline: float | None) -> None:
        """Undo what came after it. Does nothing when the whole transaction is gone."""
        await self._streams.discard()
        await self._transaction.rollback_to_savepoint(name, deadline)

    async def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:
        """Make an autocommit session read-only."""
        self._session.has_options = True
        if options.read_only:
            await self._transaction.set_read_only(deadline)

    @property
    def abort_error(self) -> SQLSpecError | None:
        """Why our transaction is no longer open: MySQL commits for DDL, and procedures do."""
        return self._transaction.abort_error

    @property
    def transaction_status(self) -> TransactionStatus:
        """As the server's last answer had it. One that is open in the place of ours is no good either."""
        if self._transaction.abort_error is not None:
            return ABORTED
        return ACTIVE if self._transaction.is_open else IDLE

    # --- the end --------------------------------------------------------------------------------

    async def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """The usual end, COMMIT and a full reset, sent together."""
        if not (commit and reset and self._transaction.can_commit_and_reset):
            return await super().finish(commit, reset, deadline)
        if self._streams.cursor is not None or self._transaction.abort_error is not None:
            try:
                await self._get_ready()
            except SQLSpecError as exc:
                return Outcome(committed=False, reset_ok=False, error=exc)
        return await self._transaction.commit_and_reset(deadline)

    async def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """Roll back and reset: for the server that is one."""
        if self._session.was_lent:
            await self._runner.run(protocol.drain(self._driver), deadline)
        if self._streams.cursor is not None:
            await self._streams.discard()
        is_clean = await self._transaction.clean_up(deadline, reset=reset)
        self.is_raw_lent = self._session.was_lent
        return is_clean

    async def reset(self, deadline: float | None) -> bool:
        """The server's own reset, and the default database."""
        is_clean = await self._transaction.reset(deadline)
        self.is_raw_lent = self._session.was_lent
        return is_clean

    def is_pristine(self) -> bool:
        """Nothing was sent since the last reset."""
        return not (self._session.is_used or self._session.was_lent)

    async def lend_raw(self, deadline: float | None) -> asyncmy.connection.Connection:
        """From now on anything may happen to it."""
        self._session.was_lent = True
        self._reader.forget()
        return await super().lend_raw(deadline)

    # --- care -----------------------------------------------------------------------------------

    async def ping(self, deadline: float | None) -> None:
        """Ask the server to answer, and whether it serves: see `protocol.PROBE`."""
        steps = protocol.exchange(self._driver, [protocol.PROBE])
        for refused in filter(None, await self._runner.run(steps, deadline)):
            raise as_error(refused)

    async def is_demoted(self, deadline: float | None) -> bool:
        """It takes no writes now, but by administrators, and took some when it was connected to."""
        if self._setup.is_reader:
            return False
        result = await self._runner.run(self._reader.query(READ_ONLY, READ_ONLY.encode()), deadline)
        is_demoted = protocol.takes_no_writes(result.rows[0])
        if is_demoted:
            self._setup.host.leave()
        return is_demoted

    def note_silence(self) -> None:
        """Its host is asked last, if there are several."""
        self._setup.host.leave()

    def is_usable(self) -> bool:
        """No answer is outstanding, nothing has arrived on the socket, and no other host serves now."""
        return self._setup.host.is_wanted and self._runner.is_usable()

    def interrupt(self, *, for_good: bool) -> StopRequest | None:
        """KILL QUERY, by another connection; for good, close at once."""
        if not for_good:
            return self._runner.stop_statement()
        self._runner.drop()
        return None

    @property
    def fileno(self) -> int | None:
        """The transport's socket."""
        transport = self._driver._transport  # noqa: SLF001 - the driver offers no other way
        sock = None if transport is None else transport.get_extra_info("socket")
        return None if sock is None else sock.fileno()

    async def close(self) -> None:
        """Send the close message."""
        await self._runner.close()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By the server's error numbers. Also for what an application met on the driver's own object."""
        return map_error(exc)
