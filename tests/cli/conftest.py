"""What tests of the command line share: an empty folder, and the command in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from sqlspec.cli.program import program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]

TWO = """
default = "main"

[databases.main]
url = "sqlite:///main.db"

[databases.other]
url = "duckdb:///other.db"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, and an environment that says nothing of databases."""
    monkeypatch.chdir(tmp_path)
    for name in [
        name for name in os.environ if name.startswith(("SQLSPEC_CONFIG", "SQLSPEC_PL", "DATABASE_", "DB_"))
    ]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def sqlspec() -> Run:
    """Run the command with these words."""
    return lambda *words, **options: CliRunner().invoke(program, words, prog_name="sqlspec", **options)


@pytest.fixture
def two(folder: Path, sqlspec: Run) -> Run:
    """The command where a SQLite `main` and a DuckDB `other` have a table `items`."""
    (folder / "sqlspec.toml").write_text(TWO, "utf-8")
    for name in ("main", "other"):
        done = sqlspec("query", name, "--write", "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
        assert done.exit_code == 0, done.output
    return sqlspec
