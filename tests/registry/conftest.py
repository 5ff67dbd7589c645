"""A registry of its own for each test, closed after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """A registry without databases."""
    with SQLSpec() as registry:
        yield registry
