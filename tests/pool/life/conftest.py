"""A scripted database, and the judgement of its server after each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec_testkit.scripted import Script

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def script() -> Iterator[Script]:
    """Every call is served; afterwards, nothing was done to a connection that nobody may do."""
    script = Script()
    yield script
    assert script.server.violations == []
