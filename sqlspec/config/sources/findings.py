"""What is wrong with a source, collected, each finding with its place, so that all of it is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.config.sources.source import FilePlace
from sqlspec.errors import ConfigEntryError, ConfigSourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlspec.config.sources.source import Path, SourceTables


class Findings:
    """The errors of one source. Falsy while there are none."""

    def __init__(self, source_name: str, tables: SourceTables) -> None:
        self.errors = list(tables.errors)
        self._places: Mapping[Path, str | FilePlace] = {(): source_name, **tables.places}
        self._seen: set[tuple[object, str]] = set()

    def __bool__(self) -> bool:
        return bool(self.errors)

    def add(
        self, key: Path, reason: str, *, origin: Path | None = None, cause: Exception | None = None
    ) -> None:
        """Note what is wrong with *key*, which was said at *origin*, if that is elsewhere."""
        place = self._nearest(key if origin is None else origin)
        # A template's mistake is one mistake, however many databases extend it.
        if (place, reason) in self._seen:
            return
        self._seen.add((place, reason))
        error = _error(place, reason, ".".join(key))
        error.__cause__ = cause
        self.errors.append(error)

    def check(self) -> None:
        """Raise all of them, if there are any."""
        if self.errors:
            raise ConfigSourceError(self.errors)

    def _nearest(self, path: Path) -> str | FilePlace:
        while path not in self._places:
            path = path[:-1]
        return self._places[path]


def _error(place: str | FilePlace, reason: str, key: str) -> ConfigEntryError:
    if isinstance(place, FilePlace):
        return place.error(reason, key or None)
    return ConfigEntryError(reason, place=place, key=key or None)
