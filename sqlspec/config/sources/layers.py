"""Tables laid over one another: a file over an earlier one, a profile over both, a database over a template.

A table is kept flat, path to leaf, while layers are laid; every leaf remembers where its source has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from sqlspec.config.sources.source import Path

    Flat: TypeAlias = dict[Path, "Leaf"]


class Leaf(NamedTuple):
    """A value and the path at which the source has it."""

    value: Any
    origin: Path


def flatten(table: Mapping[str, Any], origin: Path) -> Flat:
    """The leaves of *table*, which stands at *origin* in its source."""
    return {path: Leaf(value, origin + path) for path, value in _leaves(table, ())}


def over(base: Flat, top: Flat) -> Flat:
    """*top* laid over *base*. Tables mix; a value replaces a table of its name, and the reverse."""
    above_top = {parent for path in top for parent in _parents(path)}
    kept = {
        path: leaf
        for path, leaf in base.items()
        if path not in above_top and top.keys().isdisjoint(_parents(path))
    }
    return kept | top


def nest(flat: Iterable[tuple[Path, Any]]) -> dict[str, Any]:
    """Plain nested dicts from paths and values."""
    nested: dict[str, Any] = {}
    for path, value in flat:
        table = nested
        for name in path[:-1]:
            table = table.setdefault(name, {})
        table[path[-1]] = value
    return nested


def merge(base: dict[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Whole documents, laid over one another by the same rule; empty tables are kept."""
    return base | {
        name: merge(base[name], value)
        if isinstance(base.get(name), dict) and isinstance(value, Mapping)
        else value
        for name, value in top.items()
    }


def _leaves(table: Mapping[str, Any], above: Path) -> Iterator[tuple[Path, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(cast("Mapping[str, Any]", value), (*above, name))
        else:
            yield (*above, name), value


def _parents(path: Path) -> list[Path]:
    return [path[:depth] for depth in range(1, len(path))]
