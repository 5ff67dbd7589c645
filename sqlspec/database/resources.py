"""What an adapter keeps for as long as a database is registered."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("KeptResources",)

T = TypeVar("T")


class KeptResources:
    """`sqlspec.plugin.Resources`, kept by a `Database`. Thread-safe; in use again after `close`."""

    def __init__(self) -> None:
        self._lock = RLock()  # reentrant: making one thing may ask for another
        self._kept: dict[str, tuple[Any, Callable[[Any], object]]] = {}

    def get(self, key: str, make: Callable[[], T], close: Callable[[T], object]) -> T:
        """The thing under *key*; the first caller makes it. A failed making is not remembered."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (make(), close)
            found: T = self._kept[key][0]
            return found

    def close(self) -> None:
        """End everything, the last made first; keeps going past errors and raises the first of them.

        An interruption goes before them, whenever it comes.
        """
        with self._lock:
            kept, self._kept = self._kept, {}
        errors: list[Exception] = []
        for thing, close in reversed(kept.values()):
            try:
                close(thing)
            except Exception as exc:  # noqa: BLE001 - one that can not be closed must not keep the others
                errors.append(exc)
        if errors:
            from sqlspec.concurrency.interruptions import is_interruption

            raise next(filter(is_interruption, errors), errors[0])

    def abandon(self) -> None:
        """In a forked child: a new lock; what memory holds was copied along and stays."""
        self._lock = RLock()

    def __del__(self) -> None:
        if self._kept:
            self.close()
