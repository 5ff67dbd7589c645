"""The environment as a source: `DB_PRIMARY_URL`, `DB_PRIMARY_POOL_SIZE`, `DB_DEFAULT`.

A variable is read as prefix, database, option; where that can be split in two ways, the longest option wins.
What stands under a database's name and is nearly an option is an error. What orchestrators set for services
is not ours, whatever it is called.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlspec.config.base import DatabaseConfig
from sqlspec.config.convert import Text, fields_of, fits
from sqlspec.config.sources import variables
from sqlspec.config.sources.json_text import parse_value
from sqlspec.config.sources.layers import nest
from sqlspec.config.sources.parsed import UnreadableError
from sqlspec.config.sources.reading import read_text
from sqlspec.config.sources.source import ConfigSource, SourceTables
from sqlspec.config.url_words import our_name
from sqlspec.errors import AdapterError, ConfigEntryError, InvalidArgumentError, InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from sqlspec.config.sources.source import Path
    from sqlspec.config.sources.variables import Option

    ConfigType: TypeAlias = type[DatabaseConfig[Any, Any, Any, Any]]
    FindType: TypeAlias = Callable[[Mapping[str, Any]], ConfigType]

_WORD = re.compile(r"[A-Za-z0-9_]+")
_DEFAULT = "DEFAULT"
_PLAIN_URL = "DATABASE_URL"
_GOOD_NAMES = "a name is of letters and digits, with single _ between them"


class EnvironmentSource(ConfigSource):
    """Variables whose names begin with *prefix*.

    *mapping* says which databases there are and their configs' classes; without it, those are databases that
    have a `…_URL` or an `…_ADAPTER`, and *find_type* finds the class that these two mean.
    """

    name = "environment"

    def __init__(
        self,
        prefix: str,
        *,
        mapping: Mapping[str, ConfigType] | None,
        environ: Mapping[str, Any],
        find_type: FindType,
    ) -> None:
        if not _WORD.fullmatch(prefix):
            raise InvalidArgumentError('a prefix is a text of letters, digits and _, such as "DB_"')
        self._prefix, self._environ, self._find_type = prefix, environ, find_type
        self._mapping = None if mapping is None else _checked(mapping)

    def read(self) -> SourceTables:
        """The databases that the variables speak of."""
        return _Reading(self._prefix, self._mapping, self._environ, self._find_type).tables()


def _checked(mapping: Mapping[str, Any]) -> dict[str, ConfigType]:
    """The classes by name in capitals."""
    for name, config_type in mapping.items():
        if not _WORD.fullmatch(name):
            raise InvalidArgumentError('a key of mapping is a part of variables\' names, such as "PRIMARY"')
        if not (isinstance(config_type, type) and issubclass(config_type, DatabaseConfig)):
            raise InvalidArgumentError(f"mapping[{name!r}] is a config's class, such as PostgreSQLConfig")
    found = {name.upper(): config_type for name, config_type in mapping.items()}
    if len(found) < len(mapping):
        raise InvalidArgumentError("two keys of mapping differ only in capital letters")
    return found


class _Reading:
    """One look at the environment. Names are without the prefix here, and databases are in capitals."""

    def __init__(
        self,
        prefix: str,
        mapping: Mapping[str, ConfigType] | None,
        environ: Mapping[str, Any],
        find_type: FindType,
    ) -> None:
        self._prefix, self._mapping, self._find_type = prefix, mapping, find_type
        self._errors: list[ConfigEntryError] = []
        self._has_plain_url = _PLAIN_URL in environ
        self._values = dict(self._own(environ))
        self._said: dict[str, dict[Path, str]] = {}
        """By database, the variable that says each option."""
        self._types: dict[str, ConfigType | None] = {}
        """None: what the database is could not be found out, and that was told."""
        self._others: set[str] = set()
        """Names that are declared and not asked for."""

    def tables(self) -> SourceTables:
        self._find_databases()
        for name in self._values:
            if name != _DEFAULT:
                self._assign(name)
        default = self._value(_DEFAULT, in_file=False) if _DEFAULT in self._values else None
        self._check_missing()
        known = {name: config_type for name, config_type in self._types.items() if config_type is not None}
        return SourceTables(
            databases={name.lower(): self._options(name, known[name]) for name in known},
            default=default and default.lower(),
            places=self._places(),
            errors=self._errors,
            all_text=True,
            config_types={name.lower(): config_type for name, config_type in known.items()},
        )

    def _own(self, environ: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
        for name, value in environ.items():
            if not (isinstance(name, str) and name.startswith(self._prefix)) or value is None:
                continue
            rest = name.removeprefix(self._prefix)
            if isinstance(value, str):
                yield rest, value
            else:
                self._refuse(rest, f"expected a text, got {type(value).__name__}")

    # --- which databases there are ----------------------------------------------------------------

    def _find_databases(self) -> None:
        names = {name for name in map(variables.declared, self._values) if name}
        if self._mapping is not None:
            self._types |= self._mapping
            self._others = names - self._mapping.keys()
            self._check_names()
            return
        # The shortest first: what they take as an option of their own declares no other database.
        for name in sorted(names, key=lambda name: (len(name), name)):
            if not all(self._owner(variable) for variable in self._declarations(name)):
                self._types[name] = self._find(name)

    def _declarations(self, name: str) -> list[str]:
        return [text for end in variables.DECLARING if (text := f"{name}_{end}") in self._values]

    def _find(self, name: str) -> ConfigType | None:
        variable = self._declarations(name)[0]
        options = {
            key: self._value(f"{name}_{key.upper()}", in_file=False)
            for key in ("adapter", "url")
            if f"{name}_{key.upper()}" in self._values
        }
        if "url" not in options and f"{name}_URL_FILE" in self._values:
            options["url"] = self._value(f"{name}_URL_FILE", in_file=True)
        if None in options.values():
            return None
        try:
            return self._find_type(options)
        except (AdapterError, InvalidConfigError) as exc:
            cause = exc
        self._refuse(variable, str(cause), cause=cause if isinstance(cause, AdapterError) else None)
        return None

    def _check_names(self) -> None:
        """A name that is nearly one of the mapping's is a slip of the pen."""
        for other in sorted(self._others):
            meant = variables.nearest(other, self._types)
            if meant and _is_slip(other, meant) and not self._declarations(meant):
                for variable in self._declarations(other):
                    fixed = f"{self._prefix}{meant}{variable.removeprefix(other)}"
                    self._refuse(variable, f"no such database in mapping. Did you mean {fixed}?")

    # --- which option a variable is ---------------------------------------------------------------

    def _owner(self, variable: str) -> tuple[str, Option] | None:
        """The database and its option that a variable is; of two readings the one with the longer option."""
        for name in sorted(self._types, key=len):
            config_type = self._types[name]
            if config_type is not None and variable.startswith(f"{name}_"):
                found = variables.option(config_type, variable.removeprefix(f"{name}_"))
                if found is not None:
                    return name, found
        return None

    def _assign(self, variable: str) -> None:
        if variables.is_injected_port(variable, self._values[variable]):
            return
        found = self._owner(variable.upper())
        if found is None:
            if not variables.is_injected(variable, self._values[variable]):
                self._check_unknown(variable.upper(), variable)
            return
        name, (path, in_file) = found
        if variable != variable.upper():
            self._refuse(variable, f"write it in capitals: {self._prefix}{variable.upper()}")
            return
        said = self._said.setdefault(name, {})
        if path in said:
            other = said[path]
            self._refuse(variable, f"{self._prefix}{other} says the same; set one of them")
        elif (value := self._value(variable, in_file=in_file)) is not None:
            self._values[variable] = value
            said[path] = variable

    def _check_unknown(self, text: str, variable: str) -> None:
        """Refuse what is nearly an option of a database; the rest belongs to others."""
        owners = [name for name in self._types if text.startswith(f"{name}_")]
        owner = max(owners, key=len, default="")
        if any(text.startswith(f"{other}_") and len(other) > len(owner) for other in self._others):
            return
        if owner:
            self._check_near(owner, text, variable)
        elif self._mapping is None:
            self._check_undeclared(text, variable)

    def _check_near(self, name: str, text: str, variable: str) -> None:
        config_type = self._types[name]
        if config_type is None:
            return
        word = text.removeprefix(f"{name}_")
        known = list(variables.options(config_type))
        below = [option for option in known if option.startswith(f"{word.rstrip('_')}__")]
        meant = variables.nearest(word, known, our_name(config_type, variables.stem(word).lower()))
        start, key = f"{self._prefix}{name}_", f"databases.{name.lower()}.{word.lower()}"
        if below:
            self._refuse(variable, f"a table; set its options, such as {start}{below[0]}", key=key)
        elif meant:
            self._refuse(variable, f"unknown option. Did you mean {start}{meant}?", key=key)

    def _check_undeclared(self, text: str, variable: str) -> None:
        """Refuse an option of a name that is no database: its URL is missing or misspelt."""
        parts = text.split("_")
        splits = [("_".join(parts[:at]).strip("_"), "_".join(parts[at:])) for at in range(1, len(parts))]
        for name, word in splits:
            if name and variables.option(DatabaseConfig, word):
                fix = f"set {self._declaring(name)}" if variables.is_name(name) else _GOOD_NAMES
                if text.startswith("_") and not self._prefix.endswith("_"):
                    fix = f'write prefix="{self._prefix}_"'
                self._refuse(variable, f"names no database; {fix}")
                return
        name, _, word = variables.stem(text).rpartition("_")
        word += text.removeprefix(variables.stem(text))
        meant = variables.nearest(word, ("URL", "ADAPTER")) if variables.is_name(name) else None
        if meant:
            self._refuse(variable, f"unknown option. Did you mean {self._prefix}{name}_{meant}?")

    def _check_missing(self) -> None:
        if not self._types and not self._errors:
            self._errors.append(ConfigEntryError(f"no database; {self._way_out()}", place="environment"))
        reported = tuple(error.place for error in self._errors)
        for name in self._types:
            start = f"{self._prefix}{name}_"
            if not self._said.get(name) and not any(place.startswith(start) for place in reported):
                message = f"nothing is said of {name.lower()!r}; set {start}URL"
                self._errors.append(ConfigEntryError(message, place="environment"))

    def _way_out(self) -> str:
        """What to do where no variable declares a database."""
        if self._has_plain_url:
            return f"{_PLAIN_URL} has no name: pass its value to register_config()"
        return f"each has a name, such as MAIN: set {self._declaring('MAIN')}"

    def _declaring(self, name: str) -> str:
        return f"{self._prefix}{name}_URL or {self._prefix}{name}_ADAPTER"

    # --- values -----------------------------------------------------------------------------------

    def _value(self, variable: str, *, in_file: bool) -> str | None:
        """The value, from its file if need be; None if it can not be had, which was told then."""
        value = self._values[variable]
        if not value:
            self._refuse(variable, "is empty; unset it, or give it a value")
            return None
        if not in_file:
            return value
        try:
            return _without_newline(read_text(value))
        except UnreadableError as fault:
            reason = fault.reason
        # The name of the file is not told: it may be the secret itself, set in the wrong variable.
        self._refuse(variable, f"the file that it names: {reason}")
        return None

    def _options(self, name: str, config_type: ConfigType) -> dict[str, Any]:
        said = sorted(self._said.get(name, {}).items(), key=lambda entry: len(entry[0]))
        options: list[tuple[Path, Any]] = []
        for path, variable in said:
            whole = self._said[name].get(path[:1]) if len(path) > 1 else None
            if whole is not None:
                self._refuse(variable, f"{self._prefix}{whole} says the whole table; say it in one place")
            else:
                options.append((path, _typed(config_type, path, self._values[variable])))
        return nest(options)

    def _places(self) -> dict[Path, str]:
        places = {
            ("databases", name.lower(), *path): f"{self._prefix}{variable}"
            for name, said in self._said.items()
            for path, variable in said.items()
        }
        return {("default",): f"{self._prefix}{_DEFAULT}", **places}

    def _refuse(
        self, variable: str, message: str, *, key: str | None = None, cause: Exception | None = None
    ) -> None:
        error = ConfigEntryError(message, place=f"{self._prefix}{variable}", key=key)
        error.__cause__ = cause
        self._errors.append(error)


def _typed(config_type: ConfigType, path: Path, value: str) -> Any:
    """A list or a table is written as JSON; everything else is a text, which the config's field converts."""
    field = fields_of(config_type).get(path[0])
    if len(path) > 1 or field is None or value[:1] not in ("[", "{") or fits(Text(value), field.type):
        return value
    try:
        return parse_value(value)
    except UnreadableError:
        return value


def _without_newline(text: str) -> str:
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")


def _is_slip(other: str, meant: str) -> bool:
    """Whether a name is another one misspelt, and not one of a series: PRIMARY_2, PRIMARY_REPLICA."""
    one, two = (re.sub(r"[\d_]", "", name) for name in (other, meant))
    return one != two and not other.startswith(meant) and not meant.startswith(other)
