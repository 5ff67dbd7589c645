"""Which adapters may be used: the application's word and the operator's, both before anything is imported."""

from __future__ import annotations

from os import environ
from typing import TYPE_CHECKING, NamedTuple

from sqlspec.errors import AdapterBlockedError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Policy", "names_from_env")

DISABLE = "SQLSPEC_DISABLE_ADAPTERS"
LOAD = "SQLSPEC_LOAD_ADAPTERS"
PLUGINS = "SQLSPEC_PLUGINS"


def names_from_env(variable: str) -> frozenset[str] | None:
    """The names in a comma-separated variable; None when it is not set, nothing at all when it is empty."""
    text = environ.get(variable)
    if text is None:
        return None
    return frozenset(name for part in text.split(",") if (name := part.strip()))


class Policy(NamedTuple):
    """What is blocked, and what alone is allowed. The stricter word wins."""

    allow: frozenset[str] | None
    block: frozenset[str]

    @classmethod
    def of(cls, allow: Iterable[str] | None, block: Iterable[str]) -> Policy:
        """The caller's lists together with those of the environment."""
        allowed, from_env = None if allow is None else frozenset(allow), names_from_env(LOAD)
        if allowed is not None and from_env is not None:
            allowed &= from_env
        blocked = frozenset(block) | (names_from_env(DISABLE) or frozenset())
        return cls(from_env if allowed is None else allowed, blocked)

    def permits(self, name: str) -> bool:
        """Tell whether the adapter may be imported."""
        return name not in self.block and (self.allow is None or name in self.allow)

    def check(self, name: str, distribution: str | None) -> None:
        """Raise if it may not."""
        if not self.permits(name):
            raise self.refusal(name, distribution)

    def refusal(self, name: str, distribution: str | None) -> AdapterBlockedError:
        """Why it may not be used, and what would let it in."""
        owner = f" ({distribution})" if distribution else ""
        if name in self.block:
            why, fix = "is blocked", f"take it off block=… and {DISABLE}"
        else:
            why, fix = "is not on the allow list", f"add it to allow=… and {LOAD}, where they are set"
        message = f"adapter {name!r}{owner} {why}; to use it, {fix}"
        return AdapterBlockedError(message, adapter=name, distribution=distribution)
