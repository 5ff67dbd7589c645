"""What a source of configs is, and what it yields. Files and the environment are two; others can be added."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from sqlspec.errors import ConfigEntryError, ConfigFileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from sqlspec.config.base import DatabaseConfig

Path = tuple[str, ...]


class FilePlace(NamedTuple):
    """A place in a file; line and column count from 1."""

    path: str | PathLike[str]
    line: int | None = None
    column: int | None = None

    def error(self, message: str, key: str | None) -> ConfigEntryError:
        """The error about what stands here."""
        return ConfigFileError(message, path=self.path, line=self.line, column=self.column, key=key)


class SourceTables(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says: plain tables, as a configuration file has them.

    `places` says where a key was said, by its path: `{("databases", "main", "url"): "vault secret/main"}`.
    A key without a place has that of the nearest table above it.
    """

    databases: Mapping[str, Any] = {}
    """Options by the database's name; `adapter` and `extends` are options too."""
    templates: Mapping[str, Any] = {}
    """Options by the template's name: tables that databases extend."""
    profiles: Mapping[str, Any] = {}
    """By the profile's name, what it lays over the rest: `databases`, `templates` and `default`."""
    default: Any = None
    """The name of the default database."""
    places: Mapping[Path, str | FilePlace] = {}
    errors: Sequence[ConfigEntryError] = ()
    """What the source itself found wrong. It is raised together with what is found later."""
    config_types: Mapping[str, type[DatabaseConfig[Any, Any, Any, Any]]] = {}
    """The config's class of a database, where the source knows it; else its adapter or URL tells."""
    interpolates: bool = False
    """Whether `${NAME}` in a text is an environment variable. Off: a text is what it is."""
    all_text: bool = False
    """Whether every value is a text, which is read as the number or boolean that the option wants."""
    bases: Mapping[str, DatabaseConfig[Any, Any, Any, Any]] = {}
    """The config that a database's options are laid over, if the source has one; of the class above."""


class ConfigSource(ABC):
    """Where configs come from. It reads, no more: what the tables mean is worked out for all sources alike.

    It may block, and is used by one thread at a time.
    """

    Tables: TypeAlias = SourceTables
    """What `read` returns."""
    name: str = "source"
    """What errors call it where no key has a place."""

    @abstractmethod
    def read(self) -> SourceTables:
        """All that the source says now. If it can not be read, it raises, best an `SQLSpecError`."""
