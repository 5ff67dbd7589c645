"""A value that is used and never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from sqlspec.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

MASK = "***"


class Secret:
    """A password or token, or a function that fetches it.

    A function is called at every `reveal()`, so that a rotated password reaches the next connection.
    Everything else shows `***`, whatever the secret's length. A secret is not pickled: a masked copy would be
    lost data, an open one a leak.
    """

    __slots__ = ("_source",)

    def __init__(self, source: str | Callable[[], str]) -> None:
        if not (isinstance(source, str) or callable(source)):
            raise InvalidArgumentError(_wrong("holds", source))
        self._source: str | Callable[[], object] = source

    def reveal(self) -> str:
        """The value itself. Blocks as long as the function does, and lets its exceptions through."""
        if isinstance(self._source, str):
            return self._source
        value = self._source()
        if not isinstance(value, str):
            raise InvalidArgumentError(_wrong("must return", value))
        return value

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        # The spec is applied to nothing: a width or a precision must not reveal a length.
        del spec
        return MASK

    def __eq__(self, other: object) -> bool:
        return self._source == other._source if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._source)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        del memo
        return self

    def __reduce__(self) -> NoReturn:
        raise InvalidArgumentError(NOT_PICKLED)


NOT_PICKLED = (
    "a secret is not pickled; build the config in the other process, from the source it came from here"
)


def _wrong(verb: str, value: object) -> str:
    return (
        f"a Secret {verb} a str or a function without arguments that returns one, not {type(value).__name__}"
    )
