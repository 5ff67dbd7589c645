"""The transactions of one connection, and the reset after them.

Commands that belong together are sent together: at the end COMMIT, the server's reset, and the session's own
settings. Each has its own answer, so an error of COMMIT is not mistaken for another's.

MySQL tells with each answer whether a transaction is open. An error does not tell it; after one a ping does.
That another one stands where ours was, because a procedure committed, is told by a savepoint that is gone.
Whether a SELECT wrote, by a function or a view, the server is asked only where a statement may commit it.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlspec.errors import DisconnectedError, SQLSpecError, TransactionAbortedError, TransactionControlError
from sqlspec.plugin import Outcome, TransactionOptions

from . import protocol
from .errors import as_error
from .statement_kind import DOUBTFUL, READS, select_of
from .transport import is_ready

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .command_runner import CommandRunner
    from .session_setup import SessionSetup
    from .session_state import SessionState

__all__ = ("CLEAN_UP_TIMEOUT", "TransactionControl", "begin_statements")

CLEAN_UP_TIMEOUT = 2.0
READ_ONLY = b"SET SESSION TRANSACTION READ ONLY"
COMMIT = protocol.packet(protocol.QUERY, b"COMMIT")
MARK = b"SAVEPOINT sqlspec_statement"
RELEASE_MARK = b"RELEASE " + MARK
IN_TRANSACTION, AUTOCOMMIT = protocol.IN_TRANSACTION, protocol.AUTOCOMMIT
MANY_DOUBTS, LONG_DOUBTS = 100, 64 * 1024
"""Statements, and bytes of them, that are kept to be asked about."""


def begin_statements(options: TransactionOptions) -> list[bytes]:
    """The statements that begin a transaction."""
    texts: list[bytes] = []
    if options.isolation is not None:  # checked by core: one of four
        texts.append(f"SET TRANSACTION ISOLATION LEVEL {options.isolation.upper()}".encode())
    if options.read_only:
        # Of the session, too: DDL would end a transaction that is read-only, and then do its work.
        return [*texts, READ_ONLY, b"START TRANSACTION READ ONLY"]
    return [*texts, b"START TRANSACTION"]


class TransactionControl:
    """Begins and ends transactions, and notices when the server ends one by itself."""

    def __init__(self, raw: Any, setup: SessionSetup, runner: CommandRunner, session: SessionState) -> None:
        self._raw, self._setup, self._runner, self._session = raw, setup, runner, session
        self.begun: TransactionOptions | None = None
        """How our transaction was begun; None outside of one."""
        self.has_changes = False
        """Something would be lost with it."""
        self.doubts: dict[str | bytes, bytes] = {}
        """Statements that read, as far as their texts tell, and as they were sent."""
        self.abort_error: SQLSpecError | None = None
        """Why it has ended without us; nothing runs until it is rolled back."""
        self.is_free = False
        """A script runs, which may begin and end transactions of its own."""

    # --- transactions ---------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """As the server's last answer had it; what was open on a connection that is closed is undone."""
        return bool(self._raw.server_status & IN_TRANSACTION) and self._raw._connected  # noqa: SLF001

    async def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """START TRANSACTION, with the isolation level before it."""
        self._session.has_options |= options.read_only
        error = await self._send(begin_statements(options), deadline)
        self.note_begun(options)
        if error is not None:
            await self.rollback(deadline)
            raise error

    def note_begun(self, options: TransactionOptions) -> None:
        """A transaction has begun."""
        self.begun, self.has_changes = options, False
        self.doubts.clear()

    async def commit(self, deadline: float | None) -> None:
        """COMMIT."""
        await self.run("COMMIT", deadline)
        self.begun = None

    async def rollback(self, deadline: float | None) -> None:
        """ROLLBACK, if there is something to undo."""
        self.abort_error = None
        if self.is_open or self._session.was_lent:
            await self.run("ROLLBACK", deadline)
        self.begun = None
        await self.restore_autocommit(deadline)

    async def restore_autocommit(self, deadline: float | None) -> None:
        """Switch it on again where a script has switched it off, and has left nothing open."""
        is_off = not self._raw.server_status & AUTOCOMMIT and self._raw._connected  # noqa: SLF001
        if is_off and not self.is_open and not self._session.was_lent:
            await self.run("SET autocommit=1", deadline)

    async def savepoint(self, name: str, deadline: float | None) -> None:
        """Set one; a transaction that holds one can not be begun again in silence."""
        await self.run(f"SAVEPOINT {name}", deadline)
        self.has_changes = True

    async def rollback_to_savepoint(self, name: str, deadline: float | None) -> None:
        """Undo what came after it. Does nothing when the whole transaction is gone."""
        if self.is_open and self.abort_error is None:
            texts = [f"ROLLBACK TO SAVEPOINT {name}".encode(), f"RELEASE SAVEPOINT {name}".encode()]
            error = await self._send(texts, deadline)
            if error is not None:
                raise error

    async def set_read_only(self, deadline: float | None) -> None:
        """Make an autocommit session read-only."""
        error = await self._send([READ_ONLY], deadline)
        if error is not None:
            raise error

    async def run(self, text: str, deadline: float | None) -> None:
        """Run one of these statements."""
        try:
            await self._runner.run(protocol.query(self._raw, text.encode()), deadline)
        except SQLSpecError:
            await self.check_open()
            raise

    async def _send(self, texts: Sequence[bytes], deadline: float | None) -> SQLSpecError | None:
        """Small statements sent together; returns the first error."""
        self._session.is_used = True
        errors = await self._exchange([protocol.packet(protocol.QUERY, text) for text in texts], deadline)
        error = next(filter(None, errors), None)
        return None if error is None else as_error(error)

    async def _exchange(self, packets: Sequence[bytes], deadline: float | None) -> list[Exception | None]:
        steps = protocol.exchange(self._raw, packets, at_once=self._setup.pipelining)
        return await self._runner.run(steps, deadline)

    def note_statement(self, kind: int, statement: str | bytes, text: bytes) -> bool:
        """Note what a statement that succeeded did to our transaction. True: call `begin_again`.

        *text* is *statement* as it was sent.
        """
        if self._raw.server_status & IN_TRANSACTION:
            if not kind & READS:
                self.has_changes = True
            elif kind & DOUBTFUL and not self.has_changes and statement not in self.doubts:
                self._note_doubt(statement, text)
            return False
        if (self.has_changes or self.doubts) and self.abort_error is None:
            self.abort_error = TransactionAbortedError(
                "a statement made the server commit the transaction that was open, as MySQL does for CREATE, "
                "ALTER, DROP and similar ones; run those in a session of their own, or before anything else"
            )
        return self.abort_error is None

    def _note_doubt(self, statement: str | bytes, text: bytes) -> None:
        doubts = self.doubts
        doubts[statement] = text
        if len(doubts) > MANY_DOUBTS or sum(map(len, doubts.values())) > LONG_DOUBTS:
            self.has_changes = True
            doubts.clear()

    async def resolve_doubts(self) -> None:
        """Before a statement that may commit: find out whether what was read has written, too."""
        if not self.has_changes:
            selects = [select_of(text) for text in self.doubts.values()]
            is_clean = not self._session.may_have_changed_database and await self._setup.reads_only(selects)
            self.has_changes = not is_clean
        self.doubts.clear()

    async def note_outside(self) -> None:
        """After a statement outside of our transactions: raise if it has left one open.

        Else what follows would be in it, and undone with it, in a session that has none.
        """
        session, status = self._session, self._raw.server_status
        if session.was_lent or self.is_free or status & (IN_TRANSACTION | AUTOCOMMIT) == AUTOCOMMIT:
            return
        await self.rollback(None)
        raise TransactionControlError(
            "the statement began a transaction and left it open, or switched autocommit off, in a session "
            "without transactions; it was rolled back. Put the COMMIT into the procedure that begins it"
        )

    async def set_mark(self) -> None:
        """Before a program: it may end our transaction and begin another."""
        await self.run(MARK.decode(), None)

    async def release_mark(self) -> None:
        """After a program: see whether our transaction is still the one that is open."""
        if is_ready(self._raw):
            self.note_mark(await self._send([RELEASE_MARK], None))

    def note_mark(self, error: Exception | None) -> None:
        """*error* is the answer to `RELEASE_MARK`: the savepoint ends with its transaction."""
        self.has_changes = True
        if error is not None:
            self.abort_error = TransactionAbortedError(
                "a procedure, or a statement in a statement, ended the transaction that was open: what it "
                "and those before it wrote may be stored. Run it in a session with autocommit=True"
            )

    async def begin_again(self) -> None:
        """The server has ended a transaction without changes: begin another one in its place."""
        if self.begun is not None:
            await self.begin(self.begun, None)

    async def check_open(self) -> None:
        """After an error, find out whether the server still has our transaction."""
        if self.begun is not None and is_ready(self._raw):
            with suppress(SQLSpecError):
                await self._runner.run(protocol.ping(self._raw), time.monotonic() + CLEAN_UP_TIMEOUT)

    # --- the end --------------------------------------------------------------------------------

    @property
    def can_commit_and_reset(self) -> bool:
        """Whether COMMIT and the reset may be sent together."""
        return self._setup.pipelining and self._setup.can_reset and not self._session.was_lent

    async def commit_and_reset(self, deadline: float | None) -> Outcome:
        """COMMIT and a full reset, sent together."""
        try:
            refused = await self._runner.run(self._send_commit(), deadline)
        except SQLSpecError as exc:
            return Outcome(committed=None, reset_ok=False, error=exc)
        error = None if refused is None else as_error(refused)
        committed = None if isinstance(error, DisconnectedError) else error is None
        return Outcome(committed=committed, reset_ok=await self._read_reset(), error=error)

    async def _send_commit(self) -> Exception | None:
        protocol.send(self._raw, b"".join((COMMIT, *self._reset_packets())))
        return await protocol.read_error(self._raw)

    async def _read_reset(self) -> bool:
        """Read the answers to the reset; it has its own two seconds."""
        steps = protocol.read_errors(self._raw, len(self._reset_packets()))
        try:
            errors = await self._runner.run(steps, time.monotonic() + CLEAN_UP_TIMEOUT)
        except SQLSpecError:
            return False
        return self._note_reset(errors)

    async def reset(self, deadline: float | None) -> bool:
        """COM_RESET_CONNECTION, which rolls back and forgets settings, variables, locks, temporary tables.

        It keeps the default database, which we restore; what the driver itself remembers we compare.
        """
        if not self._setup.can_reset:
            return False
        return self._note_reset(await self._exchange(self._reset_packets(), deadline))

    async def clean_up(self, deadline: float | None, *, reset: bool) -> bool:
        """Roll back, and reset if *reset* says so or options are set that only a reset undoes."""
        is_wanted = reset or self._session.has_options
        if is_wanted and self._setup.can_reset:
            return await self.reset(deadline)
        await self.rollback(deadline)
        return not is_wanted

    def _reset_packets(self) -> tuple[bytes, ...]:
        setup = self._setup
        if self._session.may_have_changed_database:
            return (*setup.reset, setup.restore_database)
        return setup.reset

    def _note_reset(self, errors: Sequence[BaseException | None]) -> bool:
        """Note the end of our transaction, and of the session if it is as after the connect: True then."""
        session, status = self._session, self._raw.server_status
        is_reset = (
            not any(errors)
            and status & protocol.TRACKED_STATUS == protocol.AUTOCOMMIT
            and (not session.may_have_changed_database or self._is_database_restored())
            and (not session.was_lent or session.is_driver_unchanged())
        )
        self.begun = self.abort_error = None
        self.has_changes = False
        if is_reset:
            session.mark_reset()
        return is_reset

    def _is_database_restored(self) -> bool:
        return self._setup.database is not None or protocol.last_rows(self._raw) == ((None,),)
