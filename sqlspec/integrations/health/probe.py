"""What a health application was asked to check, and how long a check may take."""

from __future__ import annotations

import time
from collections.abc import Iterable

from sqlspec import SQLSpec
from sqlspec.errors import InvalidArgumentError

__all__ = ("Probe",)

LONGEST = 3600.0
GRACE = 0.5
"""Seconds between the deadline of a ping, which the ping itself keeps where it can, and ours."""


class Probe:
    """The arguments of `health_app`. Raises `InvalidArgumentError` for those that make no sense."""

    def __init__(self, spec: object, databases: object, timeout: object) -> None:
        self.spec, self.timeout = _registry(spec), _seconds(timeout)
        self._databases = None if databases is None else _names(databases)

    def names(self) -> tuple[str, ...]:
        """The databases to check, as of now."""
        return self.spec.names if self._databases is None else self._databases

    def deadline(self) -> float:
        """For a ping that begins now: when nobody waits for it any longer."""
        return time.monotonic() + self.timeout + GRACE


def _registry(spec: object) -> SQLSpec:
    if not isinstance(spec, SQLSpec):
        kind = spec.__name__ if isinstance(spec, type) else type(spec).__name__
        raise InvalidArgumentError(f"health_app takes a registry, not {kind}; write health_app(SQLSpec())")
    return spec


def _seconds(timeout: object) -> float:
    if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and 0 < timeout <= LONGEST:
        return timeout
    raise InvalidArgumentError(
        f"timeout is a number of seconds above 0, at most {LONGEST:.0f}; write timeout=2.0"
    )


def _names(databases: object) -> tuple[str, ...]:
    found = () if isinstance(databases, str) or not isinstance(databases, Iterable) else tuple(databases)
    if not found or not all(isinstance(name, str) for name in found):
        raise InvalidArgumentError('databases is a sequence of names; write databases=("main",)')
    return found
