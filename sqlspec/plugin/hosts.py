"""Several servers for one database: which is asked first, and for how long.

    until = time.monotonic() + config.connect_timeout
    for turn in hosts.turns(until):
        …                               # connect to turn.host.address, as turn.attrs says, until turn.until
        if hosts.serves(turn):
            …                           # done; the connection keeps turn.host

The time of a connect is shared out, so that a silent host does not use up the time of those behind it. The
server that proved to be the primary last is asked first: an old one that comes back may still believe that it
is the primary. A server that was demoted, or does not answer, is asked last for a while, and briefly: if all
callers waited for it, none would see that another one becomes the primary.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlspec.errors import InvalidArgumentError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ("Host", "Hosts", "Turn", "share_of")

AVOIDED_FOR = 30.0
"""Seconds that a host which was left is asked after all others."""
BRIEF = 0.1
"""The part of a connect's time that such a host is given, or its share, if that is less."""
LEAST = 0.5
"""Seconds to which that part is raised."""
PRIMARY_ONLY = frozenset({"read-write", "primary"})
"""What only one server at a time can be."""
WANTED = PRIMARY_ONLY | {"any", "read-only", "standby", "prefer-standby"}
"""What a server may have to be."""
NEVER: Final = float("-inf")


def share_of(until: float, count: int, now: float) -> float:
    """Until when the first of *count* attempts may go on, if all have to end by *until*."""
    return now + (until - now) / count


class Host:
    """One server. Its connections keep it."""

    __slots__ = ("_hosts", "address", "avoided_until", "is_wanted")

    def __init__(self, hosts: Hosts, address: tuple[str, int]) -> None:
        self._hosts, self.address = hosts, address
        self.avoided_until = NEVER
        self.is_wanted = True
        """False: no connection to it is lent, because another server is the primary now or may be."""

    def leave(self) -> None:
        """It was demoted, or does not answer. Changes nothing where it is the only one."""
        self._hosts.leave(self)


class Turn(NamedTuple):
    """A host that is to be asked now."""

    host: Host
    attrs: str
    """What it has to be: a word of `target_session_attrs`, and never `prefer-standby`."""
    until: float
    """When to go on to the next (monotonic seconds)."""
    changes: int
    """How often another server had become the primary when this turn began."""


class Hosts:
    """The servers of one config, and what is known of them. Safe to share between threads."""

    def __init__(
        self,
        addresses: Sequence[tuple[str, int]],
        target_session_attrs: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if target_session_attrs not in WANTED:
            hint = did_you_mean(target_session_attrs, WANTED)
            raise InvalidArgumentError(f"target_session_attrs does not have this word. {hint}")
        self._lock, self._clock = Lock(), clock
        self._hosts = tuple([Host(self, address) for address in addresses])
        prefers = target_session_attrs == "prefer-standby"
        self._rounds = ("standby", "any") if prefers else (target_session_attrs,)
        self._has_primary = target_session_attrs in PRIMARY_ONLY
        self._primary: Host | None = None
        self._changes = 0

    def turns(self, until: float) -> Iterator[Turn]:
        """The hosts in turn, each with its share of the time until *until*."""
        changes, remaining = self._changes, self._plan()
        brief = max(BRIEF * (until - self._clock()), LEAST)
        while remaining and (now := self._clock()) < until:
            host, attrs = remaining[0]
            end = share_of(until, len(remaining), now)
            yield Turn(host, attrs, min(end, now + brief) if self._is_avoided(host, now) else end, changes)
            del remaining[0]
            if changes != self._changes:  # another caller has met a new primary meanwhile
                changes, remaining = self._changes, self._plan()

    def _is_avoided(self, host: Host, now: float) -> bool:
        """Where all are, the fault may be the network's, and none is worse than the others."""
        return host.avoided_until > now and any(other.avoided_until <= now for other in self._hosts)

    def _plan(self) -> list[tuple[Host, str]]:
        now, primary = self._clock(), self._primary
        in_order = sorted(self._hosts, key=lambda host: (host.avoided_until > now, host is not primary))
        return [(host, attrs) for attrs in self._rounds for host in in_order]

    def serves(self, turn: Turn) -> bool:
        """Note that the host of *turn* has answered, and is what it has to be.

        False: another has become the primary since that turn began. What has been connected to may be an old
        one that still believes in itself: close it, and go on.
        """
        with self._lock:
            if self._has_primary and turn.host is not self._primary:
                if turn.changes != self._changes:
                    return False
                self._changes += 1
                self._primary = turn.host
                for host in self._hosts:
                    host.is_wanted = False
            turn.host.is_wanted, turn.host.avoided_until = True, NEVER
            return True

    def leave(self, host: Host) -> None:
        """Ask it after all others, for a while, and lend no connection to it until it serves again.

        To fail in one of its brief turns meanwhile prolongs nothing: a host that is merely slow to connect to
        needs the whole share that it gets then.
        """
        now = self._clock()
        if len(self._hosts) > 1:
            host.is_wanted = False
            if host.avoided_until <= now:
                host.avoided_until = now + AVOIDED_FOR
