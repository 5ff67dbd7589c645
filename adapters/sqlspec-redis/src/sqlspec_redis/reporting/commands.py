"""What observers are told of commands. Nothing here waits.

A command's text is its name, and `?` if anything follows. What follows is the application's data: keys and
values go to those who ask for parameters, passwords and scripts to nobody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from sqlspec.plugin import PooledConnection, RawResult
from sqlspec_redis.errors import mapped

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Command", "describe", "pipeline_result", "pipeline_statement", "reported_error")

MOST_NAMES = 20
"""How many names of a pipeline's commands its text has."""
_CONTAINERS = frozenset(
    {
        *("ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "FUNCTION", "LATENCY", "MEMORY"),
        *("MODULE", "OBJECT", "PUBSUB", "SCRIPT", "SENTINEL", "SLOWLOG", "XGROUP", "XINFO"),
    }
)
"""Commands whose second word belongs to the name."""
_PRIVATE = frozenset(
    {
        *("ACL", "AUTH", "CONFIG", "HELLO", "MIGRATE", "MODULE", "SENTINEL"),  # passwords
        *("FUNCTION", "SCRIPT"),  # code
    }
)
"""Commands whose arguments and replies nobody is shown."""
_WITH_SCRIPT = frozenset({"EVAL", "EVAL_RO"})
_MOST_SPELLINGS = 1_000
"""There are some 400 commands; those of modules come on top."""
_NAME = re.compile(r"[A-Z][A-Z0-9._-]{0,31}")
_PART = re.compile(r"[A-Z][A-Z-]{0,31}")


_known: dict[str, tuple[str, str]] = {}
"""Verbs and texts of names that were looked at, as they are spelled; nothing private is among them."""


class Command(msgspec.Struct):  # a Struct, because it is made for every command, and in C
    """One command, as observers may see it."""

    verb: str
    """Its name, in capitals; empty if what was sent is not even like one."""
    statement: str
    parameters: tuple[Any, ...] | None
    is_private: bool

    def result(self, reply: object) -> RawResult | None:
        """The reply as a row, for those who ask for rows."""
        return None if self.is_private else RawResult(columns=("reply",), rows=[(reply,)])


def describe(arguments: tuple[Any, ...]) -> Command:
    """What to tell of a command; redis-py takes `CLIENT SETNAME` or a whole command as one argument, too."""
    if len(arguments) > 1 and type(arguments[0]) is str:
        known = _known.get(arguments[0])
        if known is not None:
            return Command(*known, arguments[1:], is_private=False)
    return _look_at(arguments)


def _look_at(arguments: tuple[Any, ...]) -> Command:
    words = _words(arguments[:1])
    given = arguments if len(words) == 1 else (*words, *arguments[1:])
    name = verb = _spelled(given[:1], _NAME)
    rest = given[1:]
    if name in _CONTAINERS and (part := _spelled(rest[:1], _PART)):
        verb, rest = f"{name} {part}", rest[1:]
    is_private = not name or name in _PRIVATE
    shown = () if is_private else rest
    if name in _WITH_SCRIPT:
        shown = ("?", *rest[1:])
    statement = f"{verb or '?'} ?" if rest else verb or "?"
    is_plain = not (is_private or name in _WITH_SCRIPT or verb in _CONTAINERS)
    # The first argument is the name and nothing else: no data is kept here.
    is_name = rest and len(rest) == len(arguments) - 1 and type(arguments[0]) is str
    if is_plain and is_name and len(_known) < _MOST_SPELLINGS:
        _known[arguments[0]] = verb, statement
    return Command(verb, statement, shown or None, is_private)


def pipeline_statement(kind: str, commands: Sequence[Command]) -> str:
    """The names of a pipeline's commands."""
    if not commands:
        return kind  # it was watching, and found nothing to do
    names = [command.verb or "?" for command in commands[:MOST_NAMES]]
    if len(commands) > MOST_NAMES:
        names.append("…")
    return f"{kind}: {', '.join(names)}"


def pipeline_result(commands: Sequence[Command], replies: Sequence[object]) -> RawResult:
    """A row for each reply."""
    pairs = zip(commands, replies, strict=False)
    rows = [(None if command.is_private else reply,) for command, reply in pairs]
    return RawResult(columns=("reply",), rows=rows)


def reported_error(exc: BaseException) -> BaseException:
    """The error of sqlspec's that observers are told of, where it has one."""
    found = PooledConnection.interruption(exc)  # what came out of a signal's handler is not Redis' error
    return found or (mapped(exc) if isinstance(exc, Exception) else None) or exc


def _words(first: tuple[Any, ...]) -> list[Any]:
    argument = first[0] if first else None
    return argument.split() if isinstance(argument, str | bytes) else [argument]


def _spelled(word: tuple[Any, ...], pattern: re.Pattern[str]) -> str:
    """A word of a name in capitals, or nothing if it can not be one."""
    text = word[0] if word else ""
    if isinstance(text, bytes):
        text = text.decode("ascii", "replace")
    text = text.upper() if isinstance(text, str) else ""
    return text if pattern.fullmatch(text) else ""
