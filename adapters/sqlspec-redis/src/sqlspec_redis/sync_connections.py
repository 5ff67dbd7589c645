"""redis-py's connections for threads, which remember what was sent."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from sqlspec.plugin import PooledConnection

from .options import check_alive
from .plain_text import SILENCE, refuse_plain_text
from .sockets import cut, is_readable
from .traces import Traces, is_of_another_server

if TYPE_CHECKING:
    from .options import Terms

__all__ = ("SocketConnection", "TCPConnection")


class _Packer:
    """Stands before redis-py's own packer."""

    def __init__(self, traces: Traces, terms: Terms, inner: Any) -> None:
        self._sent, self._encode, self._pack = traces.sent, terms.encode, inner.pack

    def pack(self, *arguments: Any) -> Any:
        """The bytes of one command."""
        packed = self._pack(*(arguments if self._encode is None else self._encode(arguments)))
        self._sent(arguments)  # only now: what can not be packed is not sent
        return packed


class _Ours:
    """What is ours of a connection. Opened by the pool; redis-py's clients find it open."""

    if TYPE_CHECKING:  # redis-py's, mostly without types
        connect: Any
        disconnect: Any
        send_command: Any
        _command_packer: Any
    _sock: Any

    def __init__(self, *, terms: Terms, **options: Any) -> None:
        self.traces = Traces()
        self._terms = terms
        self._patience: float | None = options["socket_timeout"]
        self._is_over = False
        self._opening: Any = None
        self._inherited: Any = None
        # A command runs once; who connects again when it failed is the pool.
        base: Any = super()
        base.__init__(retry=Retry(NoBackoff(), 0), **options)
        self._command_packer = _Packer(self.traces, terms, self._command_packer)

    @property
    def is_open(self) -> bool:
        """Whether there is a socket; what is at its other end shows when it is used."""
        return self._sock is not None

    @property
    def fileno(self) -> int | None:
        """The number of its socket."""
        sock = self._sock
        return None if sock is None else sock.fileno()

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing came while nobody asked. Never raises, costs a microsecond."""
        sock = self._sock
        return sock is not None and not is_readable(sock.fileno())

    def open(self, seconds: float) -> None:
        """Connect and greet the server; raises redis-py's errors, after *seconds* at the latest."""
        timer = Timer(max(0.0, seconds), self._cut_short)
        timer.daemon = True
        started = time.monotonic()
        timer.start()
        try:
            self.connect()
            self._ping()  # a server that wants a password and gets none: redis-py may not notice
        except BaseException as exc:
            self.disconnect()  # else it would pass for open, and nobody has greeted the server
            is_other = not isinstance(exc, redis.ConnectionError) or isinstance(
                exc, redis.AuthenticationError
            )
            if is_other or time.monotonic() - started < seconds:
                raise
            raise redis.TimeoutError("Timeout connecting to server") from None
        finally:
            timer.cancel()
            self._opening = None
        self.traces.clear()

    def probe(self, seconds: float) -> None:
        """PING; raises redis-py's errors, after *seconds* at the latest."""
        sock = self._sock
        sock.settimeout(max(0.001, seconds))
        self._ping()
        sock.settimeout(self._patience)

    def _ping(self) -> None:
        self.send_command("PING", check_health=False)
        with suppress(NoPermissionError):  # who may not ask is known there, all the same
            self.read_response()

    def send_packed_command(self, *arguments: Any, **options: Any) -> None:
        """Send; what interrupts redis-py is raised as it is."""
        base: Any = super()
        try:
            base.send_packed_command(*arguments, **options)
        except (redis.ConnectionError, redis.TimeoutError) as exc:
            raise PooledConnection.interruption(exc) or exc from exc.__cause__
        finally:
            del arguments  # the password may be in it, and a traceback shows what variables hold

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        """The reply, which is owed no longer."""
        base: Any = super()
        try:
            response = base.read_response(*arguments, **options)
        except redis.ResponseError as exc:
            self.traces.owed -= 1
            if is_of_another_server(exc):
                self.traces.is_demoted = True
            raise
        except (redis.ConnectionError, redis.TimeoutError) as exc:
            self.traces.is_lost = True
            raise PooledConnection.interruption(exc) or exc from exc.__cause__
        self.traces.owed -= 1
        return response

    def drop(self) -> None:
        """Close now, without a word; from any thread. A thread that waits for a reply gets an error."""
        self._is_over = True
        self.disconnect()

    def forget(self) -> None:
        """In a forked child: refuse, and keep the parent's socket from being freed, which would close it."""
        self._is_over = True
        self._inherited = self._sock
        self._sock = None

    def _connect(self) -> Any:
        check_alive(is_over=self._is_over)
        base: Any = super()
        sock = self._opening = base._connect()  # noqa: SLF001 - our parent's
        if self._terms.tls is None:
            return sock
        try:
            return self._encrypted(sock)
        except BaseException:
            self._opening.close()
            raise

    def _encrypted(self, sock: Any) -> Any:
        assert self._terms.tls is not None  # noqa: S101 - who calls has looked
        wrapped = self._opening = self._terms.tls.wrap_socket(
            sock, server_hostname=self._terms.server_name, do_handshake_on_connect=False
        )
        patience = wrapped.gettimeout()
        wrapped.settimeout(SILENCE)
        try:
            wrapped.do_handshake()
        except TimeoutError as exc:
            if PooledConnection.is_foreign(exc):
                raise
            refuse_plain_text(self._terms.address)
            wrapped.settimeout(patience)
            wrapped.do_handshake()
        wrapped.settimeout(patience)
        return wrapped

    def _cut_short(self) -> None:
        if self._opening is not None:
            cut(self._opening)


class TCPConnection(_Ours, redis.Connection):
    """Over TCP, with TLS or without."""


class SocketConnection(_Ours, redis.UnixDomainSocketConnection):
    """Over a unix socket."""
