"""Structs that remember which of their fields were given.

`base.merge(override)` must let only what the override *said* win, and equality can not tell a default that
was said from one that was not. So the class's call records the names; they live beside the fields, outside
equality, hash and repr.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, cast

import msgspec
from msgspec.structs import force_setattr

from sqlspec.config.convert import (
    Text,
    evaluate_annotations,
    fields_of,
    invalid,
    misfit,
    relocated,
    to_field,
    to_struct,
    unknown,
)
from sqlspec.errors import InvalidArgumentError, InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec.structs import FieldInfo

T = TypeVar("T", bound="ConfigStruct")
_KNOWN: dict[frozenset[str], frozenset[str]] = {}
_MOST_KNOWN = 1000

if TYPE_CHECKING:
    P = ParamSpec("P")
    R = TypeVar("R")

    class Replace:
        """`replace` of a config, which takes what its class takes. pyright sees that; mypy takes anything."""

        def __get__(self, config: object, owner: Callable[P, R]) -> Callable[P, R]: ...


class RecordingMeta(msgspec.StructMeta):
    """Builds through `build`, and refuses a class whose fields could be changed or given by position."""

    # Hidden from type checkers: they would take a metaclass's `__call__` for the constructor's signature.
    if not TYPE_CHECKING:

        def __new__(
            mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
        ) -> type:
            """Refuse a class that would let its fields be changed, or given by position."""
            # msgspec does not inherit kw_only, and says nothing when a subclass forgets it.
            if any(options.get(option) is not True for option in ("frozen", "kw_only")):
                parents = ", ".join(base.__name__ for base in bases)
                raise InvalidArgumentError(f"write: class {name}({parents}, frozen=True, kw_only=True)")
            evaluate_annotations(name, namespace)
            return super().__new__(mcls, name, bases, namespace, **options)

        def __call__(cls, *args: Any, **given: Any) -> Any:  # noqa: N805 - of a metaclass
            """Make an instance that remembers what was given."""
            if args:
                raise InvalidConfigError(
                    f"{cls.__name__} takes its options by keyword: {cls.__name__}(option=value)"
                )
            return build(cls, given)


class ConfigStruct(
    msgspec.Struct,
    metaclass=RecordingMeta,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    dict=True,
    weakref=True,
):
    """Frozen options, checked when built. `replace` and `merge` make new ones."""

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise `self.invalid(…)` where fields are out of range or do not go together.

        A subclass extends it and calls `super().check()` first.
        """

    @classmethod
    def invalid(cls, field: str, reason: str) -> InvalidConfigError:
        """The error for `check` to raise: it names the field. *reason* must not hold the field's value."""
        return invalid(cls, field, reason)

    @property
    def given(self) -> frozenset[str]:
        """The names that were said when this was built; every other field is a default.

        `msgspec.convert` and `msgspec.structs.replace` build behind our back: what they made counts as having
        said each field that differs from its default.
        """
        recorded: frozenset[str] | None = self.__dict__.get("_given")
        return frozenset(_unlike_default(self)) if recorded is None else recorded

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, where: str | None = None) -> Self:
        """Build from plain data, such as a table of a file.

        Errors name the dotted key, which begins with *where* if that is given.
        """
        try:
            return build(cls, cls._from_data(data))
        except InvalidConfigError as exc:
            fault = exc if where is None else relocated(exc, cls.__name__, where, where)
        raise fault

    if TYPE_CHECKING:
        replace = Replace()
    else:

        def replace(self, **changes: Any) -> Self:
            """The same with some fields said anew, checked again."""
            return build(type(self), said(self) | changes)

    def merge(self, override: Self | Mapping[str, Any]) -> Self:
        """The same with what *override* said on top; its defaults change nothing. Nested options merge."""
        changes = override if isinstance(override, Mapping) else said(self._mergeable(override))
        merged = {name: _merged(self, name, new) for name, new in changes.items()}
        return build(type(self), said(self) | merged)

    def _mergeable(self, override: object) -> ConfigStruct:
        if isinstance(override, ConfigStruct) and (
            isinstance(self, type(override)) or isinstance(override, type(self))
        ):
            return override
        raise InvalidConfigError(f"{type(self).__name__} can not be merged with {type(override).__name__}")

    @classmethod
    def _from_data(cls, data: object) -> Mapping[str, Any]:
        """What plain data gives: a mapping, and whatever else a subclass demands of it."""
        if isinstance(data, Mapping):
            return cast("Mapping[str, Any]", data)
        raise InvalidConfigError(f"{cls.__name__}: expected a table of options, got {type(data).__name__}")

    def _check_given(self, given: Mapping[str, Any]) -> None:
        """A last look at what was given, once the struct exists."""

    def _shown(self, name: str) -> object:
        """A field's value as it may be shown."""
        return getattr(self, name)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"
        )

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, self._shown(name)) for name in _unlike_default(self)]

    # msgspec's own versions call the class with every field, which would record them all as given.
    if not TYPE_CHECKING:

        def __copy__(self) -> Self:
            return build(type(self), said(self))

        def __deepcopy__(self, memo: dict[int, Any]) -> Self:
            from copy import deepcopy

            return build(type(self), {name: deepcopy(value, memo) for name, value in said(self).items()})

        def __reduce__(self) -> tuple[Any, ...]:
            return build, (type(self), said(self))

        def __replace__(self, /, **changes: Any) -> Self:
            return self.replace(**changes)


def build(cls: type[T], given: Mapping[str, Any]) -> T:
    """The one way to an instance: converts, checks and records what was given."""
    fields_of(cls)
    values = {name: _value(cls, name, value) for name, value in given.items()}
    made: T = to_struct(cls, values)
    made._check_given(values)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - this file's own hook
    force_setattr(made, "_given", _shared(frozenset(values)))
    return made


def _shared(names: frozenset[str]) -> frozenset[str]:
    """The same set for the same names: of ten thousand configs most are given the same."""
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    return _KNOWN.setdefault(names, names)


def said(config: ConfigStruct) -> dict[str, Any]:
    """What was given to build *config*, and nothing that was derived from it."""
    return {name: getattr(config, name) for name in fields_of(type(config)) if name in config.given}


def is_default(config: ConfigStruct, field: FieldInfo) -> bool:
    """Whether a field has the value it has when nobody says anything."""
    if field.default_factory is not msgspec.NODEFAULT:
        return bool(getattr(config, field.name) == field.default_factory())
    return bool(getattr(config, field.name) == field.default)


def _value(cls: type[ConfigStruct], name: object, value: Any) -> Any:
    """*value* ready for msgspec, which knows neither texts from outside nor our nested structs."""
    field = fields_of(cls).get(name) if isinstance(name, str) else None
    if field is None:
        raise unknown(cls, str(name))
    if type(value) is Text:
        return _read(cls, field.name, value)
    if isinstance(value, Mapping) and isinstance(field.type, RecordingMeta):
        return _nested(cls, field.name, field.type, cast("Mapping[str, Any]", value))
    return cast("Any", value)


def _read(cls: type[ConfigStruct], name: str, value: Text) -> Any:
    try:
        return to_field(value, fields_of(cls)[name].type)
    except msgspec.ValidationError:
        fault = misfit(cls, {name: value})
    raise fault


def _nested(cls: type[ConfigStruct], name: str, inner: Any, value: Mapping[str, Any]) -> Any:
    try:
        return inner.from_mapping(value)
    except InvalidConfigError as exc:
        fault = relocated(exc, inner.__name__, f"{cls.__name__}.{name}", name)
    raise fault


def _merged(config: ConfigStruct, name: str, new: Any) -> Any:
    old = getattr(config, name, None)
    if isinstance(old, ConfigStruct) and isinstance(new, ConfigStruct | Mapping):
        return old.merge(cast("Any", new))
    return new


def _unlike_default(config: ConfigStruct) -> list[str]:
    return [field.name for field in fields_of(type(config)).values() if not is_default(config, field)]
