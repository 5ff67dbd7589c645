"""The root, and what is wrong with configs and adapters."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from os import PathLike
    from typing import Self


_LONGEST = 1900  # bytes of a text
_MOST_NAMES = 20  # in a list of what there is
_MANY = 100  # names: with more of them not each is compared
_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789_-."  # of which most names are made


class SQLSpecError(Exception):
    """The root: whoever catches it catches everything this library raises on its own account.

    Its errors can be pickled and copied, so they travel between processes: with class, text, attributes and
    notes, without traceback and cause.
    """

    # Python would call the class with the text alone, which most of them do not take.
    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, vars(self).copy())

    # Server and driver name what they do not know, however long it is; logs take a line of this length whole.
    def __str__(self) -> str:
        return _bounded(super().__str__())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


def _bounded(text: str) -> str:
    if len(text) <= _LONGEST // 4:  # a character has four bytes at most
        return text
    whole = text.encode("utf-8", "replace")
    return text if len(whole) <= _LONGEST else f"{whole[:_LONGEST].decode('utf-8', 'ignore')}…"


def _restored(kind: type[SQLSpecError], args: tuple[Any, ...], attributes: dict[str, Any]) -> SQLSpecError:
    error = kind.__new__(kind, *args)
    error.args = args  # an OSError takes them in `__init__`, which is not called
    vars(error).update(attributes)
    return error


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "Known") -> str:
    """The hint that ends an error about an unknown word: its nearest spelling, or all there are."""
    names = known if isinstance(known, dict) else dict.fromkeys(known)
    near = _nearest(word[:_LONGEST_KEY], names)
    if near is not None:
        return f"Did you mean {near!r}?"
    return f"{otherwise}: {_listed(names) or 'none'}."


def _nearest(word: str, names: dict[str, Any]) -> str | None:
    if len(names) > _MANY:
        return next((one for one in _misspelt(word) if one in names), None)
    from difflib import get_close_matches  # costs as much as all of this file, and only errors need it

    return next(iter(get_close_matches(word, sorted(names), n=1)), None)


def _misspelt(word: str) -> Iterator[str]:
    """What *word* may have been before one letter of it was mistyped."""
    yield word.lower()
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    for before, after in cuts:
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for sign in _SIGNS:
            yield before + sign + after
            yield before + sign + after[1:]


def _first(names: Collection[str]) -> list[str]:
    """As many names as an error has."""
    # Each in one step: other threads may register meanwhile. Of very many, sorting takes long.
    found = list(names) if len(names) <= _MANY else list(islice(names, _MOST_NAMES))
    return sorted(found)[:_MOST_NAMES]


def _listed(names: Collection[str]) -> str:
    """The names, or the first of many."""
    more = len(names) - _MOST_NAMES
    return ", ".join(_first(names)) + (f" and {more} more" if more > 0 else "")


# --- configs ------------------------------------------------------------------------------------


class ConfigError(SQLSpecError):
    """Something about the configs an application registers or asks for."""


class ConfigNotFoundError(ConfigError, LookupError):
    """No config is registered under this name or type; `known` has the first names that are."""

    def __init__(self, name: str, known: Collection[str] = (), *, message: str | None = None) -> None:
        self.config_name, self.known = name, _first(known)
        hint = did_you_mean(name, known, otherwise="Registered")
        super().__init__(message or f"no database named {name!r}. {hint}")


class ConfigAlreadyRegisteredError(ConfigError):
    """The name is taken."""

    def __init__(self, name: str, *, named_after_adapter: bool = False) -> None:
        self.config_name = name
        why = f"a database named {name!r} is registered already"
        fix = "pass override=True to replace it, or another name"
        if named_after_adapter:
            fix = f'pass name="…": a config without one is named after its adapter, {name!r}'
        super().__init__(f"{why}; {fix}")


class ConfigClosedError(ConfigError):
    """The registry was closed, or the config was unregistered while somebody waited for it."""

    def __init__(self, name: str, *, unregistered: bool = False) -> None:
        self.config_name = name
        if unregistered:
            text = f"database {name!r} was unregistered"
        else:
            text = f"database {name!r} is closed with its registry; call open() to use it again"
        super().__init__(text)


class AmbiguousConfigError(ConfigError):
    """More than one config fits, and none of them is the default; `names` has the first that do."""

    def __init__(self, wanted: str | None, names: Collection[str]) -> None:
        self.names = _first(names)
        what = f"{wanted} fits" if wanted else "no name was given, and there are"
        super().__init__(
            f"{what} {len(names)} databases: {_listed(names)}. "
            f"Write one of these names, or choose the default: set_default({self.names[0]!r})"
        )


class InvalidConfigError(ConfigError, ValueError):
    """A config's field is unknown, missing, of the wrong type or out of range. Nothing was registered."""

    def __init__(self, message: str, *, key: str | None = None) -> None:
        self.key = key
        super().__init__(message)


class ConfigEntryError(ConfigError):
    """One thing that is wrong in a source of configs; says where, never what stood there."""

    def __init__(self, message: str, *, place: str, key: str | None = None) -> None:
        self.place, self.key = place, key
        prefix = f"{_shortened(key, _LONGEST_KEY)}: " if key else ""
        super().__init__(_shortened(f"{place}: {prefix}{message}", _LONGEST_ENTRY))


class ConfigFileError(ConfigEntryError):
    """One thing that is wrong in a configuration file, or the file itself."""

    def __init__(
        self,
        message: str,
        *,
        path: str | PathLike[str],
        line: int | None = None,
        column: int | None = None,
        key: str | None = None,
    ) -> None:
        self.path, self.line, self.column = path, line, column
        place = ":".join(str(part) for part in (path, line, column) if part is not None)
        super().__init__(message, place=place, key=key)


class ConfigSourceError(ExceptionGroup["ConfigEntryError"], ConfigError):
    """All that is wrong with a source of configs, at once; its text is a list. Nothing was registered.

    It is raised for one error as for many: `exceptions` holds them, each a `ConfigEntryError`.
    """

    def __new__(cls, errors: Sequence[ConfigEntryError]) -> Self:
        """The group of these errors, of which there is at least one."""
        return super().__new__(cls, _as_list(errors), errors)

    if TYPE_CHECKING:
        # What Python does anyway; checkers take the signature and the type from the parent class.
        def __init__(self, errors: Sequence[ConfigEntryError]) -> None: ...

        @property
        def exceptions(self) -> tuple[ConfigEntryError, ...]:
            """Each error."""
            raise NotImplementedError

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self.exceptions),), vars(self).copy()

    # What Python makes of a group is a count; the list is what the reader needs.
    def __str__(self) -> str:
        return self.message

    __repr__ = SQLSpecError.__repr__

    def derive(self, excs: Sequence[ConfigEntryError]) -> ConfigSourceError:  # type: ignore[override]
        """A part of the group, for `except*`."""
        return ConfigSourceError(excs)


_LONGEST_KEY = 200
_LONGEST_ENTRY = 1000
_LONGEST_LIST = 1900


def _as_list(errors: Sequence[ConfigEntryError]) -> str:
    """One error as it is, several in a list that ends before it is too long for a log."""
    if len(errors) == 1:
        return str(errors[0])
    lines = [f"{len(errors)} errors:"]
    size = 0
    for number, error in enumerate(errors):
        size += len(str(error).encode("utf-8", "replace")) + 3
        if size > _LONGEST_LIST:
            lines.append(f"… and {len(errors) - number} more")
            break
        lines.append(str(error))
    return "\n  ".join(lines)


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


# --- adapters -----------------------------------------------------------------------------------


class AdapterError(SQLSpecError):
    """An adapter that can not be used. Only who asks for it gets the error."""

    def __init__(self, message: str, *, adapter: str, distribution: str | None = None) -> None:
        self.adapter, self.distribution = adapter, distribution
        super().__init__(message)


class AdapterNotInstalledError(AdapterError, ImportError):
    """No installed distribution has this adapter; the text holds the command that installs it."""


class FrameworkNotInstalledError(SQLSpecError, ImportError):
    """An integration's framework can not be imported; the text holds the command that installs it."""

    def __init__(self, integration: str, requirement: str) -> None:
        self.requirement = requirement
        framework = requirement.partition(">")[0]
        super().__init__(
            f"{integration} needs {framework}, which can not be imported. Run: pip install '{requirement}'"
        )


class AdapterBrokenError(AdapterError):
    """The adapter's plugin raised when imported, or lacks what it promises; the cause is chained."""


class AdapterConflictError(AdapterError):
    """Two distributions claim one adapter name."""


class AdapterBlockedError(AdapterError):
    """The adapter is blocked, or not on the allow list."""


class AdapterIncompatibleError(AdapterError):
    """The adapter speaks an API level that this core does not."""


class AmbiguousSchemeError(AdapterError):
    """Several adapters claim a URL's scheme."""

    def __init__(self, scheme: str, claimants: Iterable[str]) -> None:
        self.scheme, self.claimants = scheme, sorted(claimants)
        exact = " or ".join(f"{scheme}+{name}://…" for name in self.claimants[:_MOST_NAMES])
        super().__init__(f"{len(self.claimants)} adapters claim {scheme}://…; write {exact}", adapter=scheme)
