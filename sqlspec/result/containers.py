"""Lists, sets, tuples and mappings: each value in them is read as a column's value is."""

from __future__ import annotations

from collections import abc
from functools import partial
from typing import TYPE_CHECKING, Any, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlspec.result.values import Reader

__all__ = ("ARRAYS", "MAPPINGS", "Container", "container_for")

ARRAYS: dict[Any, type] = {
    list: list,
    set: set,
    frozenset: frozenset,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Set: set,
    abc.MutableSet: set,
}
"""What one column of JSON or of an array may become, and what is made for it."""

MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)


class Container:
    """How values of a container become the declared one."""

    __slots__ = ("convert", "source", "trusted")

    def __init__(self, convert: Callable[[Any], Any], source: Any, trusted: frozenset[type]) -> None:
        self.convert = convert
        self.source = source
        """The driver's types that it is made from."""
        self.trusted = trusted
        """A container that promises nothing of its contents needs no look inside."""


def container_for(
    hint: Any, reader_for: Callable[[Any], Reader], key_reader_for: Callable[[Any], Reader]
) -> Container | None:
    """The container that *hint* declares, or None when it is of another kind."""
    origin, arguments = get_origin(hint) or hint, get_args(hint)
    if origin in ARRAYS:
        return _array(ARRAYS[origin], reader_for(arguments[0] if arguments else Any))
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return _array(tuple, reader_for(arguments[0]))
    if origin is tuple and arguments:
        places = [reader_for(argument) for argument in arguments]
        return Container(partial(_tuple, places), _SOURCES, frozenset())
    if origin in MAPPINGS:
        key, value = arguments or (Any, Any)
        keys, values = key_reader_for(key), reader_for(value)
        trusted = frozenset({dict}) if keys.kinds is None and values.kinds is None else frozenset[type]()
        return Container(partial(_mapping, keys, values), abc.Mapping, trusted)
    return None


_SOURCES = (list, tuple, set, frozenset)


def _array(make: type, element: Reader) -> Container:
    trusted = frozenset({make}) if element.kinds is None else frozenset[type]()
    return Container(partial(_elements, make, element), _SOURCES, trusted)


def _elements(make: Callable[[Iterable[Any]], Any], element: Reader, value: Any) -> Any:
    return make(element.converted(list(_checked(value, _SOURCES))))


def _tuple(places: Sequence[Reader], value: Any) -> tuple[Any, ...]:
    pairs = zip(places, _checked(value, _SOURCES), strict=True)
    return tuple([reader.converted((each,))[0] for reader, each in pairs])


def _mapping(keys: Reader, values: Reader, value: Any) -> dict[Any, Any]:
    _checked(value, abc.Mapping)
    made = dict(zip(keys.converted(list(value)), values.converted(list(value.values())), strict=True))
    if len(made) != len(value):
        raise ValueError  # two keys became one
    return made


def _checked(value: Any, source: Any) -> Any:
    """The value; what JSON text holds is known only now."""
    if not isinstance(value, source):
        raise TypeError
    return value
