"""Tables laid over one another: a profile over the file, a database over what it extends.

A table is kept flat, path to leaf, while layers are laid; every leaf remembers where in the file it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeAlias

    Path: TypeAlias = tuple[str, ...]
    Flat: TypeAlias = dict[Path, "Leaf"]


class Leaf(NamedTuple):
    """A value and the path at which the file has it."""

    value: Any
    source: Path


def flatten(table: Mapping[str, Any], source: Path) -> Flat:
    """The leaves of *table*, which stands at *source* in the file."""
    return {path: Leaf(value, source + path) for path, value in _leaves(table, ())}


def _leaves(table: Mapping[str, Any], above: Path) -> Iterator[tuple[Path, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(cast("dict[str, Any]", value), (*above, name))
        else:
            yield (*above, name), value


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


def _parents(path: Path) -> list[Path]:
    return [path[:depth] for depth in range(1, len(path))]
