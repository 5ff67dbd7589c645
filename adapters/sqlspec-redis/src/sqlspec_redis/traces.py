"""What was sent on a connection, as far as its next borrower could tell.

Commands are looked at as they are packed, so it does not matter who sent them: a method, a pipeline,
`execute_command` or a connection taken by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis import exceptions

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Traces", "is_of_another_server")

_OF_ANOTHER_SERVER = (exceptions.ReadOnlyError, exceptions.ClusterDownError, exceptions.MasterDownError)
_REASONS = ("READONLY ", "NOREPLICAS ", "MASTERDOWN ", "CLUSTERDOWN ")
_OF_EXEC = "Transaction discarded because of: "


def is_of_another_server(exc: Exception) -> bool:
    """Whether a server says this that follows another one, or has lost those it belongs to.

    Not all of it has a class of redis-py's, and EXEC repeats the reason. One that is loading counts as lost.
    """
    return isinstance(exc, _OF_ANOTHER_SERVER) or str(exc).removeprefix(_OF_EXEC).startswith(_REASONS)


QUEUES, WATCHES, SETTINGS, STREAMS = 1, 2, 4, 8
_TRANSACTION = QUEUES | WATCHES
_MARKS = {
    "MULTI": QUEUES,
    "WATCH": WATCHES,
    **dict.fromkeys(("SELECT", "AUTH", "HELLO", "READONLY", "READWRITE", "ASKING"), SETTINGS),
    # Replies that nobody asked for, none at all, or a server that has hung up.
    **dict.fromkeys(("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE"), STREAMS),
    **dict.fromkeys(("SUNSUBSCRIBE", "MONITOR", "SYNC", "PSYNC", "REPLCONF", "RESET", "QUIT"), STREAMS),
}
# What keeps a connection for long: whoever else needs one must not wait for it.
_HOLDING = frozenset(
    {
        "WATCH",
        *("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR"),
        *("BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP"),
        *("XREAD", "XREADGROUP", "WAIT", "WAITAOF"),
    }
)
_ENDINGS = frozenset({"EXEC", "DISCARD", "UNWATCH"})
_WITH_PARTS = frozenset({"CLIENT", "SCRIPT"})
_HARMLESS_OF_CLIENT = frozenset(
    {
        "GETNAME",
        "GETREDIR",
        "HELP",
        "ID",
        "INFO",
        "KILL",
        "LIST",
        "PAUSE",
        "TRACKINGINFO",
        "UNBLOCK",
        "UNPAUSE",
    }
)

_harmless: set[Any] = set()
"""Names of commands, as they are spelled, that were looked at and leave nothing behind."""
_MOST = 1_000  # spellings; there are some 400 commands


class Traces:
    """What one connection has been through since it was opened."""

    __slots__ = ("_marks", "hold", "is_demoted", "is_lost", "owed")

    def __init__(self) -> None:
        self.owed = 0
        """Commands without a reply: whoever reads next would get somebody else's."""
        self.is_lost = False
        """The server was not there any more, or did not answer. Stays so when the session connects again."""
        self.is_demoted = False
        """The server follows another one, or is not ready to serve: another connection may lead elsewhere."""
        self.hold: Callable[[], None] = _nobody_waits
        """Called when a command is sent that keeps the connection for long."""
        self._marks = 0

    def sent(self, arguments: tuple[Any, ...]) -> None:
        """Told of every command."""
        self.owed += 1
        try:
            if arguments[0] in _harmless:
                return
        except TypeError:  # a bytearray
            pass
        self._look_at(arguments)

    def leave_anything(self, *, but_settings: bool = False) -> bool:
        """Whether a next borrower could tell; *but_settings*: apart from the database's number and so on."""
        return self.owed != 0 or (self._marks & ~SETTINGS if but_settings else self._marks) != 0

    def clear(self) -> None:
        """The connection was opened just now: what greeted the server counts for nothing."""
        self.owed = self._marks = 0

    def _look_at(self, arguments: tuple[Any, ...]) -> None:
        words = _words(arguments)
        name = words[0]
        if name in _HOLDING:
            self.hold()
        if name in _ENDINGS:
            self._end(name, len(words))
        elif name in _WITH_PARTS:
            self._marks |= _mark_of_part(name, words[1] if len(words) > 1 else "")
        elif name in _MARKS:
            self._marks |= _MARKS[name]
        elif name not in _HOLDING and len(_harmless) < _MOST and isinstance(arguments[0], str | bytes):
            _harmless.add(arguments[0])

    def _end(self, name: str, words: int) -> None:
        if words > 1:
            return  # an error, which ends nothing
        # An UNWATCH in the queue of a MULTI ends nothing, but then the MULTI is what counts.
        self._marks &= ~WATCHES if name == "UNWATCH" else ~_TRANSACTION


def _nobody_waits() -> None:
    """It belongs to no session."""


def _words(arguments: tuple[Any, ...]) -> list[str]:
    """The name and what follows it, in capitals; redis-py takes `CLIENT SETNAME` as one argument, too."""
    words = _text(arguments[0]).split() or [""]
    return [*words, *map(_text, arguments[1:3])]


def _text(argument: Any) -> str:
    if isinstance(argument, bytes | bytearray | memoryview):
        return bytes(argument).decode("utf-8", "replace").upper()
    return argument.upper() if isinstance(argument, str) else ""


def _mark_of_part(name: str, part: str) -> int:
    if name == "SCRIPT":
        return STREAMS if part == "DEBUG" else 0
    if part == "REPLY":
        return STREAMS
    return 0 if part in _HARMLESS_OF_CLIENT else SETTINGS
