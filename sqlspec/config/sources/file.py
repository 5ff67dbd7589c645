"""Files as a source: TOML, YAML and JSON, several of them laid over one another."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from sqlspec.config.sources.layers import merge
from sqlspec.config.sources.parsed import UnreadableError
from sqlspec.config.sources.reading import read_text
from sqlspec.config.sources.source import ConfigSource, FilePlace, SourceTables
from sqlspec.errors import ConfigEntryError, ConfigSourceError, InvalidArgumentError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from sqlspec.config.sources.parsed import Parsed, Path

_TOP = ("databases", "default", "profiles", "templates")
# An editor's note about the document, and nothing of it.
_IGNORED = "$schema"
_SHARED_FILE = "pyproject.toml"
_YAML_EXAMPLE = 'databases: {main: {url: "sqlite:///app.db"}}'
_EXAMPLES = {
    ".toml": 'databases.main.url = "sqlite:///app.db"',
    ".json": '{"databases": {"main": {"url": "sqlite:///app.db"}}}',
}


class FileSource(ConfigSource):
    """One file, or several of which the later win, table by table; *private* as for `read_text`."""

    def __init__(self, *paths: str | PathLike[str], private: bool = False) -> None:
        if not paths:
            raise InvalidArgumentError("which file? Give the path of at least one")
        for path in paths:
            _check_name(path)
        self.paths, self._private = paths, private
        self.name = os.fspath(paths[-1])

    def read(self) -> SourceTables:
        """What the files say together, or the errors of all that can not be parsed."""
        errors: list[ConfigEntryError] = []
        tables: dict[str, Any] = {}
        places: dict[Path, str | FilePlace] = {}
        for path in self.paths:
            try:
                parsed = _parse(path, private=self._private)
            except UnreadableError as fault:
                errors.append(FilePlace(path, fault.line, fault.column).error(fault.reason, None))
            else:
                tables = merge(tables, parsed.tables)
                places |= {key: FilePlace(path, *place) for key, place in parsed.places.items()}
        tables.pop(_IGNORED, None)
        if not (tables or errors):  # a file that says nothing is no fault beside others, but alone it is
            errors = [FilePlace(self.paths[-1]).error(_nothing_in(self.paths[-1]), None)]
        if errors:
            raise ConfigSourceError(errors)
        places[()] = FilePlace(self.paths[-1])
        return _as_tables(tables, places)


def _check_name(path: object) -> None:
    if not isinstance(path, str | os.PathLike):
        what = f"not {type(path).__name__}; several are given one after the other"
        raise InvalidArgumentError(f"a file is named by a str or a path, {what}")


def _as_tables(tables: dict[str, Any], places: dict[Path, str | FilePlace]) -> SourceTables:
    errors = [
        places[key,].error(_unknown(key), key)  # type: ignore[union-attr] # of a file
        for key in tables.keys() - set(_TOP)
    ]
    known = {key: tables[key] for key in _TOP if key in tables}
    return SourceTables(**known, places=places, errors=errors, interpolates=True)


def _nothing_in(path: str | PathLike[str]) -> str:
    """What to write into a file without a database."""
    suffix = PurePath(path).suffix.lower()
    return f"no database is described; write, for example: {_EXAMPLES.get(suffix, _YAML_EXAMPLE)}"


def _unknown(key: str) -> str:
    if key == "tool":
        return f"[tool.sqlspec] is for {_SHARED_FILE}; in a file of its own write [databases.…]"
    return f"unknown key. {did_you_mean(key, _TOP)}"


def _parse(path: str | PathLike[str], *, private: bool) -> Parsed:
    """The file's data; raises UnreadableError."""
    pure = PurePath(path)
    parse = _parser(pure.suffix.lower())
    parsed = parse(read_text(path, private=private))
    return _tool_table(parsed) if pure.name == _SHARED_FILE else parsed


def _parser(suffix: str) -> Any:
    if suffix == ".toml":
        from sqlspec.config.sources.toml_text import parse
    elif suffix == ".json":
        from sqlspec.config.sources.json_text import parse
    elif suffix in (".yaml", ".yml"):
        from sqlspec.config.sources.yaml_text import parse
    else:
        raise UnreadableError("the name ends in none of .toml, .yaml, .yml and .json, which tell the format")
    return parse


def _tool_table(parsed: Parsed) -> Parsed:
    """Our part of a file that many programs share."""
    prefix = ("tool", "sqlspec")
    table: Any = parsed.tables
    for name in prefix:
        table = table.get(name) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        raise UnreadableError("has no table [tool.sqlspec]")
    return parsed._replace(tables=table, places=dict(_below(parsed, prefix)))


def _below(parsed: Parsed, prefix: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    for path, place in parsed.places.items():
        if path[: len(prefix)] == prefix and path != prefix:
            yield path[len(prefix) :], place
