"""All that is wrong with a table of options; `from_mapping` would stop at the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

from sqlspec.config.convert import data_expectation, fields_of, fits, option_hint
from sqlspec.config.struct import ConfigStruct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Path: TypeAlias = tuple[str, ...]


def faults(cls: type[ConfigStruct], options: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Each option that *cls* does not have, or whose value is of the wrong type: its path, and the reason."""
    fields = fields_of(cls)
    for name, value in options.items():
        field = fields.get(name)
        if field is None:
            yield (name,), f"unknown option. {option_hint(cls, name, options_of(cls))}"
        elif name in code_only(cls):
            yield (name,), "can be set in code only, not from data"
        elif (inner := nested(field.type)) and isinstance(value, Mapping):
            for path, reason in faults(inner, cast("Mapping[str, Any]", value)):
                yield (name, *path), reason
        elif not fits(value, field.type):
            yield from _misfits(name, value, field.type)


def _misfits(name: str, value: Any, wanted: Any) -> Iterator[tuple[Path, str]]:
    """What of a value does not fit: of a table, such as a server's settings, each of its own values."""
    if get_origin(wanted) is Mapping and isinstance(value, Mapping):
        inner = get_args(wanted)[1]
        for key, item in cast("Mapping[str, Any]", value).items():
            if not fits(item, inner):
                yield (name, key), data_expectation(key, item, inner)
    else:
        yield (name,), data_expectation(name, value, wanted)


def options_of(cls: type[ConfigStruct]) -> list[str]:
    """The options that data may set."""
    return [name for name in fields_of(cls) if name not in code_only(cls)]


def code_only(cls: type[ConfigStruct]) -> frozenset[str]:
    """The options that only code may set."""
    return getattr(cls, "code_only", frozenset())


def nested(wanted: Any) -> type[ConfigStruct] | None:
    """The class of a field that is a table of options itself."""
    return wanted if isinstance(wanted, type) and issubclass(wanted, ConfigStruct) else None
