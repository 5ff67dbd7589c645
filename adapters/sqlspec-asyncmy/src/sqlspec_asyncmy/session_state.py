"""What the owner of a connection may have changed besides data, since the last reset."""

from __future__ import annotations

from typing import Any

__all__ = ("SessionState",)

# The driver's attributes that change what statements mean or how results look.
_ATTRIBUTES = (
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


class SessionState:
    """The state of one connection: on the server, and on the driver's object."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.note_set_up()
        self.prepared: dict[str, Any] = {}
        """The statement that the server holds prepared for us, until its reset."""
        self.mark_reset()

    def note_set_up(self) -> None:
        """As the driver's object is now, it is for all owners."""
        self._attributes = self._read_attributes()
        self._mappings = [dict(getattr(self._raw, name)) for name in _MAPPINGS]

    def mark_reset(self) -> None:
        """The server has done its reset."""
        self.is_used = False
        """Something was sent."""
        self.was_lent = False
        """The application had the driver's object: anything may have been sent."""
        self.has_changed_database = False
        """Another database may be the default one."""
        self.has_options = False
        """Options of the session are set on the server, which a rollback does not undo."""
        self.prepared.clear()

    @property
    def may_have_changed_database(self) -> bool:
        """Whether the default database may be another one."""
        return self.has_changed_database or self.was_lent

    def is_driver_unchanged(self) -> bool:
        """Whether the driver's object behaves as when we made it."""
        return self._read_attributes() == self._attributes and self._mappings == [
            getattr(self._raw, name) for name in _MAPPINGS
        ]

    def _read_attributes(self) -> list[object]:
        return [getattr(self._raw, name) for name in _ATTRIBUTES]
