"""The arguments of generic classes: what `Box[int]`, or a subclass of it, says of the field that is a `T`."""

from __future__ import annotations

from typing import Any, TypeVar, Union, get_args, get_origin

__all__ = ("class_of", "substituted", "type_arguments")


def class_of(hint: Any) -> Any:
    """`Box` for `Box[int]`; any other class as it is."""
    origin = get_origin(hint)
    return origin if isinstance(origin, type) else hint


def type_arguments(hint: Any) -> dict[Any, Any]:
    """What each type variable of a class and of its bases stands for."""
    cls = class_of(hint)
    found = dict(zip(getattr(cls, "__parameters__", ()), get_args(hint), strict=False))
    for base in getattr(cls, "__orig_bases__", ()):
        if get_origin(base) is not None:
            for variable, argument in type_arguments(base).items():
                found.setdefault(variable, substituted(argument, found))
    return found


def substituted(hint: Any, arguments: dict[Any, Any]) -> Any:
    """*hint* with its type variables replaced; one without an argument by its default, or by its bound."""
    if isinstance(hint, TypeVar):
        return arguments.get(hint, _without_argument(hint))
    variables = getattr(hint, "__parameters__", ())
    if not variables or isinstance(hint, type):
        return hint
    return hint[tuple(substituted(variable, arguments) for variable in variables)]


def _without_argument(variable: TypeVar) -> Any:
    default = getattr(variable, "__default__", None)
    if default is not None and type(default).__name__ not in {"NoDefaultType", "_NoDefaultType"}:
        return default
    if variable.__constraints__:
        return Union[variable.__constraints__]  # noqa: UP007 - a tuple of them
    return Any if variable.__bound__ is None else variable.__bound__
