"""The series of one database in one metric, found by one look-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .labels import OTHER
from .metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Collection

    from .metrics import Owner

__all__ = ("Series",)


class Series(dict[Any, Any]):
    """Made when they are first looked up: by the value of the one label, or by the tuple of all values.

    A value that is not among those *known* of its label is `other`, and is not kept: there may be any number.
    """

    def __init__(self, owner: Owner, family: str, *known: Collection[str]) -> None:
        super().__init__()
        self._owner, self._family, self._known = owner, family, known

    def __missing__(self, key: str | tuple[str, ...]) -> Any:
        if isinstance(key, str):
            known: str | tuple[str, ...] = _bounded(key, self._known[0])
        else:
            known = tuple(map(_bounded, key, self._known))
        return self.make(key) if known == key else self[known]

    def make(self, key: str | tuple[str, ...]) -> Any:
        """The series of values that are known."""
        values = (key,) if isinstance(key, str) else key
        made = self[key] = METRICS.child(self._owner, self._family, values)
        return made


def _bounded(value: str, known: Collection[str]) -> str:
    return value if value == OTHER or value in known else OTHER
