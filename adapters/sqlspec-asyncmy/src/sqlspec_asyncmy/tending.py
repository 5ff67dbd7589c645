"""One asyncmy connection under core's contract: transactions, and what keeps the connection good.

What belongs together is sent together: at the end COMMIT, the server's reset, and what makes the session
ours again. An answer is read for each, so that an error is known to be COMMIT's own or another's.

MySQL tells with each answer whether a transaction is open; an error tells nothing, so after one we ask.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlspec.errors import SQLSpecError, TransactionAbortedError
from sqlspec.plugin import AsyncConnection, Outcome, TransactionOptions, TransactionStatus

from . import wire
from .errors import map_error, told
from .hearing import Hearing
from .line import Line
from .look import READS
from .traces import Traces

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncmy.connection

    from .setup import Setup
    from .stream import AsyncMyCursor

__all__ = ("CLEAN_UP_TIMEOUT", "Tended", "beginning")

CLEAN_UP_TIMEOUT = 2.0
READ_ONLY = b"SET SESSION TRANSACTION READ ONLY"
COMMIT = wire.packet(wire.QUERY, b"COMMIT")
ACTIVE, IDLE = TransactionStatus.ACTIVE, TransactionStatus.IDLE  # slow to look up before Python 3.12


def beginning(options: TransactionOptions) -> list[bytes]:
    """The statements that begin a transaction."""
    texts: list[bytes] = []
    if options.isolation is not None:  # checked by core: one of four
        texts.append(f"SET TRANSACTION ISOLATION LEVEL {options.isolation.upper()}".encode())
    if options.read_only:
        # Of the session, too: DDL would end a transaction that is read-only, and then do its work.
        return [*texts, READ_ONLY, b"START TRANSACTION READ ONLY"]
    return [*texts, b"START TRANSACTION"]


class Tended(AsyncConnection["asyncmy.connection.Connection"]):
    """All but the statements; see the head of this file."""

    def __init__(self, raw: Any, setup: Setup) -> None:
        super().__init__(raw)
        self._driver: Any = raw  # the same, less what its stubs leave out
        self._setup = setup
        self._line = Line(raw, setup, self.is_foreign)
        self._hearing = Hearing(raw)
        self._traces = Traces(raw)
        self._kept: dict[str, Any] = {}
        """The statement that the server holds prepared for us, until its reset."""
        self._stream: AsyncMyCursor | None = None
        # Of the transaction that we began: how, whether anything would be lost with it, and why it is over.
        self._begun: TransactionOptions | None = None
        self._is_pending = False
        self._over: SQLSpecError | None = None

    # --- transactions ---------------------------------------------------------------------------

    async def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """START TRANSACTION, with the isolation level before it."""
        await self._get_ready()
        self._traces.is_prepared |= options.read_only
        error = await self._run(beginning(options), deadline)
        self._begun, self._is_pending = options, False
        if error is not None:
            await self.rollback(deadline)
            raise error

    async def commit(self, deadline: float | None) -> None:
        """COMMIT."""
        await self._control("COMMIT", deadline)
        self._begun = None

    async def rollback(self, deadline: float | None) -> None:
        """ROLLBACK, if there is something to undo."""
        self._over = None
        await self._leave_stream()
        if self.transaction_status is ACTIVE or self._traces.was_lent:
            await self._control("ROLLBACK", deadline)
        self._begun = None

    async def savepoint(self, name: str, deadline: float | None) -> None:
        """Set one; a transaction that holds one is no longer as if it had just begun."""
        await self._control(f"SAVEPOINT {name}", deadline)
        self._is_pending = True

    async def release_savepoint(self, name: str, deadline: float | None) -> None:
        """Keep what came after it."""
        await self._control(f"RELEASE SAVEPOINT {name}", deadline)

    async def rollback_to_savepoint(self, name: str, deadline: float | None) -> None:
        """Undo what came after it. Does nothing when the whole transaction is gone."""
        await self._leave_stream()
        if self.transaction_status is ACTIVE:
            texts = [f"ROLLBACK TO SAVEPOINT {name}".encode(), f"RELEASE SAVEPOINT {name}".encode()]
            error = await self._run(texts, deadline)
            if error is not None:
                raise error

    @property
    def transaction_status(self) -> TransactionStatus:
        """As the server's last answer had it; it has no third state."""
        return ACTIVE if wire.is_in_transaction(self._driver) else IDLE

    async def _control(self, text: str, deadline: float | None) -> None:
        await self._get_ready()
        try:
            await self._line.talk(self._driver.query(text.encode()), deadline)
        except SQLSpecError:
            await self._ask()
            raise

    async def _run(self, texts: Sequence[bytes], deadline: float | None) -> SQLSpecError | None:
        """Small statements in one go; returns the first error."""
        self._traces.is_used = True
        packets = [wire.packet(wire.QUERY, text) for text in texts]
        errors = await self._exchange(packets, deadline)
        error = next(filter(None, errors), None)
        return None if error is None else told(error)

    async def _exchange(self, packets: Sequence[bytes], deadline: float | None) -> list[Exception | None]:
        words = wire.exchange(self._driver, packets, at_once=self._setup.pipelining)
        return await self._line.talk(words, deadline)

    async def _get_ready(self) -> None:
        """Before something is asked: nothing else may be under way, and the transaction not over."""
        if self._stream is not None:
            await self._stream.settle()
        if self._over is not None:
            raise self._over

    async def _leave_stream(self) -> None:
        if self._stream is not None:
            with suppress(SQLSpecError):  # what comes next shows whether the connection is good
                await self._stream.close()

    def _note(self, does: int) -> bool:
        """What a statement that went well did to our transaction. True: it has to begin again."""
        if self._driver.server_status & wire.IN_TRANSACTION:
            if not does & READS:
                self._is_pending = True
            return False
        if self._is_pending:
            self._over = TransactionAbortedError(
                "a statement made the server commit the transaction that was open, as MySQL does for CREATE, "
                "ALTER, DROP and their kin; run those in a session of their own, or before anything else"
            )
        return not self._is_pending

    async def _begin_again(self) -> None:
        """Nothing was pending, so nothing is lost: what follows gets a transaction as if this came before."""
        if self._begun is not None:
            await self.begin(self._begun, None)

    async def _ask(self) -> None:
        """Learn, after an error, whether the server still has our transaction."""
        if self._begun is not None and wire.is_ready(self._driver):
            with suppress(SQLSpecError):
                await self.ping(time.monotonic() + CLEAN_UP_TIMEOUT)

    # --- the end --------------------------------------------------------------------------------

    async def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: FBT001
        """The usual end, COMMIT and a full reset, in one go."""
        setup = self._setup
        if commit and reset and setup.pipelining and setup.can_reset and not self._traces.was_lent:
            return await self._commit_and_reset(deadline)
        return await super().finish(commit, reset, deadline)

    async def _commit_and_reset(self, deadline: float | None) -> Outcome:
        try:
            await self._get_ready()
            refused = await self._line.talk(self._sent_commit(), deadline)
        except SQLSpecError as exc:
            return Outcome(committed=None, reset_ok=False, error=exc)
        error = None if refused is None else told(refused)
        return Outcome(committed=error is None, reset_ok=await self._has_reset(), error=error)

    async def _sent_commit(self) -> Exception | None:
        wire.send(self._driver, b"".join((COMMIT, *self._reset_packets())))
        return await wire.answered(self._driver)

    async def _has_reset(self) -> bool:
        """Read what is answered to the rest; it has its own two seconds."""
        words = wire.answers(self._driver, len(self._reset_packets()))
        try:
            errors = await self._line.talk(words, time.monotonic() + CLEAN_UP_TIMEOUT)
        except SQLSpecError:
            return False
        return self._is_as_new(errors)

    def _reset_packets(self) -> tuple[bytes, ...]:
        """Beyond what the server's reset does: it keeps the default database."""
        setup = self._setup
        return (*setup.reset, setup.home) if self._traces.may_have_moved else setup.reset

    def _is_as_new(self, errors: Sequence[BaseException | None]) -> bool:
        traces, status = self._traces, self._driver.server_status
        as_new = (
            not any(errors)
            and status & wire.OURS == wire.AUTOCOMMIT
            and (not traces.may_have_moved or self._is_home())
            and (not traces.was_lent or traces.is_as_made())
        )
        if as_new:
            traces.forget()
            self.is_raw_lent = False
        self._begun = self._over = None
        self._is_pending = False
        self._kept.clear()  # the server has forgotten them
        return as_new

    def _is_home(self) -> bool:
        return self._setup.database is not None or wire.last_rows(self._driver) == ((None,),)

    async def clean_up(self, reset: bool, deadline: float | None) -> bool:  # noqa: FBT001 - the contract's
        """Roll back and reset: for the server that is one."""
        if self._traces.was_lent:
            await self._line.talk(wire.quiet(self._driver), deadline)
        await self._leave_stream()
        if not ((reset or self._traces.is_prepared) and self._setup.can_reset):
            await self.rollback(deadline)
            return not (reset or self._traces.is_prepared)
        return await self.reset(deadline)

    async def reset(self, deadline: float | None) -> bool:
        """COM_RESET_CONNECTION, which rolls back and forgets settings, variables, locks, temporary tables.

        It keeps the default database, which we restore; what the driver itself remembers we compare.
        """
        if not self._setup.can_reset:
            return False
        return self._is_as_new(await self._exchange(self._reset_packets(), deadline))

    def is_pristine(self) -> bool:
        """Nothing was sent since the last reset."""
        return not (self._traces.is_used or self._traces.was_lent)

    async def apply_session_options(self, options: TransactionOptions, deadline: float | None) -> None:
        """Make an autocommit session read-only."""
        self._traces.is_prepared = True
        if options.read_only:
            error = await self._run([READ_ONLY], deadline)
            if error is not None:
                raise error

    async def lend_raw(self, deadline: float | None) -> asyncmy.connection.Connection:
        """From now on anything may happen to it."""
        self._traces.was_lent = True
        self._hearing.forget()
        return await super().lend_raw(deadline)

    # --- care -----------------------------------------------------------------------------------

    async def ping(self, deadline: float | None) -> None:
        """COM_PING, whose answer also tells whether a transaction is open."""
        await self._line.talk(wire.ping(self._driver), deadline)

    def is_usable(self) -> bool:
        """In step, and with a socket on which nothing has come."""
        return self._line.is_usable()

    def interrupt(self, *, for_good: bool) -> None:
        """KILL QUERY, from a side connection; for good, let go."""
        if for_good:
            self._line.drop()
        else:
            self._line.stop_statement()

    @property
    def fileno(self) -> int | None:
        """The transport's socket."""
        transport = self._driver._transport  # noqa: SLF001 - the driver offers no other way
        sock = None if transport is None else transport.get_extra_info("socket")
        return None if sock is None else sock.fileno()

    async def close(self) -> None:
        """Say good-bye."""
        await self._line.close()

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """By the server's error numbers. Also for what an application met on the driver's own object."""
        return map_error(exc)
