"""Asking a catalogue over HTTP, in an event loop: one connection for each request, answers read as they come.

h11 knows the protocol, asyncio the network. The standard library's own client blocks: it would need a thread
for each answer that is waited for.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
from contextlib import asynccontextmanager
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from sqlspec.config.secret import Secret
from sqlspec.config.sources.watched import source_error
from sqlspec.errors import ConfigError, InvalidArgumentError

try:
    import h11
except ImportError as exc:
    msg = "Consul and etcd are asked by way of h11, which can not be imported. Run: pip install 'h11>=0.16'"
    raise ConfigError(msg) from exc

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from sqlspec.errors import ConfigSourceError

OK = 200
PORTS = {"http": 80, "https": 443}
CHUNK = 1 << 16
LONGEST = 4 << 20
"""Bytes of an answer, or of a line of one."""


class Answer(NamedTuple):
    """The head of an answer, and what reads the rest."""

    status: int
    headers: Mapping[str, str]
    place: str
    parts: AsyncIterator[bytes]
    timeout: float

    async def json(self) -> Any:
        """The whole answer."""
        found = b""
        async with asyncio.timeout(self.timeout):
            async for part in self.parts:
                found += part
                self._check(found)
        return self._parsed(found)

    async def lines(self) -> AsyncGenerator[Any, None]:
        """Each line of it, as it comes."""
        rest = b""
        async for part in self.parts:
            *lines, rest = (rest + part).split(b"\n")
            self._check(rest)
            for line in lines:
                yield self._parsed(line)

    def _check(self, found: bytes) -> None:
        if len(found) > LONGEST:
            raise source_error(self.place, f"the answer is longer than {LONGEST >> 20} MiB")

    def _parsed(self, text: bytes) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):  # whose texts may quote what was sent
            fault = source_error(self.place, "the answer is no JSON, or not all of it came")
        raise fault


def check_seconds(**options: float) -> None:
    """Refuse a time that is none."""
    for name, seconds in options.items():
        if not 0 < seconds < inf:
            raise InvalidArgumentError(f"{name}= is a number of seconds, above 0 and not without end")


class Endpoint:
    """Where a catalogue answers: `http://host:port`, or `https://…`. *place* is what errors call it."""

    def __init__(self, address: str, *, tls: ssl.SSLContext | None, timeout: float, place: str) -> None:
        check_seconds(timeout=timeout)
        self._timeout, self._place = timeout, place
        self._host, self._port, is_secure = _parsed(address)
        if tls is not None and not is_secure:
            raise InvalidArgumentError("tls= goes with an address that begins with https://")
        self._tls: ssl.SSLContext | bool | None = (tls or True) if is_secure else None

    @asynccontextmanager
    async def ask(
        self,
        target: str,
        *,
        body: Secret | None = None,
        secret: tuple[str, Secret | None] = ("", None),
        patience: float = 0.0,
    ) -> AsyncGenerator[Answer, None]:
        """The answer to one request: a POST if it has a body. Raises ConfigSourceError if there is none.

        *secret* is a header and its value, if it has one. The answer begins within the timeout, or *patience*
        seconds later.
        """
        header, value = secret
        if value is not None:
            value = Secret(await value.areveal())  # no variable holds the text: tracebacks show them
        writer = None
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
            connection = h11.Connection(h11.CLIENT)
            if not self._send(writer, connection, target, (header, value), body):
                raise self._error(
                    "the token has a character that HTTP can not send, such as the end of a line"
                )
            events = _events(reader, connection)
            async with asyncio.timeout(self._timeout + patience):
                head = await anext(events)
            if not isinstance(head, h11.Response):
                raise self._error("hung up without an answer")
            headers = {name.decode("ascii"): text.decode("latin-1") for name, text in head.headers}
            yield Answer(head.status_code, headers, self._place, _data(events), self._timeout)
        except TimeoutError:
            raise self._error("did not answer in time") from None
        except OSError as exc:
            raise self._error(f"can not be reached: {_reason(exc)}") from None
        except h11.RemoteProtocolError:
            raise self._error("the answer is no HTTP, or not all of it came") from None
        finally:
            if writer is not None:
                writer.transport.abort()

    def _send(
        self,
        writer: asyncio.StreamWriter,
        connection: h11.Connection,
        target: str,
        secret: tuple[str, Secret | None],
        body: Secret | None,
    ) -> bool:
        """Send the request. False if its secret can not be sent."""
        header, value = secret
        data = b"" if body is None else body.reveal().encode()
        host = f"[{self._host}]" if ":" in self._host else self._host
        headers = [
            ("Host", f"{host}:{self._port}"),
            ("Accept", "application/json"),
            ("Connection", "close"),
            ("Content-Length", str(len(data))),
        ]
        if value is not None:
            headers.append((header, value.reveal()))
        method = "GET" if body is None else "POST"
        try:
            request = h11.Request(method=method, target=target, headers=headers)
        except (h11.LocalProtocolError, UnicodeError):  # the caller raises: this frame has the secret
            return False
        for event in (request, h11.Data(data=data), h11.EndOfMessage()):
            writer.write(connection.send(event) or b"")
        return True

    def refused(self, status: int, reasons: Mapping[int, str]) -> ConfigSourceError:
        """The error for an answer that is not 200."""
        reason = reasons.get(status)
        return self._error(f"answers with HTTP status {status}" + (f": {reason}" if reason else ""))

    def _error(self, reason: str) -> ConfigSourceError:
        return source_error(self._place, reason)


async def _events(reader: asyncio.StreamReader, connection: h11.Connection) -> AsyncIterator[object]:
    """The head of the answer, its data, its end."""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(CHUNK))
        else:
            yield event


async def _data(events: AsyncIterator[object]) -> AsyncIterator[bytes]:
    async for event in events:
        if not isinstance(event, h11.Data):
            return
        yield bytes(event.data)


def _reason(exc: OSError) -> str:
    """The system's words, without those of asyncio or OpenSSL."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return exc.verify_message
    if isinstance(exc, ssl.SSLError | socket.gaierror) or exc.errno is None:
        return exc.strerror or type(exc).__name__
    return os.strerror(exc.errno)


def _parsed(address: str) -> tuple[str, int, bool]:
    """Host, port, and whether it is encrypted. The address is not quoted: it may hold a password."""
    try:
        found = urlsplit(address)
        host, port = found.hostname, found.port
    except ValueError:
        host, port, found = None, None, urlsplit("")
    is_bare = not (found.path.strip("/") or found.query or found.fragment or "@" in found.netloc)
    if found.scheme not in PORTS or not host or not is_bare:
        raise InvalidArgumentError("an address is written as http://host:port, or https://host:port")
    return host, port or PORTS[found.scheme], found.scheme == "https"
