"""A value that is used and never shown."""

from __future__ import annotations

from collections.abc import Awaitable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NoReturn, Self, overload

from sqlspec.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

MASK = "***"


class Secret:
    """A password or token, or a function that fetches it.

    A function is called at every connect, so that a rotated password reaches the next connection. It may be
    async, for connections that tasks use.
    Everything else shows `***`, whatever the secret's length. A secret is not pickled: a masked copy would be
    lost data, an open one a leak.
    """

    __slots__ = ("_source",)

    def __init__(self, source: str | Callable[[], str] | Callable[[], Awaitable[str]]) -> None:
        if not (isinstance(source, str) or callable(source)):
            raise InvalidArgumentError(_wrong("holds", type(source)))
        self._source: str | Callable[[], object] = source

    @property
    def is_function(self) -> bool:
        """Whether the value is fetched when it is wanted."""
        return not isinstance(self._source, str)

    def reveal(self) -> str:
        """The value itself. Blocks as long as the function does, and lets its exceptions through.

        Raises `InvalidArgumentError` for an async function, which only `areveal` can await.
        """
        if isinstance(self._source, str):
            return self._source
        value = self._source()
        if isinstance(value, str):
            return value
        if isinstance(value, CoroutineType):
            value.close()  # else Python warns that nobody awaited it
        if isinstance(value, Awaitable):
            raise InvalidArgumentError("the function of this Secret is async: connect with `async with`")
        wrong = type(value)
        del value  # which may be a password all the same, and a traceback would show it
        raise InvalidArgumentError(_wrong("must return", wrong))

    async def areveal(self) -> str:
        """The same for tasks: an async function is awaited, any other runs in a thread."""
        if isinstance(self._source, str):
            return self._source
        from asyncio import to_thread
        from inspect import iscoroutinefunction

        value = self._source() if iscoroutinefunction(self._source) else await to_thread(self._source)
        if isinstance(value, Awaitable):
            value = await value
        if isinstance(value, str):
            return value
        wrong = type(value)
        del value
        raise InvalidArgumentError(_wrong("must return", wrong))

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


def _wrong(verb: str, kind: type) -> str:
    return f"a Secret {verb} a str or a function without arguments that returns one, not {kind.__name__}"


def as_secret(value: Secret | str | None) -> Secret | None:
    """What was passed as a text or a Secret. Who calls it overwrites the text: tracebacks show variables."""
    return Secret(value) if isinstance(value, str) else value


if TYPE_CHECKING:

    class SecretOption:
        """A config's field that takes a text or a `Secret`, and holds a `Secret`."""

        @overload
        def __get__(self, config: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, config: object, owner: Any) -> Secret | None: ...
        def __get__(self, config: object, owner: Any) -> Any: ...
        def __set__(self, config: object, value: Secret | str | None) -> None: ...

    NO_SECRET = SecretOption()
else:
    SecretOption, NO_SECRET = Secret | None, None
