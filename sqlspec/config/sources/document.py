"""What a source's tables mean: its databases, with profile, inheritance and variables worked out.

    default = "primary"

    [templates.base]
    pool_size = 20

    [databases.primary]
    extends = "base"
    url = "postgresql://app:${DB_PASSWORD}@${DB_HOST:-localhost}/app"

    [profiles.dev.databases.primary]
    pool_size = 2

What is wrong goes to the findings, and the rest is worked out all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlspec.config.convert import Text, type_name
from sqlspec.config.sources.interpolate import interpolate
from sqlspec.config.sources.layers import flatten, nest, over
from sqlspec.errors import InvalidConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.config.sources.findings import Findings
    from sqlspec.config.sources.layers import Flat, Leaf
    from sqlspec.config.sources.source import Path, SourceTables

_SECTIONS = ("databases", "templates")
_IN_PROFILE = ("databases", "default", "templates")
_MAX_DEPTH = 16
_INT64 = 1 << 63
_WRONG: Any = object()
"""Stands for a value that can not be had."""


class Description(NamedTuple):
    """One database: its options, and for each of them where the source says it."""

    name: str
    options: dict[str, Any]
    origins: dict[Path, Path]
    """By path in the database; the empty path is the database's own table."""
    is_complete: bool
    """False: something in it was wrong, and was left out."""

    def origin(self, path: Path) -> Path:
        """Where the source says an option; one that it does not name is the URL's, if there is one."""
        named = {origin[:1] for origin in self.origins}
        said = ("url",) if ("url",) in named and path and path[:1] not in named else path
        return self.origins.get(said, (*self.origins[()], *said))


class Document:
    """A source's tables and the profile chosen. Made once and read once."""

    def __init__(
        self, tables: SourceTables, findings: Findings, *, profile: str | None, environ: Mapping[str, Any]
    ) -> None:
        self._findings, self._environ = findings, environ if tables.interpolates else None
        self._all_text = tables.all_text
        self._default: list[tuple[Any, Path]] = []
        self._tables: dict[tuple[str, str], Flat] = {}
        self._origins: dict[tuple[str, str], Path] = {}
        """Where each table is first said: in the file itself, or else in the profile."""
        raw = {section: getattr(tables, section) for section in (*_IN_PROFILE, "profiles")}
        if self._is_sound(raw):
            for path, layer in [((), raw), *self._profile(raw, profile)]:
                self._lay(layer, path)

    def databases(self) -> Iterator[Description]:
        """Each database. Only variables that some database uses need to be set."""
        for section, name in self._tables:
            if section == "databases":
                yield self._described(name, *self._inherited((section, name)))

    def default(self) -> str | None:
        """The default database's name; the profile's word counts before the others'."""
        if not self._default:
            return None
        value, path = self._default[-1]
        known = [name for section, name in self._tables if section == "databases"]
        name = self._interpolated(path, path, value)
        if name is _WRONG:
            return None
        if not isinstance(name, str):
            self._findings.add(path, f"expected a database's name, got {type_name(name)}")
        elif name not in known:
            self._findings.add(path, f"no such database here. {did_you_mean(name, known)}")
        return str(name)

    # --- layers -----------------------------------------------------------------------------------

    def _profile(
        self, raw: Mapping[str, Any], chosen: str | None
    ) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        profiles = self._table(raw, "profiles", ())
        for name in profiles:
            path = ("profiles", name)
            profile = self._table(profiles, name, path[:-1])
            for key in profile.keys() - set(_IN_PROFILE):
                self._findings.add((*path, key), f"unknown key. {did_you_mean(key, _IN_PROFILE)}")
            if name == chosen:
                yield path, profile
        if chosen is not None and chosen not in profiles:
            self._findings.add(("profiles",), f"no profile {chosen!r}. {did_you_mean(chosen, profiles)}")

    def _lay(self, layer: Mapping[str, Any], path: Path) -> None:
        """Lay the file itself, or a profile, over what there is."""
        for section in _SECTIONS:
            for name, value in self._table(layer, section, path).items():
                origin = (*path, section, name)
                if self._is_table(value, origin):
                    self._origins.setdefault((section, name), origin)
                    base = self._tables.get((section, name), {})
                    self._tables[section, name] = over(base, flatten(value, origin))
        if layer.get("default") is not None:
            self._default.append((layer["default"], (*path, "default")))

    def _table(self, parent: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
        value: Any = parent.get(name, {})
        return value if self._is_table(value, (*path, name)) else {}

    def _is_table(self, value: object, path: Path) -> bool:
        if isinstance(value, Mapping):
            return True
        self._findings.add(path, f"expected a table, got {type_name(value)}")
        return False

    # --- inheritance ------------------------------------------------------------------------------

    def _inherited(self, start: tuple[str, str]) -> tuple[Flat, bool]:
        """The table at *start* over what it extends, and so on; and whether all of that is there."""
        flat, chain = self._tables[start], [start]
        while (said := flat.get(("extends",))) is not None:
            flat = {path: leaf for path, leaf in flat.items() if path != ("extends",)}
            parent = self._parent(said, chain)
            if parent is None:
                return flat, False
            chain.append(parent)
            flat = over(self._tables[parent], flat)
        return flat, True

    def _parent(self, said: Leaf, chain: list[tuple[str, str]]) -> tuple[str, str] | None:
        """The table that is extended, None if there is no such table or it must not be."""
        name, origin = said
        found = [(section, name) for section in _SECTIONS if (section, name) in self._tables]
        if not isinstance(name, str):
            reason = f"expected a name, got {type_name(name)}"
        elif len(found) > 1:
            reason = "means a database or a template; rename one of them"
        elif not found:
            known = {name for _, name in self._tables}
            reason = f"no such database or template. {did_you_mean(name, known)}"
        elif found[0] in chain:
            reason = "extends itself, by way of others or directly"
        elif len(chain) > _MAX_DEPTH:
            reason = f"extends a table that extends another, more than {_MAX_DEPTH} times"
        else:
            return found[0]
        self._findings.add(origin, reason)
        return None

    # --- values -----------------------------------------------------------------------------------

    def _described(self, name: str, flat: Flat, is_complete: bool) -> Description:  # noqa: FBT001 - of a pair
        options: list[tuple[Path, Any]] = []
        for path, leaf in flat.items():
            value = self._filled(("databases", name, *path), path, leaf)
            if value is _WRONG:
                is_complete = False
                # The scheme alone still tells the adapter, and so what else is wrong.
                value = _scheme_of(leaf.value) if path == ("url",) else _WRONG
            if value is not _WRONG:
                options.append((path, value))
        origins = {(): self._origins["databases", name], **{path: leaf.origin for path, leaf in flat.items()}}
        return Description(name, nest(options), origins, is_complete)

    def _filled(self, key: Path, path: Path, leaf: Leaf) -> Any:
        value = self._interpolated(key, leaf.origin, leaf.value, in_url=path == ("url",))
        reason = None if value is _WRONG else _unusable(value)
        if reason is None:
            return Text(value) if self._all_text and isinstance(value, str) else value
        self._findings.add(key, reason, origin=leaf.origin)
        return _WRONG

    def _interpolated(self, key: Path, origin: Path, value: Any, *, in_url: bool = False) -> Any:
        if self._environ is None:
            return value
        try:
            return interpolate(value, self._environ, in_url=in_url)
        except InvalidConfigError as exc:
            self._findings.add(key, str(exc), origin=origin)
        return _WRONG

    def _is_sound(self, raw: Mapping[str, Any]) -> bool:
        """Whether all keys are texts and nesting is bounded; else nothing may recurse into it."""
        level: list[tuple[Path, Any]] = [((), raw)]
        for _ in range(_MAX_DEPTH):
            for path, key in ((path, key) for path, value in level for key in _keys(value)):
                if not isinstance(key, str):
                    self._findings.add(path, f"a key is a text, not {type(key).__name__}")
                    return False
            level = [child for path, value in level for child in _children(path, value)]
            if not level:
                return True
        self._findings.add(level[0][0], f"nested deeper than {_MAX_DEPTH} levels")
        return False


def _keys(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _children(path: Path, value: Any) -> list[tuple[Path, Any]]:
    """The tables and lists in a table or list; an item of a list has the list's path."""
    if isinstance(value, Mapping):
        found = [((*path, name), child) for name, child in cast("Mapping[str, Any]", value).items()]
    else:
        found = [(path, child) for child in value]
    return [(path, child) for path, child in found if isinstance(child, Mapping | list | tuple)]


def _scheme_of(url: Any) -> Any:
    scheme, mark, _ = url.partition("://") if isinstance(url, str) else ("", "", "")
    return f"{scheme}{mark}" if mark and "$" not in scheme else _WRONG


def _unusable(value: Any) -> str | None:
    """Why no database could take *value*, whatever the option."""
    if isinstance(value, str):
        if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value):
            return "holds a NUL character or half of a surrogate pair"
    elif isinstance(value, int):
        return None if -_INT64 <= value < _INT64 else "a number of more than 64 bits"
    elif isinstance(value, Mapping):
        pairs = value.items()
        return next(filter(None, (_unusable(item) for pair in pairs for item in pair)), None)
    elif isinstance(value, list | tuple):
        return next(filter(None, map(_unusable, value)), None)
    return None
