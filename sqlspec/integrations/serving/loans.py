"""What is lent to a request, from which database, and which responses say that its work is to be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec import AsyncOnlyConfig
from sqlspec.errors import InvalidArgumentError, SyncNotSupportedError

if TYPE_CHECKING:
    from collections.abc import Container

    from sqlspec import SQLSpec

__all__ = ("SUCCESS", "Loan", "NotStored", "checked_statuses")

HTTP = range(100, 600)
"""All statuses."""
SUCCESS = range(200, 400)
"""The statuses of responses whose work is stored."""


class NotStored(Exception):  # noqa: N818 - it says what becomes of the work, and nobody sees it
    """Ends a block whose response says that it failed; never leaves the integration."""


class Loan:
    """What a request borrows, from which database, and after which statuses its work is stored."""

    def __init__(
        self,
        spec: SQLSpec,
        key: Any,
        *,
        is_raw: bool = False,
        commit_on: Container[int] = SUCCESS,
        **options: Any,
    ) -> None:
        """*options*: those of `provide_session`; None leaves one to the config."""
        self._spec, self._key, self._is_raw = spec, key, is_raw
        self._options = {name: value for name, value in options.items() if value is not None}
        self._successes = checked_statuses(commit_on)

    def identity(self) -> tuple[Any, ...]:
        """Equal for two loans that stand for one session of a request, whatever key each has.

        Raises `ConfigNotFoundError`, as the block does.
        """
        name = self.block().database_name
        return id(self._spec), name, self._is_raw, self._successes, *sorted(self._options.items())

    def block(self) -> Any:
        """What `with` and `async with` lend it by, and give it back."""
        lend = self._spec.provide_connection if self._is_raw else self._spec.provide_session
        return lend(self._key, **self._options)

    def check_sync(self) -> None:
        """Raise `SyncNotSupportedError` where it is known beforehand that there is nothing for a thread."""
        kind = self._key if isinstance(self._key, type) else type(self._key)
        if issubclass(kind, AsyncOnlyConfig):
            message = f"{kind.__name__} lends to tasks alone: annotate the parameter with AsyncSession"
            raise SyncNotSupportedError(message)

    def is_success(self, status: int) -> bool:
        """Whether the work behind a response of this status is stored."""
        return status in self._successes


class _Statuses(frozenset[int]):
    """Statuses that were checked."""


def checked_statuses(commit_on: Container[int]) -> frozenset[int]:
    """The statuses after which work is stored. Raises `InvalidArgumentError` if *commit_on* has none."""
    if isinstance(commit_on, _Statuses):
        return commit_on
    try:
        statuses = _Statuses(status for status in HTTP if status in commit_on)
    except TypeError:  # no collection, or one of something else
        statuses = _Statuses()
    if not statuses:
        message = "commit_on is a collection of HTTP statuses: write range(200, 400), or {200, 201, 409}"
        raise InvalidArgumentError(message)
    return statuses
