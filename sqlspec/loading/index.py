"""What is installed, read from the metadata of distributions: names alone, nothing is imported."""

from __future__ import annotations

from functools import lru_cache
from sys import path as _path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ("ADAPTERS", "CONFIGS", "PLUGINS", "SCHEMES", "Entry", "Index", "installed", "refresh")

ADAPTERS = "sqlspec.adapters"
SCHEMES = "sqlspec.schemes"
PLUGINS = "sqlspec.plugins"
CONFIGS = "sqlspec.configs"
"""By adapter, where its config class lives: so that a listing can name it without an import."""
GROUPS = frozenset({ADAPTERS, SCHEMES, PLUGINS, CONFIGS})


class Entry(NamedTuple):
    """One entry point: a name, and the module or object behind it."""

    group: str
    name: str
    value: str
    distribution: str
    version: str
    point: Any
    """importlib_metadata's own object; loading it is the only thing that imports."""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


class Index(NamedTuple):
    """All entries of our groups, by name. More than one entry under a name is a conflict."""

    adapters: dict[str, list[Entry]]
    plugins: dict[str, list[Entry]]
    schemes: dict[str, list[Entry]]
    configs: dict[str, list[Entry]]

    def claims(self, scheme: str) -> Iterator[tuple[str | None, Entry]]:
        """Who says it serves *scheme*: an adapter's name, or None where the claim leads to no adapter."""
        for entry in self.adapters.get(scheme, ()):
            yield entry.name, entry
        for entry in self.schemes.get(scheme, ()):
            yield self._owner(entry), entry

    def config_type(self, adapter: Entry) -> str | None:
        """Where the config class of *adapter* lives, as `"module:Name"`; None if no metadata says it."""
        for entry in self.configs.get(adapter.name, ()):
            if entry.distribution == adapter.distribution:
                return entry.value
        return None

    def _owner(self, claim: Entry) -> str | None:
        """A scheme's entry point holds the value of its adapter's, in the same distribution."""
        for name, entries in self.adapters.items():
            if any((e.value, e.distribution) == (claim.value, claim.distribution) for e in entries):
                return name
        return None


def installed() -> Index:
    """The index of this process, read once for each state of `sys.path`."""
    return _scan(tuple(_path))


def refresh() -> None:
    """Read again at the next question: something was installed or removed while we run."""
    import importlib

    importlib.invalidate_caches()
    _scan.cache_clear()


@lru_cache(maxsize=4)
def _scan(path: tuple[str, ...]) -> Index:  # noqa: ARG001 - the key; distributions() reads sys.path itself
    groups: dict[str, dict[str, list[Entry]]] = {group: {} for group in GROUPS}
    for entry in _entries():
        entries = groups[entry.group].setdefault(entry.name, [])
        # The same line twice is untidy, not a conflict.
        if all((known.distribution, known.value) != (entry.distribution, entry.value) for known in entries):
            entries.append(entry)
    return Index(groups[ADAPTERS], groups[PLUGINS], groups[SCHEMES], groups[CONFIGS])


def _entries() -> Iterator[Entry]:
    import importlib_metadata

    seen: set[str] = set()
    discover = cast("Any", importlib_metadata).distributions  # half typed
    for distribution in discover():
        # Whatever is wrong with the metadata of another distribution must not hurt those who do not use it.
        try:
            found = list(_ours(distribution))
        except Exception as exc:
            from sqlspec.concurrency.interruptions import is_interruption

            if is_interruption(exc):
                raise
            continue
        if found and (key := _normalized(found[0].distribution)) not in seen:
            seen.add(key)  # a distribution that shadows an older copy of itself on sys.path
            yield from found


def _ours(distribution: Any) -> Iterable[Entry]:
    # Most distributions have no such group: look at the text before anything is parsed.
    if "[sqlspec." not in (distribution.read_text("entry_points.txt") or "").replace(" ", ""):
        return
    name, version = distribution.name, distribution.version
    for point in distribution.entry_points:
        if point.group in GROUPS:
            yield Entry(point.group, point.name, point.value, name, version, point)


def _normalized(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
