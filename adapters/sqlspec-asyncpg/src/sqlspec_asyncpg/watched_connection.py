# pyright: reportMissingTypeStubs=false
"""asyncpg's connection as we open it: with a tap on what it receives, and aware of what its owner changed.

It uses `_protocol`, `_top_xact`, `_copy_in`, `_cancel_current_command`, `_process_log_message`, its caches
the sets of listeners and the protocol, which asyncpg does not document: so its version has an upper bound.
"""

from __future__ import annotations

from asyncio import Future, ensure_future, wait
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.errors import DeadlineExceeded
from sqlspec.plugin.postgresql import is_local_commit, local_commit

from .begin_ahead import BeginAnswer, Sender, begin_message
from .deadlines import seconds_until
from .read_buffer import read_buffer_of
from .wire_tap import WireTap

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Transport

    from sqlspec.errors import CommitOutcomeUnknownError
    from sqlspec.plugin import TransactionOptions

    from .wire_tap import Reply

__all__ = ("WatchedConnection", "attach_reply")


class WatchedConnection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """The driver's own connection."""

    __slots__ = (
        "_sender",
        "_set_up",
        "has_local_commit",
        "has_new_codecs",
        "is_committing",
        "reads_numeric_texts",
        "tap",
        "transport",
    )

    def __init__(self, protocol: Any, transport: Transport, loop: AbstractEventLoop, *facts: Any) -> None:
        super().__init__(protocol, transport, loop, *facts)
        self.transport, self._sender = transport, Sender(transport)
        self.tap = WireTap(protocol, read_buffer_of(loop))
        self.has_new_codecs = self.has_local_commit = self.is_committing = False
        self.note_set_up()
        self.reads_numeric_texts = True
        transport.set_protocol(self.tap)

    @property
    def is_cancelling(self) -> bool:
        """A call was cancelled, and the server has not acknowledged that yet."""
        protocol = self._protocol
        return protocol is not None and bool(protocol._is_cancelling())  # noqa: SLF001 - see the top of this file

    @property
    def protocol(self) -> Any:
        """asyncpg's, which speaks with the server."""
        return self._protocol

    @property
    def is_beginning(self) -> bool:
        """A BEGIN was sent ahead, and the server has not told the transaction's status since."""
        return self.tap.begin is not None

    def begin_ahead(self, options: TransactionOptions) -> None:
        """Send BEGIN ahead of the next message. Not while an earlier call is being cancelled."""
        if self.is_closed():
            raise asyncpg.InterfaceError("the connection is closed")
        if self.tap.begin is None:  # else the statement behind an earlier one was not sent: that one stands
            self.tap.begin = BeginAnswer()
            self._sender.send(begin_message(options))

    async def await_begin(self, timeout: float | None) -> None:
        """Have a BEGIN that was sent ahead answered, so that asyncpg itself knows of the transaction."""
        if self.tap.begin is not None:
            await self.execute("SHOW transaction_isolation", timeout=timeout)  # needs no snapshot

    def request_cancel(self) -> Future[None] | None:
        """Ask the server to stop what is running, which then fails; done when the server has been asked.

        None where asyncpg itself has asked, for a call that was cancelled or has timed out; and for a COMMIT.
        """
        if self.is_closed() or self.is_cancelling or self.is_committing:
            return None
        sent: Future[None] = self._loop.create_future()
        self._cancel_current_command(sent)
        return sent

    async def commit(self, statement: str, deadline: float | None) -> str:
        """COMMIT, as it was typed; returns its tag.

        Asyncpg would ask the server to stop it, when its caller is cancelled or its time is over. Here the
        connection is closed instead, which stops nothing.
        """
        running = ensure_future(self.execute(statement))
        self.is_committing = True
        try:
            if not (await wait([running], timeout=seconds_until(deadline)))[0]:
                raise DeadlineExceeded("COMMIT was not answered in time")
        finally:
            self.is_committing = False
            if not running.done():
                self.terminate()
                running.add_done_callback(Future.exception)  # has been seen
        tag: str = running.result()
        if self.has_local_commit:
            raise self.take_local_commit()
        return tag

    def take_local_commit(self) -> CommitOutcomeUnknownError:
        """The error for a commit that the server has done for itself alone; it is raised once."""
        self.has_local_commit = False
        return local_commit()

    def _process_log_message(self, fields: Any, last_query: Any) -> None:
        """The server says something besides its answer."""
        if is_local_commit(fields.get("R")):
            self.has_local_commit = True
        super()._process_log_message(fields, last_query)

    def restore(self) -> bool:
        """Undo what an owner changed on this object. False: it can not be undone."""
        self._top_xact = None  # type: ignore[misc] # a slot of the driver's class
        self._listeners.clear()
        for callbacks, set_up in zip(self._callbacks(), self._set_up, strict=True):
            callbacks.clear()
            callbacks.update(set_up)
        return not self.has_new_codecs

    def note_set_up(self) -> None:
        """What is registered by now is for all owners."""
        self.has_new_codecs = False
        self._set_up = [callbacks.copy() for callbacks in self._callbacks()]

    def _callbacks(self) -> tuple[set[Any], ...]:
        return self._log_listeners, self._termination_listeners, self._query_loggers

    def forget_types(self) -> None:
        """What asyncpg has learned of the database's types, and prepared by itself."""
        self._drop_global_type_cache()
        self._drop_global_statement_cache()

    async def copy_text(self, statement: str, data: str, timeout: float | None) -> None:
        """Run COPY … FROM STDIN as it is written, with the lines that belong to it."""
        name = str(self.get_settings().client_encoding)
        encoded = data.encode(name.upper().replace("WIN", "cp"))
        await self._copy_in(statement, BytesIO(encoded), timeout)

    def close_without_loop(self) -> None:
        """Close without the loop, which is closed itself."""
        transport: Any = self.transport
        with suppress(RuntimeError):  # asyncio schedules the rest, and a closed loop refuses that
            self.terminate()
        # With TLS there are two transports, the inner one with the socket. uvloop has closed its own already.
        inner = getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport)
        if getattr(inner, "_sock", None) is not None:
            with suppress(RuntimeError):
                inner._call_connection_lost(None)  # noqa: SLF001 - the only way that leaves no warning behind

    async def set_type_codec(self, typename: str, **options: Any) -> None:
        """As the driver's."""
        self.has_new_codecs = True
        await super().set_type_codec(typename, **options)

    async def reset_type_codec(self, typename: str, **options: Any) -> None:
        """As the driver's."""
        self.has_new_codecs = True
        await super().reset_type_codec(typename, **options)

    async def set_builtin_type_codec(self, typename: str, **options: Any) -> None:
        """As the driver's."""
        self.has_new_codecs = True
        await super().set_builtin_type_codec(typename, **options)


async def attach_reply(raw: WatchedConnection, reply: Reply) -> None:
    """Let *reply* read how the server answers the next message, and not what is late of a cancelled call."""
    if raw.is_cancelling:
        with suppress(Exception):  # the next message will raise it too
            await raw.execute("SELECT 1")
    raw.tap.reply = reply
