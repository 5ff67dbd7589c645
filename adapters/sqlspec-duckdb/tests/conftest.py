"""Databases of each test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec_duckdb import DuckDBConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = """
CREATE TABLE item (id INTEGER PRIMARY KEY, value VARCHAR);
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (
    id INTEGER PRIMARY KEY,
    parent INTEGER REFERENCES parent (id),
    email VARCHAR NOT NULL UNIQUE,
    age INTEGER CHECK (age >= 18)
);
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database file is."""
    return tmp_path / "test.db"


@pytest.fixture
def spec(path: Path) -> Iterator[SQLSpec]:
    """A registry with one file database, `main`, which has the tables above."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path)), "main")
        with spec.provide_session() as session:
            session.execute_script(SCHEMA)
        yield spec
