"""Database URLs: `scheme+adapter://user:password@host:port,host:port/database?option=value`.

The parser is our own because the standard library's errors quote the URL. It is strict where leniency would
read half a password as a host: a character with a meaning of its own must be percent-encoded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn, Self

import msgspec
from msgspec.structs import force_setattr

from sqlspec.config.secret import MASK, Secret
from sqlspec.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_NAME = r"[a-z][a-z0-9_.-]*"
_SCHEME = re.compile(rf"({_NAME})(?:\+({_NAME}))?", re.IGNORECASE)
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
# Non-ASCII letters may stand as they are; spaces and control characters of any script may not.
_FORBIDDEN = re.compile(r"""[\x00-\x20\x7f-\xa0"<>\\^`{|}#@\[\]\ud800-\udfff]|%(?![0-9A-Fa-f]{2})|\s""")
_BLANK = re.compile(r"\s")
_PLAIN = re.compile(r"[A-Za-z0-9_.:/-]*")
_TELLING = re.compile(r"pass|pwd|secret|token|key|auth|credential", re.IGNORECASE)
_LARGEST_PORT = 65_535

_ENCODE = "percent-encode special characters in it, such as @ as %40, / as %2F and # as %23"


class URL(msgspec.Struct, frozen=True, kw_only=True):
    """A database URL in its parts, decoded. An empty part counts as absent.

    A host may be a socket's path; a port without a host is `("", port)`. `str` and `repr` mask the password.
    """

    scheme: str
    adapter: str | None = None
    username: str | None = None
    password: Secret | None = None
    hosts: tuple[tuple[str, int | None], ...] = ()
    database: str | None = None
    query: dict[str, str] = {}

    def __post_init__(self) -> None:
        for part in ("adapter", "username", "database"):
            if not getattr(self, part):
                force_setattr(self, part, None)
        if self.password == _EMPTY:
            force_setattr(self, "password", None)
        if not all(host or port for host, port in self.hosts):
            _refuse("a host is empty")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a URL apart. Raises InvalidConfigError, whose text holds no part of the URL."""
        head, slashes, rest = text.strip().partition("://")  # as it comes out of a file, or of a variable
        scheme, adapter = _scheme(head, slashes)
        location, _, query = rest.partition("?")
        authority, _, database = location.partition("/")
        user, at, hosts = authority.rpartition("@")
        name, _, password = user.partition(":")
        return cls(
            scheme=scheme,
            adapter=adapter,
            username=_decode(name, "user name") if at else None,
            password=Secret(_decode(password, "password")) if at else None,
            hosts=tuple(_hosts(hosts)),
            # A space in a file's name can not be mistaken for anything.
            database=_decode(database.replace(" ", "%20"), "database"),
            query=dict(_options(query)) if query else {},
        )

    def format(self) -> str:
        """The whole URL, password included; `parse` reads the same parts from it."""
        return self._format(None if self.password is None else quote(self.password.reveal()))

    def masked(self) -> str:
        """The URL as it may be shown: `***` for the password and for options that sound like one."""
        return self._format(None if self.password is None else MASK, mask_options=True)

    def _format(self, password: str | None, *, mask_options: bool = False) -> str:
        scheme = f"{self.scheme}+{self.adapter}" if self.adapter else self.scheme
        user = quote(self.username or "") + ("" if password is None else f":{password}")
        hosts = ",".join(_host_and_port(host, port) for host, port in self.hosts)
        database = "" if self.database is None else "/" + quote(self.database, safe="/:")
        query = "&".join(
            f"{quote(name)}={_option(name, value, mask=mask_options)}" for name, value in self.query.items()
        )
        return f"{scheme}://{user}{'@' if user else ''}{hosts}{database}{'?' if query else ''}{query}"

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        return f"URL({self.masked()!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("url", self.masked())]


_EMPTY = Secret("")


def _refuse(reason: str) -> NoReturn:
    raise InvalidConfigError(f"url: {reason}", key="url")


# --- parsing ----------------------------------------------------------------------------------------


def _scheme(head: str, slashes: str) -> tuple[str, str | None]:
    match = _SCHEME.fullmatch(head) if slashes else None
    if match is None:
        _refuse("not a URL; write scheme://…, a relative file as scheme:///path")
    scheme, adapter = match.groups()
    return scheme.lower(), adapter and adapter.lower()


def _hosts(text: str) -> Iterator[tuple[str, int | None]]:
    for entry in text.split(",") if text else ():
        host, port = _split_port(entry)
        yield _decode(host, "host"), _port(port)


def _split_port(entry: str) -> tuple[str, str | None]:
    if entry.startswith("["):
        host, bracket, port = entry[1:].partition("]")
        if not bracket or not host or (port and port[0] != ":"):
            _refuse("an IPv6 address stands in brackets, its port after them: [::1]:5432")
        return host, port[1:] if port else None
    host, colon, port = entry.partition(":")
    return host, port if colon else None


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if (
        text.isascii()
        and text.isdigit()
        and len(text) <= len(str(_LARGEST_PORT))
        and 0 < int(text) <= _LARGEST_PORT
    ):
        return int(text)
    _refuse(f"a port is no number from 1 to {_LARGEST_PORT}; if that is part of the password, {_ENCODE}")


def _options(query: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for entry in query.split("&"):
        raw, equals, value = entry.partition("=")
        name = _decode(raw, "query")
        if not name or not equals or name in seen:
            _refuse("its query must read name=value&name=value, each name once")
        seen.add(name)
        yield name, _decode(value, "query")


def _decode(text: str, part: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    if _FORBIDDEN.search(text):
        if part == "query" and _BLANK.search(text):
            _refuse("a blank in its query; write %20 for it")
        # The usual cause is a password, whatever part its pieces have ended up in.
        what = "password" if part == "password" else f"{part} (or in a password that reaches into it)"
        _refuse(f"special characters in the {what}: {_ENCODE}")
    raw = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), text.encode())
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    _refuse(f"the percent-encoding in the {part} is not UTF-8")


# --- formatting -------------------------------------------------------------------------------------


def quote(text: str, *, safe: str = "") -> str:
    """*text* as it may stand in any part of a URL: all but letters, digits and `-._~` percent-encoded."""
    if not text.isascii():
        _check_unicode(text)
    keep = _UNRESERVED + safe
    return "".join(chr(byte) if chr(byte) in keep else f"%{byte:02X}" for byte in text.encode())


def _check_unicode(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        _refuse("half a surrogate pair can not be encoded")


def _host_and_port(host: str, port: int | None) -> str:
    name = f"[{quote(host, safe=':')}]" if ":" in host else quote(host)
    return name if port is None else f"{name}:{port}"


def _option(name: str, value: str, *, mask: bool) -> str:
    return MASK if mask and _TELLING.search(name) else quote(value)
