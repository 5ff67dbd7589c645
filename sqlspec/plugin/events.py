"""The events that observers receive: facts without credentials, parameters or rows."""

from __future__ import annotations

import msgspec

__all__ = ("ConnectionEvent", "StatementEvent")


class ConnectionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to one connection of a database."""

    name: str
    """The database's name in its registry."""
    adapter: str
    kind: str
    """`opened`, `closed`, `discarded`, `reclaimed` …"""
    reason: str | None = None
    """Why, where the kind does not say it: `recycle`, `ping failed` …"""
    seconds: float | None = None
    """How long it took, or how long the connection had been lent."""


class StatementEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One statement ran, well or not."""

    name: str
    """The database's name in its registry."""
    adapter: str
    statement: str
    """The text as the application typed it; parameters are never part of it."""
    verb: str = ""
    """Its first keyword, in capitals; empty where there is none, as in a script."""
    seconds: float
    rowcount: int | None = None
    """Rows returned or changed, where the driver tells."""
    error: str | None = None
    """The name of the error's type; None when the statement ran well."""
