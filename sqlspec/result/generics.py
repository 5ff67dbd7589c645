"""The arguments of generic classes: what `Box[int]`, or a subclass of it, says of the field that is a `T`."""

from __future__ import annotations

from typing import Any, TypeVar, Union, get_args, get_origin

__all__ = ("arguments_of", "class_of", "substituted")


def class_of(hint: Any) -> Any:
    """`Box` for `Box[int]`; any other class as it is."""
    origin = get_origin(hint)
    return origin if isinstance(origin, type) else hint


def arguments_of(hint: Any) -> dict[Any, dict[Any, Any]]:
    """What the type variables stand for in a class, and in each of its bases, these first.

    By class, because two of them may use one `T` for different things.
    """
    cls = class_of(hint)
    variables, given = getattr(cls, "__parameters__", ()), get_args(hint)
    own = dict(zip(variables, given, strict=False))
    for variable in variables[len(given) :]:
        own[variable] = substituted(variable, own)
    found: dict[Any, dict[Any, Any]] = {}
    for base in reversed(_bases(cls)):
        if getattr(class_of(base), "__name__", "") not in {"Generic", "Protocol"}:
            found |= arguments_of(substituted(base, own))
    found[cls] = own
    return found


def _bases(cls: Any) -> tuple[Any, ...]:
    # Not by getattr: a class without generic bases would inherit the attribute from one that has some.
    bases: tuple[Any, ...] = getattr(cls, "__dict__", {}).get("__orig_bases__", getattr(cls, "__bases__", ()))
    return bases


def substituted(hint: Any, arguments: dict[Any, Any]) -> Any:
    """*hint* with its type variables replaced; one without an argument by its default, or by its bound."""
    if isinstance(hint, TypeVar):
        return arguments[hint] if hint in arguments else _without_argument(hint, arguments)
    if type(hint).__name__ == "InitVar":
        return substituted(hint.type, arguments)
    variables = getattr(hint, "__parameters__", ())
    if not variables or isinstance(hint, type):
        return hint
    return hint[tuple(substituted(variable, arguments) for variable in variables)]


def _without_argument(variable: TypeVar, arguments: dict[Any, Any]) -> Any:
    default = getattr(variable, "__default__", None)
    if default is not None and type(default).__name__ not in {"NoDefaultType", "_NoDefaultType"}:
        return substituted(default, arguments)
    if variable.__constraints__:
        return Union[variable.__constraints__]  # noqa: UP007 - a tuple of them
    return Any if variable.__bound__ is None else variable.__bound__
