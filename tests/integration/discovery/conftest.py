"""A catalogue and a registry for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec

from .consul import ConsulStub, instance

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """A registry, closed at the end."""
    with SQLSpec() as registry:
        yield registry


@pytest.fixture
def consul(spec: SQLSpec) -> Iterator[ConsulStub]:
    """One that knows of one database."""
    with ConsulStub() as stub:
        stub.put("db", instance(5001))
        yield stub
        spec.close()  # first who asks, then who answers
