"""Reading type hints."""

from __future__ import annotations

import types
from enum import Enum
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    LiteralString,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from sqlspec.errors import MappingError
from sqlspec.result.generics import arguments_of, class_of, substituted

__all__ = (
    "is_class_variable",
    "is_document",
    "is_field_holder",
    "is_object",
    "is_unconstrained",
    "members_of",
    "name_of",
    "plain_hint",
    "qualifier_of",
    "resolved_hints",
    "unresolved",
)

_QUALIFIERS = frozenset({"Required", "NotRequired", "ReadOnly", "Final", "ClassVar"})
"""Words around a hint that say something about the field, not about its values."""

_CONTAINERS = (list, dict, tuple, set, frozenset)


def resolved_hints(schema_type: Any) -> dict[str, Any]:
    """The annotations of a class, also of `Box[int]`, as objects, its type variables replaced.

    `MappingError` when one of them names what can not be found.
    """
    cls = class_of(schema_type)
    try:
        hints, arguments = _hints_of(cls), arguments_of(schema_type)
        if not any(arguments.values()):
            return hints
        return hints | _substituted_hints(cls, arguments)
    except (NameError, AttributeError, TypeError) as exc:
        raise unresolved(cls) from exc


def _substituted_hints(cls: Any, arguments: dict[Any, dict[Any, Any]]) -> dict[str, Any]:
    # A TypedDict has no bases, and all their annotations: the first that has one owns it.
    typed_dict = hasattr(cls, "__total__")
    found: dict[str, Any] = {}
    for owner in arguments if typed_dict else reversed(cls.__mro__):
        names = getattr(owner, "__annotations__", ())
        hints = _hints_of(owner) if names else {}
        for name in names:
            if not (typed_dict and name in found):
                found[name] = substituted(hints[name], arguments.get(owner, {}))
    return found


def _hints_of(cls: Any) -> dict[str, Any]:
    try:
        return get_type_hints(cls, include_extras=True)
    except NameError:
        # A class inside a function can name itself, its bases and its type variables at least.
        variables = {variable for base in cls.__mro__ for variable in getattr(base, "__parameters__", ())}
        names = {each.__name__: each for each in (*variables, *reversed(cls.__mro__))}
        return get_type_hints(cls, localns=names, include_extras=True)


def unresolved(cls: Any) -> MappingError:
    """The error for annotations that can not be read, as those of a class inside a function."""
    return MappingError(
        f"the annotations of {name_of(cls)} can not be resolved; define the types they name, and "
        f"{name_of(cls)} itself, at the top level of a module and import them outside TYPE_CHECKING"
    )


def plain_hint(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """The hint without qualifiers, aliases and annotations, and the `msgspec.Meta` found on the way."""
    metadata: tuple[Any, ...] = ()
    while True:
        inner = _unwrapped(hint)
        if inner is hint:
            return hint, metadata
        if get_origin(hint) is Annotated:
            metadata += tuple(each for each in hint.__metadata__ if isinstance(each, msgspec.Meta))
        hint = inner


def qualifier_of(hint: Any) -> str | None:
    """`Required`, `NotRequired` and their like, by name: typing and typing_extensions each have their own."""
    name = getattr(get_origin(hint), "_name", None)
    return name if name in _QUALIFIERS else None


def is_class_variable(hint: Any) -> bool:
    """Whether a dataclass passes over this annotation."""
    return hint is ClassVar or qualifier_of(hint) == "ClassVar"


def _unwrapped(hint: Any) -> Any:
    if get_origin(hint) is Annotated or qualifier_of(hint):
        return get_args(hint)[0]
    if type(hint).__name__ == "InitVar":
        return hint.type
    if isinstance(hint, TypeVar):
        return substituted(hint, {})
    if hint is LiteralString:
        return str
    alias = get_origin(hint) if get_args(hint) else hint
    if type(alias).__name__ == "TypeAliasType":
        return substituted(alias.__value__, dict(zip(alias.__type_params__, get_args(hint), strict=False)))
    return getattr(hint, "__supertype__", hint)  # NewType


def is_unconstrained(hint: Any) -> bool:
    """Whether every value fits."""
    return hint is Any or hint is object


def members_of(hint: Any) -> tuple[Any, ...]:
    """The members of a union, nested ones and aliases taken apart; else the hint alone."""
    if get_origin(hint) not in {Union, types.UnionType}:
        return (hint,)
    return tuple(member for part in get_args(hint) for member in _members_of_part(part))


def _members_of_part(part: Any) -> tuple[Any, ...]:
    inner, metadata = plain_hint(part)
    return (part,) if metadata else members_of(inner)


def is_document(hint: Any) -> bool:
    """Whether text for this hint is JSON: containers and classes with fields."""
    origin = get_origin(hint) or hint
    if origin is Literal or not isinstance(origin, type) or issubclass(origin, (str, bytes, Enum)):
        return False
    return (
        issubclass(origin, _CONTAINERS) or is_field_holder(origin) or origin.__module__ == "collections.abc"
    )


def is_field_holder(cls: Any) -> bool:
    """Whether msgspec, or pydantic, knows the fields of *cls*."""
    return any(
        hasattr(cls, mark)
        for mark in (
            "__struct_fields__",
            "__dataclass_fields__",
            "__attrs_attrs__",
            "__pydantic_validator__",
        )
    )


def name_of(hint: Any) -> str:
    """How a message calls it."""
    if isinstance(hint, type) and not get_args(hint):
        return hint.__name__
    if is_object(hint):
        return f"an object of {type(hint).__name__}"  # and never what is in it
    return str(hint).removeprefix("typing.")


_HINTS = frozenset({"typing", "types", "typing_extensions", "pydantic", "msgspec"})


def is_object(hint: Any) -> bool:
    """Whether it is no type at all."""
    if isinstance(hint, type) or hasattr(hint, "__value__"):  # a class, or an alias
        return False
    return type(hint).__module__.partition(".")[0] not in _HINTS
