"""redis-py's connections for tasks, which remember what was sent."""

from __future__ import annotations

import asyncio
from asyncio import timeout
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError

from .options import check_alive
from .plain_text import SILENCE, arefuse_plain_text
from .sockets import drop_transport, is_readable
from .traces import Traces, is_of_another_server

if TYPE_CHECKING:
    from .options import Terms

__all__ = ("SocketConnection", "TCPConnection")


class _Ours:
    """What is ours of a connection. Opened by the pool; redis-py's clients find it open."""

    if TYPE_CHECKING:  # redis-py's, mostly without types
        connect: Any
        send_command: Any
        _parser: Any
    _reader: Any
    _writer: Any

    def __init__(self, *, terms: Terms, **options: Any) -> None:
        self.traces = Traces()
        self._terms = terms
        self._is_over = False
        self._inherited: Any = None
        self._patience: float | None = options["socket_timeout"]
        # A command runs once; who connects again when it failed is the pool.
        base: Any = super()
        base.__init__(retry=Retry(NoBackoff(), 0), **options)

    @property
    def is_open(self) -> bool:
        """Whether there is a socket; what is at its other end shows when it is used."""
        return self._writer is not None

    @property
    def fileno(self) -> int | None:
        """The number of its socket."""
        sock = None if self._writer is None else self._writer.get_extra_info("socket")
        return None if sock is None else sock.fileno()

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing came while nobody asked. Never raises, costs microseconds."""
        reader, writer = self._reader, self._writer
        if reader is None or writer is None or writer.is_closing() or reader.exception() is not None:
            return False
        # What the loop has read already, and what it has not come to yet.
        if reader._buffer or reader.at_eof():  # noqa: SLF001 - redis-py looks there, too
            return False
        sock = writer.get_extra_info("socket")
        return sock is not None and sock.fileno() >= 0 and not is_readable(sock.fileno())

    async def open(self, seconds: float) -> None:
        """Connect and greet the server; raises redis-py's errors, after *seconds* at the latest."""
        scope = timeout(max(0.0, seconds))
        try:
            async with scope:
                await self.connect()
                await self._ping()  # a server that wants a password and gets none: redis-py may not notice
        except BaseException as exc:
            self._cut()  # else it would pass for open, and nobody has greeted the server
            if not isinstance(exc, TimeoutError) or not scope.expired():
                raise
            raise redis.TimeoutError("Timeout connecting to server") from None
        self.traces.clear()

    async def probe(self, seconds: float) -> None:
        """PING; raises redis-py's errors, after *seconds* at the latest."""
        scope = timeout(max(0.0, seconds))
        try:
            async with scope:
                await self._ping()
        except TimeoutError:
            if not scope.expired():
                raise
            raise redis.TimeoutError("Timeout reading from socket") from None

    async def _ping(self) -> None:
        await self.send_command("PING", check_health=False)
        with suppress(NoPermissionError):  # who may not ask is known there, all the same
            await self.read_response()

    def pack_command(self, *arguments: Any) -> Any:
        """The bytes of one command."""
        base: Any = super()
        encode = self._terms.encode
        packed = base.pack_command(*(arguments if encode is None else encode(arguments)))
        self.traces.sent(arguments)  # only now: what can not be packed is not sent
        return packed

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - redis-py's
        """Send; the same as redis-py's, without `asyncio.wait_for`.

        On Python 3.11 that makes a task for every command, and forgets a cancellation that comes when the
        task is done.
        """
        if self._writer is None:
            await self.connect()
        writer: Any = self._writer
        try:
            writer.writelines([command] if isinstance(command, bytes) else command)
            del command  # the password may be in it, and a traceback shows what variables hold
            await self._drain(writer)
        except OSError as exc:
            self.traces.is_lost = True
            self._cut()
            if isinstance(exc, TimeoutError):
                raise redis.TimeoutError("Timeout writing to socket") from None
            raise redis.ConnectionError(f"Error while writing to socket: {exc.strerror}") from exc
        except BaseException:
            self._cut()
            raise

    async def _drain(self, writer: Any) -> None:
        if not writer.transport.get_write_buffer_size():
            await writer.drain()  # waits for nothing, but tells whether the connection is gone
            return
        async with timeout(self._patience):
            await writer.drain()

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """The reply, which is owed no longer."""
        base: Any = super()
        try:
            response = await base.read_response(*arguments, **options)
        except redis.ResponseError as exc:
            self.traces.owed -= 1
            if is_of_another_server(exc):
                self.traces.is_demoted = True
            raise
        except (redis.ConnectionError, redis.TimeoutError):
            self.traces.is_lost = True
            raise
        self.traces.owed -= 1
        return response

    def drop(self) -> None:
        """Close now, without a word and without waiting; also when its loop is closed."""
        self._is_over = True
        self._cut()

    def _cut(self) -> None:
        writer, self._writer, self._reader = self._writer, None, None
        self._parser.on_disconnect()
        if writer is not None:
            drop_transport(writer.transport)

    def __del__(self, *_: Any) -> None:
        # redis-py's own would want a loop that is open; whose lease was lost is the pool's to report.
        if getattr(self, "_writer", None) is not None:
            self.drop()

    def forget(self) -> None:
        """In a forked child: refuse, and keep the parent's socket from being freed, which would close it."""
        self._is_over = True
        self._inherited = (self._reader, self._writer)
        self._writer = self._reader = None

    async def _connect(self) -> None:
        check_alive(is_over=self._is_over)
        base: Any = super()
        connecting = base._connect()  # noqa: SLF001 - our parent's
        await (connecting if self._terms.tls is None else self._encrypted(connecting))

    async def _encrypted(self, connecting: Any) -> None:
        """Connect; if that takes long, ask meanwhile whether the server speaks TLS at all."""
        task = asyncio.ensure_future(connecting)
        try:
            done, _ = await asyncio.wait({task}, timeout=SILENCE)
            if not done:
                await arefuse_plain_text(self._terms.address)
            await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})


class TCPConnection(_Ours, redis.asyncio.Connection):
    """Over TCP, with TLS or without."""

    def _connection_arguments(self) -> dict[str, Any]:
        base: Any = super()
        arguments: dict[str, Any] = dict(base._connection_arguments())  # noqa: SLF001 - our parent's
        if self._terms.tls is not None:
            arguments |= {"ssl": self._terms.tls, "server_hostname": self._terms.server_name}
        return arguments


class SocketConnection(_Ours, redis.asyncio.UnixDomainSocketConnection):
    """Over a unix socket."""
