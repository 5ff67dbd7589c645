"""A registry with one database in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """One database, with a table `t (id, name)`."""
    with SQLSpec() as registry:
        registry.register_config(SQLiteConfig(), "main")
        with registry.provide_session("main") as session:
            session.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
        yield registry
