"""Which side of an adapter a class tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.plugin import Capability
from sqlspec_testkit.promises import skip_undeclared

if TYPE_CHECKING:
    from sqlspec.plugin import AdapterInfo

__all__ = ("check_async_side", "check_side")


def check_side(info: AdapterInfo) -> None:
    """Skip the sync tests of an adapter that is async only."""
    if Capability.SYNC not in info.capabilities:
        skip_undeclared(info.name, "SYNC")


def check_async_side(info: AdapterInfo) -> None:
    """Every adapter has an async side: its own, or worker threads."""
    assert info.capabilities & {Capability.SYNC, Capability.ASYNC}, "declares neither SYNC nor ASYNC"  # noqa: S101
