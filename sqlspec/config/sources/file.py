"""Configs from a TOML file: read, parsed, and every error given its place."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from sqlspec.config.sources.document import Document
from sqlspec.config.sources.positions import overlong_key, positions
from sqlspec.config.sources.reading import read_text
from sqlspec.errors import ConfigFileError, InvalidConfigError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from sqlspec.config.sources.positions import Path

_LATER = (".yaml", ".yml", ".json")
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)$")
# What tomllib says, by the beginnings that hold nothing of the file, and what we say.
_REASONS = {
    "Cannot overwrite a value": "the key is there already",
    "Duplicate inline table key": "the key is there already",
    "Cannot declare": "the table is there already",
    "Cannot mutate immutable namespace": "the table is closed already",
    "Expected '=' after a key": "expected = after a key",
    "Invalid value": "no TOML value; a text stands in quotes",
    "Invalid initial character": "no TOML key; letters other than A to Z stand in quotes",
    "Unterminated string": "a text does not end",
    "Unclosed": "a bracket does not close",
}


class LoadedFile:
    """What a file says, as plain data: `default` and, by name, the options of its `databases`.

    `locate` and `error` tell where in the file a key stands, inherited ones included.
    """

    def __init__(self, path: str | PathLike[str], text: str) -> None:
        self.path = path
        self.default: str | None = None
        self.databases: dict[str, dict[str, Any]] = {}
        self._text = text
        self.sources: dict[str, Path] = {}
        self._positions: dict[str, tuple[int, int]] | None = None

    def locate(self, key: str) -> tuple[int | None, int | None]:
        """Line and column of a dotted key such as `databases.main.url`, else of the nearest table."""
        if self._positions is None:
            self._positions = {".".join(path): place for path, place in positions(self._text).items()}
        written = ".".join(self.sources.get(key, (key,)))
        while written:
            if written in self._positions:
                return self._positions[written]
            written = written.rpartition(".")[0]
        return None, None

    def error(self, exc: InvalidConfigError) -> ConfigFileError:
        """The error with its place in the file. Raise it outside the handler, or `from None`."""
        line, column = self.locate(exc.key) if exc.key else (None, None)
        message = str(exc).removeprefix(f"{exc.key}: ")
        return ConfigFileError(message, path=self.path, line=line, column=column, key=exc.key)


def load_file(
    path: str | PathLike[str], *, profile: str | None = None, environ: Mapping[str, str] | None = None
) -> LoadedFile:
    """Read a TOML file of databases. Raises ConfigFileError with line and column, and never quotes a value.

    The options stay plain data: which config takes a table is the registry's to find out, and the config's
    `from_mapping` checks it.
    """
    _check_suffix(path)
    text = read_text(path)
    loaded = LoadedFile(path, text)
    raw = _parse(text, path)
    try:
        _fill(loaded, Document(raw, profile=profile), os.environ if environ is None else environ)
    except InvalidConfigError as exc:
        fault = loaded.error(exc)
    else:
        return loaded
    raise fault


def _fill(loaded: LoadedFile, document: Document, environ: Mapping[str, str]) -> None:
    loaded.sources = document.sources
    loaded.databases = document.databases(environ)
    loaded.default = document.default(environ)


def _check_suffix(path: str | PathLike[str]) -> None:
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122 - pathlib would be imported for this alone
    if suffix in _LATER:
        raise NotSupportedError(f"this version reads no {suffix} files, a later one will; write it as .toml")
    if suffix != ".toml":
        raise ConfigFileError("the name does not end in .toml, the format this version reads", path=path)


def _parse(text: str, path: str | PathLike[str]) -> dict[str, Any]:
    import tomllib

    place = overlong_key(text)
    if place is not None:
        raise ConfigFileError("a key has too many parts", path=path, line=place[0], column=place[1])
    try:
        return tomllib.loads(text)
    except RecursionError:
        reason, line, column = "nested too deeply", None, None
    except ValueError as exc:
        # Text and place only: the exception itself may hold the whole document.
        reason, line, column = _reason(str(exc)), *_place(str(exc), text)
    raise ConfigFileError(f"not TOML: {reason}", path=path, line=line, column=column)


def _reason(said: str) -> str:
    return next(
        (reason for start, reason in _REASONS.items() if said.startswith(start)), "can not be understood"
    )


def _place(said: str, text: str) -> tuple[int | None, int | None]:
    match = _PLACE.search(said)
    if match:
        return int(match[1]), int(match[2])
    if said.endswith("(at end of document)"):
        return text.count("\n") + 1, len(text) - text.rfind("\n")
    return None, None
