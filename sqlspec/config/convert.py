"""Values into the types of a config's fields, and the errors when they do not fit.

msgspec converts; its own messages are not used, because they quote the value.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import partial
from math import isfinite
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import structs

from sqlspec.config.secret import Secret
from sqlspec.errors import InvalidArgumentError, InvalidConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from msgspec.structs import FieldInfo

    from .struct import ConfigStruct


class Text(str):
    """A value that could only be written as text: from a URL's query or an environment variable.

    A `Text` is read as a number or boolean where the field wants one; a plain `str` is refused there.
    """

    __slots__ = ()


_INTEGER = re.compile(r"-?[0-9]+")
_fields: dict[type, dict[str, FieldInfo]] = {}


def fields_of(cls: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """The fields of a struct by name; read once, they never change."""
    found = _fields.get(cls)
    if found is None:
        found = _fields[cls] = {field.name: field for field in _read_fields(cls)}
    return found


def _read_fields(cls: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    try:
        return structs.fields(cls)
    except NameError as exc:
        raise _unreadable(cls.__name__, exc) from exc


def evaluate_annotations(class_name: str, namespace: dict[str, Any]) -> None:
    """Replace the names in annotations by the types they mean, if msgspec could not look them up.

    msgspec looks their names up in `sys.modules`, now and at first use. A class made by `exec`, a notebook,
    `runpy` or a loader of one's own may have a module that is not there, or will be gone by then.
    """
    variables = _variables_of(namespace["__module__"])
    if variables is None or "__annotations__" not in namespace:
        return
    module = sys.modules.get(namespace["__module__"])
    is_loaded = module is not None and module.__dict__ is variables
    # What the import system loaded has a spec, and stays. A script and what `runpy` runs have none.
    if is_loaded and getattr(module, "__spec__", None) is not None:
        return
    carrier = type(class_name, (), {"__annotations__": namespace["__annotations__"]})
    try:
        namespace["__annotations__"] = get_type_hints(carrier, globalns=variables, include_extras=True)
    except NameError as exc:
        if not is_loaded:  # else it may be defined further down in the script, and msgspec looks later
            raise _unreadable(class_name, exc) from exc


def _variables_of(module: str) -> dict[str, Any] | None:
    """The global variables of the nearest caller whose module has this name."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - there is no other way to the globals of a class statement
    while frame is not None:
        # Without a `__name__`, as in `exec(source, {})`, Python takes the one of `builtins`.
        if frame.f_globals.get("__name__", "builtins") == module:
            return frame.f_globals
        frame = frame.f_back
    return None


def _unreadable(class_name: str, exc: NameError) -> InvalidArgumentError:
    """The error about a class whose annotations have a name that does not exist at run time."""
    where = "import it outside `if TYPE_CHECKING:`, a config's annotations are read"
    return InvalidArgumentError(f"{class_name}: {exc}; {where}")


def to_field(value: Any, wanted: Any) -> Any:
    """*value* as a field's type; raises msgspec's ValidationError, whose text must not be shown."""
    plain = str(value) if type(value) is Text else value
    # msgspec compiles a union anew at each call; most fields of a URL are `str | None` and need none of it.
    if type(wanted) is UnionType and type(plain) in wanted.__args__:
        return plain
    found = msgspec.convert(plain, wanted, strict=plain is value, dec_hook=_custom)
    if plain is not value and type(found) is int and not _INTEGER.fullmatch(plain):
        raise msgspec.ValidationError  # msgspec would take 1e3 and 20.0 for integers
    return found


def to_struct(cls: type[Any], values: Mapping[str, Any]) -> Any:
    """An instance of *cls*, checked; converted as a whole, which is faster than field by field."""
    try:
        return msgspec.convert(values, cls, dec_hook=_custom)
    except msgspec.ValidationError as exc:
        cause = exc.__cause__
    # Raised outside the handler: msgspec's error, which quotes values, must not become the context.
    raise cause if isinstance(cause, InvalidConfigError) else misfit(cls, values)


def misfit(cls: type[Any], values: Mapping[str, Any]) -> InvalidConfigError:
    """Why *values* make no *cls*: the first field that does not fit, else a required one that is missing."""
    fields = fields_of(cls)
    for name, value in values.items():
        if not fits(value, fields[name].type):
            expect = partial(data_expectation, name) if type(value) is Text else expectation
            return invalid(cls, name, expect(value, fields[name].type))
    for name, field in fields.items():
        if field.required and name not in values:
            return invalid(cls, name, "is required")
    return InvalidConfigError(
        f"{cls.__name__}: its check() must raise InvalidConfigError, and raised something else"
    )


def invalid(cls: type[Any], field: str, reason: str) -> InvalidConfigError:
    """The error about one field; `relocated` relies on the way its text begins."""
    return InvalidConfigError(f"{cls.__name__}.{field}: {reason}", key=field)


def unknown(cls: type[Any], name: str) -> InvalidConfigError:
    """The error about a field that *cls* does not have."""
    return invalid(cls, name, f"unknown option. {option_hint(cls, name, fields_of(cls))}")


def option_hint(cls: type[Any], name: str, known: Iterable[str]) -> str:
    """What an option that *cls* does not have means: others' name for one of its own, or its nearest."""
    from sqlspec.config.url_words import our_name  # only errors need it

    ours = our_name(cls, name)
    return f"Did you mean {ours!r}?" if ours else did_you_mean(name, known)


def relocated(exc: InvalidConfigError, old: str, new: str, key: str) -> InvalidConfigError:
    """The error as told from further out: *new* for *old* at its text's start, *key* before its key."""
    text = str(exc).removeprefix(old)
    return InvalidConfigError(f"{new}{text}", key=".".join(filter(None, (key, exc.key))) or None)


def fits(value: Any, wanted: Any) -> bool:
    """Whether *value* can be a field's."""
    try:
        to_field(value, wanted)
    except msgspec.ValidationError:
        return False
    return True


_IN_CODE: Mapping[type, str] = {}
_IN_DATA = {bool: "true or false", int: "a whole number", float: "a number (5 or 0.5)"}
_IN_SECONDS = {**_IN_DATA, float: "seconds (5 or 0.5)"}
"""What is written for a type, where it is not Python that is written."""


def data_expectation(name: str, value: Any, wanted: Any) -> str:
    """The same of an option in a file, the environment or a URL: in words that say what to write there."""
    return expectation(value, wanted, _IN_SECONDS if name.endswith(_LASTING) else _IN_DATA)


_LASTING = ("_timeout", "_recycle", "_threshold", "keepalive")
"""How the names of options end that are in seconds, of all adapters."""


def expectation(value: Any, wanted: Any, words: Mapping[type, str] = _IN_CODE) -> str:
    """What a field expects, and what it got: types, never the value; *words*: what types are called."""
    expected, got = _spelled(wanted, words), type_name(value)
    # Same word on both sides, or a text that could not be otherwise: what was got is no news.
    if type(value) is Text:
        return f"expected {expected.replace('None', 'null')}"  # that is how a text says it
    if got in expected or get_origin(wanted) is Literal:
        return f"expected {expected}"
    return f"expected {expected}, got {got}"


def type_name(value: Any) -> str:
    """What the type of a value is called in errors."""
    if value is None:
        return "None"
    return "a table" if isinstance(value, dict) else type(value).__name__


def _custom(wanted: Any, value: Any) -> Any:
    """Types that msgspec does not know: secrets, paths, and others, which must come as instances."""
    if isinstance(value, wanted):
        return value
    if isinstance(value, str) and (wanted is Secret or hasattr(wanted, "__fspath__")):
        return wanted(value)
    raise TypeError


def _spelled(wanted: Any, words: Mapping[type, str]) -> str:
    origin = get_origin(wanted)
    if origin is not None:
        return _spelled_parts(origin, get_args(wanted), words) or str(wanted)
    if wanted in words:
        return words[wanted]
    if wanted is NoneType:
        return "None"
    if wanted is Secret:
        return "str or Secret"
    if isinstance(wanted, type):
        return "a table" if issubclass(wanted, msgspec.Struct) else wanted.__name__
    return str(wanted)


def _spelled_parts(origin: Any, parts: tuple[Any, ...], words: Mapping[type, str]) -> str | None:
    """A type that is composed of others, in plain words; None for those that configs hardly have."""
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin in (Union, UnionType):
        return " or ".join(_spelled(part, words) for part in parts)
    if origin in (dict, Mapping):
        return f"a table of {_spelled(parts[1], words)}"
    if origin not in (list, tuple):
        return None
    inner = ", ".join(_spelled(part, words) for part in parts if part is not ...)
    return f"a list of {inner}" if origin is list or ... in parts else f"[{inner}]"


def duration(config: ConfigStruct, *names: str) -> None:
    """Each named field is a finite number of seconds above zero, or None where its type allows that."""
    for name in names:
        value: float | None = getattr(config, name)
        if value is not None and not (isfinite(value) and value > 0):
            raise config.invalid(name, "must be a finite number of seconds above 0")


def count(config: ConfigStruct, name: str, *, least: int) -> None:
    """The named field is not below *least*."""
    if getattr(config, name) < least:
        raise config.invalid(name, f"must be at least {least}")
