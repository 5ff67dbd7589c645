"""What an owner may have left on a connection besides data."""

from __future__ import annotations

from typing import Any

__all__ = ("Traces",)

# The driver's attributes that change what statements mean or how results look.
_SIMPLE = (
    "autocommit_mode",
    "_charset",
    "_encoding",
    "_use_unicode",
    "_cursor_cls",
    "_echo",
    "_query_callback",
    "_read_timeout",
    "_stmt_cache_size",
    "_local_infile",
)
_MAPPINGS = ("_encoders", "_decoders")


class Traces:
    """Of one connection, since its last reset."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._simple = self._seen()
        self._mappings = [dict(getattr(raw, name)) for name in _MAPPINGS]
        self.forget()

    def forget(self) -> None:
        """The server has been told to forget, too."""
        self.is_used = False
        """Something was sent."""
        self.was_lent = False
        """The driver's object was in an application's hands: nobody knows what was sent."""
        self.has_moved = False
        """Another database may be the default one."""
        self.is_prepared = False
        """Options of an autocommit session are set on the server."""

    @property
    def may_have_moved(self) -> bool:
        """Whether the default database may be another one."""
        return self.has_moved or self.was_lent

    def is_as_made(self) -> bool:
        """Whether the driver's object behaves as when we made it."""
        return self._seen() == self._simple and self._mappings == [
            getattr(self._raw, name) for name in _MAPPINGS
        ]

    def _seen(self) -> list[object]:
        return [getattr(self._raw, name) for name in _SIMPLE]
