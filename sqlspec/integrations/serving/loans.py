"""What is lent to a request, from which database, and which responses say that its work is to be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec import AsyncOnlyConfig
from sqlspec.errors import SyncNotSupportedError

if TYPE_CHECKING:
    from collections.abc import Container

    from sqlspec import SQLSpec

__all__ = ("SUCCESS", "Loan", "NotStored")

HTTP = range(100, 600)
"""All statuses."""
SUCCESS = range(200, 400)
"""The statuses of responses whose work is stored."""


class NotStored(Exception):  # noqa: N818 - it says what becomes of the work, and nobody sees it
    """Ends a block whose response says that it failed; never leaves the integration."""


class Loan:
    """What a request borrows, from which database, and after which statuses its work is stored.

    Two that say the same of one registry are equal: in one request they stand for one session.
    """

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
        self._successes = frozenset(status for status in HTTP if status in commit_on)

    def _identity(self) -> tuple[Any, ...]:
        # A config is known by its identity, as in the registry: its fields need not be hashable.
        key = self._key if self._key is None or isinstance(self._key, str) else id(self._key)
        return id(self._spec), key, self._is_raw, self._successes, *sorted(self._options.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loan) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

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
