"""Reading type hints."""

from __future__ import annotations

import types
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from sqlspec.errors import MappingError
from sqlspec.result.generics import substituted

__all__ = (
    "is_class_variable",
    "is_document",
    "is_field_holder",
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


def resolved_hints(cls: Any) -> dict[str, Any]:
    """The annotations of *cls* as objects; `MappingError` when one of them names what can not be found."""
    try:
        return get_type_hints(cls, include_extras=True)
    except (NameError, AttributeError, TypeError) as exc:
        raise unresolved(cls) from exc


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
    alias = get_origin(hint) if get_args(hint) else hint
    if type(alias).__name__ == "TypeAliasType":
        return substituted(alias.__value__, dict(zip(alias.__type_params__, get_args(hint), strict=False)))
    return getattr(hint, "__supertype__", hint)  # NewType


def is_unconstrained(hint: Any) -> bool:
    """Whether every value fits."""
    return hint is Any or hint is object or isinstance(hint, TypeVar)


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
    """Whether msgspec knows the fields of *cls*."""
    return any(
        hasattr(cls, mark) for mark in ("__struct_fields__", "__dataclass_fields__", "__attrs_attrs__")
    )


def name_of(hint: Any) -> str:
    """How a message calls it."""
    if isinstance(hint, type) and not get_args(hint):
        return hint.__name__
    return str(hint).removeprefix("typing.")
