"""Tests of a capability, in both directions: who declares it must keep it, who keeps it may declare it.

A test names its capability with `promised`. Where the adapter does not declare that, the test runs on
trial: as if it were declared. It does not fail then. It is skipped, and the reason says how it ended; when
all tests of a capability passed, the summary of the run says that it could be declared.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest
from msgspec.structs import force_setattr

from sqlspec.plugin import Capability

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlspec.plugin import AdapterInfo

__all__ = (
    "ADAPTER",
    "DECLARED",
    "MARK",
    "TRIAL",
    "capabilities_of",
    "note_adapter",
    "promised",
    "skip_undeclared",
    "subject",
)

MARK = "sqlspec_promised"
ADAPTER: pytest.StashKey[AdapterInfo] = pytest.StashKey()
"""Whose test it is."""
DECLARED: pytest.StashKey[frozenset[Capability]] = pytest.StashKey()
"""What that adapter declares; on trial it says more."""
TRIAL: pytest.StashKey[tuple[str, str]] = pytest.StashKey()
"""The adapter's name and the capability that it does not declare, in a test that tries it."""


def note_adapter(item: pytest.Item, info: AdapterInfo) -> None:
    """Remember whose test it is, for the report."""
    item.stash[ADAPTER], item.stash[DECLARED] = info, info.capabilities


def promised(*capabilities: Capability, tried: bool = True) -> pytest.MarkDecorator:
    """Mark a test that is about the first of these capabilities, and needs the others.

    With `tried=False` it is skipped where the first is not declared: a test that could take long.
    """
    return getattr(pytest.mark, MARK)(*(one.name for one in capabilities), tried=tried)  # type: ignore[no-any-return]


def skip_undeclared(adapter: str, capability: str, said: str = "") -> NoReturn:
    """Skip a test of what the adapter does not declare; *said*: how the test ended on trial."""
    how = said or f"Once it keeps that promise, add Capability.{capability} to its AdapterInfo.capabilities."
    pytest.skip(f"adapter {adapter!r} does not declare {capability}. {how}")


def capabilities_of(item: pytest.Item) -> list[Capability]:
    """What the test is about, and what it needs."""
    marker = item.get_closest_marker(MARK)
    return [Capability[name] for name in marker.args] if marker else []


@contextmanager
def subject(item: pytest.Item, info: AdapterInfo, *, tries: bool) -> Generator[AdapterInfo, None, None]:
    """The adapter of a test of sessions, for its time. Skips the test, or puts the adapter on trial."""
    marker, wanted = item.get_closest_marker(MARK), capabilities_of(item)
    missing = {one for one in (*wanted, Capability.TRANSACTIONS) if one not in info.capabilities}
    may_try = tries and marker is not None and marker.kwargs["tried"]
    if missing and not (may_try and missing == {wanted[0]}):
        skip_undeclared(info.name, next(one.name for one in Capability if one in missing))
    declared = info.capabilities
    if missing:
        item.stash[TRIAL] = (info.name, wanted[0].name)
        # Core asks this object, whichever way the adapter was registered.
        force_setattr(info, "capabilities", declared | missing)
    try:
        yield info
    finally:
        force_setattr(info, "capabilities", declared)
