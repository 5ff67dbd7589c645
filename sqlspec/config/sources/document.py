"""What a configuration file says: its databases, with profile and inheritance worked out.

    default = "primary"

    [templates.base]
    pool_size = 20

    [databases.primary]
    extends = "base"
    url = "postgresql://app:${DB_PASSWORD}@${DB_HOST:-localhost}/app"

    [profiles.dev.databases.primary]
    pool_size = 2

Errors are InvalidConfigError with the dotted key; who knows the file adds path and line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

from sqlspec.config.sources.interpolate import interpolate
from sqlspec.config.sources.layers import flatten, nest, over
from sqlspec.errors import InvalidConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlspec.config.sources.layers import Flat, Path

_SECTIONS = ("databases", "templates")
_TOP = ("databases", "default", "profiles", "templates")
_IN_PROFILE = ("databases", "default", "templates")
_MAX_DEPTH = 16


class Document:
    """A parsed file and the profile chosen. Made once and read once."""

    def __init__(self, raw: Mapping[str, Any], *, profile: str | None = None) -> None:
        _check_depth(raw)
        _check_keys(raw, _TOP, ())
        layers = [((), raw), *_profiles(raw, profile)]
        self._tables = _tables(layers)
        self._default = [
            (layer["default"], (*path, "default")) for path, layer in layers if "default" in layer
        ]
        self.sources: dict[str, Path] = {}

    def databases(self, environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Each database's options by its name. Only variables that some database uses need to be set."""
        return {
            name: self._database(name, environ) for section, name in self._tables if section == "databases"
        }

    def default(self, environ: Mapping[str, str]) -> str | None:
        """The default database's name; the profile's word counts before the file's."""
        if not self._default:
            return None
        value, path = self._default[-1]
        name = interpolate(value, environ, key=dotted(path))
        if not isinstance(name, str):
            refuse(path, f"expected a database's name, got {type(name).__name__}")
        known = [name for section, name in self._tables if section == "databases"]
        if name not in known:
            refuse(path, f"no such database in this file. {did_you_mean(name, known)}")
        return str(name)

    def _database(self, name: str, environ: Mapping[str, str]) -> dict[str, Any]:
        flat = self._inherited(("databases", name))
        self.sources |= {dotted(("databases", name, *path)): leaf.source for path, leaf in flat.items()}
        return nest(
            (path, interpolate(leaf.value, environ, key=dotted(leaf.source))) for path, leaf in flat.items()
        )

    def _inherited(self, start: tuple[str, str]) -> Flat:
        """The table at *start* over what it extends, over what that extends, and so on."""
        flat, chain = self._tables[start], [start]
        while ("extends",) in flat:
            value, source = flat[("extends",)]
            parent = self._parent(value, source)
            if parent in chain:
                refuse(source, "extends itself, by way of others or directly")
            if len(chain) > _MAX_DEPTH:
                refuse(source, f"extends a table that extends another, more than {_MAX_DEPTH} times")
            chain.append(parent)
            flat = over(
                self._tables[parent], {path: leaf for path, leaf in flat.items() if path != ("extends",)}
            )
        return flat

    def _parent(self, name: object, source: Path) -> tuple[str, str]:
        if not isinstance(name, str):
            refuse(source, f"expected a name, got {type(name).__name__}")
        found = [(section, name) for section in _SECTIONS if (section, name) in self._tables]
        if len(found) > 1:
            refuse(source, "means a database or a template; rename one of them")
        if found:
            return found[0]
        return refuse(
            source, f"no such database or template. {did_you_mean(name, {name for _, name in self._tables})}"
        )


def dotted(path: Path) -> str:
    """A path as errors spell it."""
    return ".".join(path)


def refuse(path: Path, reason: str) -> NoReturn:
    """Raise the error about one key; its text does not repeat the key."""
    raise InvalidConfigError(reason, key=dotted(path))


def _profiles(raw: Mapping[str, Any], chosen: str | None) -> list[tuple[Path, Mapping[str, Any]]]:
    profiles = _table(raw, "profiles", ())
    for name in profiles:
        _check_keys(_table(profiles, name, ("profiles",)), _IN_PROFILE, ("profiles", name))
    if chosen is None:
        return []
    if chosen not in profiles:
        refuse(("profiles",), f"no profile {chosen!r}. {did_you_mean(chosen, profiles)}")
    return [(("profiles", chosen), profiles[chosen])]


def _tables(layers: list[tuple[Path, Mapping[str, Any]]]) -> dict[tuple[str, str], Flat]:
    tables: dict[tuple[str, str], Flat] = {}
    for path, layer in layers:
        for section in _SECTIONS:
            for name in (named := _table(layer, section, path)):
                source = (*path, section, name)
                flat = flatten(_table(named, name, source[:-1]), source)
                tables[section, name] = over(tables.get((section, name), {}), flat)
    return tables


def _table(parent: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    value = parent.get(name, {})
    if not isinstance(value, dict):
        refuse((*path, name), f"expected a table, got {type(value).__name__}")
    return cast("dict[str, Any]", value)


def _check_keys(table: Mapping[str, Any], known: tuple[str, ...], path: Path) -> None:
    for name in table:
        if name not in known:
            refuse((*path, name), f"unknown key. {did_you_mean(name, known)}")


def _check_depth(raw: Mapping[str, Any]) -> None:
    """Refuse absurd nesting before anything recurses into it."""
    level: list[Any] = [dict(raw)]
    for _ in range(_MAX_DEPTH):
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
        if not level:
            return
    raise InvalidConfigError(f"nested deeper than {_MAX_DEPTH} levels")


def _children(parent: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return parent.values() if isinstance(parent, dict) else parent
