"""What is lent to a request, from which database, and which responses say that its work is to be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec import AsyncOnlyConfig
from sqlspec.errors import SyncNotSupportedError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from sqlspec import SQLSpec

__all__ = ("SUCCESS", "Loan", "NotStored")

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
        options: Mapping[str, Any],
        commit_on: Container[int] = SUCCESS,
    ) -> None:
        self.spec, self.key, self.is_raw = spec, key, is_raw
        self.options = {name: value for name, value in options.items() if value is not None}
        self.commit_on = commit_on

    def _identity(self) -> tuple[Any, ...]:
        # A config is known by its identity, as in the registry: its fields need not be hashable.
        key = self.key if self.key is None or isinstance(self.key, str) else id(self.key)
        return id(self.spec), key, self.is_raw, id(self.commit_on), *sorted(self.options.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loan) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def block(self) -> Any:
        """What `with` and `async with` lend it by, and give it back."""
        lend = self.spec.provide_connection if self.is_raw else self.spec.provide_session
        return lend(self.key, **self.options)

    def check_sync(self) -> None:
        """Raise `SyncNotSupportedError` where it is known beforehand that there is nothing for a thread."""
        kind = self.key if isinstance(self.key, type) else type(self.key)
        if issubclass(kind, AsyncOnlyConfig):
            message = f"{kind.__name__} lends to tasks alone: annotate the parameter with AsyncSession"
            raise SyncNotSupportedError(message)

    def is_success(self, status: int) -> bool:
        """Whether the work behind a response of this status is stored."""
        return status in self.commit_on
