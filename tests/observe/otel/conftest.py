"""An SDK of each test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .telemetry import Telemetry, no_providers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """The global providers."""
    with no_providers():
        found = Telemetry()
        found.install()
        yield found
        found.shut_down()
