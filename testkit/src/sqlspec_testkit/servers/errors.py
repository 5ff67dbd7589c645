"""What goes wrong with a server before any test has begun."""

from __future__ import annotations

__all__ = ("ServerError",)


class ServerError(Exception):
    """A throw-away server can not be had, or not be run; the text says why and what to type."""
