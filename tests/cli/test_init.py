"""From an empty folder to an answer."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


@pytest.mark.parametrize("adapter", [(), ("--adapter", "sqlite")])
def test_three_commands_to_an_answer(sqlspec: Run, folder: Path, adapter: tuple[str, ...]) -> None:
    """And the file serves Python unchanged."""
    for words in (("init", *adapter), ("doctor",), ("query", "main", "SELECT 1")):
        done = sqlspec(*words)
        assert done.exit_code == 0, done.output

    with SQLSpec.from_file(folder / "sqlspec.toml") as spec, spec.provide_session() as session:
        assert session.execute("SELECT 1").scalar() == 1


def test_the_examples_are_right_once_they_are_uncommented(sqlspec: Run, folder: Path) -> None:
    """Each adapter's, and the passwords come from the environment."""
    assert sqlspec("init").exit_code == 0
    path = folder / "sqlspec.toml"
    lines = path.read_text("utf-8").splitlines()
    start = lines.index("# [databases.asyncmy]")
    path.write_text("\n".join(line.removeprefix("# ") for line in lines[start:]), "utf-8")
    words = {f"{name}_PASSWORD": "a/b" for name in ("ASYNCMY", "ASYNCPG", "PSYCOPG", "REDIS")}

    done = sqlspec("check", env=words)

    assert done.exit_code == 0, done.output
    assert "asyncmy, asyncpg, psycopg, redis" in done.stdout


def test_it_is_for_its_owner_alone(sqlspec: Run, folder: Path) -> None:
    """Sooner or later it holds a password."""
    sqlspec("init")

    assert stat.S_IMODE((folder / "sqlspec.toml").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["sqlspec.toml", "sqlspec.yaml"])
def test_a_file_that_is_there_stays(sqlspec: Run, folder: Path, name: str) -> None:
    """Whatever its format."""
    (folder / name).write_text("mine", "utf-8")

    done = sqlspec("init")

    assert done.exit_code == 1
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_text("utf-8") == "mine"


def test_a_server_is_no_first_database(sqlspec: Run, folder: Path) -> None:
    """The adapters that may be named are in the message."""
    done = sqlspec("init", "--adapter", "psycopg")

    assert done.exit_code == 2
    assert "duckdb, sqlite" in done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("sqlite_alone")
def test_with_sqlite_alone(sqlspec: Run, folder: Path) -> None:
    """It is what there is."""
    assert sqlspec("init").exit_code == 0
    assert 'url = "sqlite:///app.db"' in (folder / "sqlspec.toml").read_text("utf-8")


def test_without_any_adapter(sqlspec: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line to type."""
    monkeypatch.setenv("SQLSPEC_LOAD_ADAPTERS", "psycopg")

    done = sqlspec("init")

    assert done.exit_code == 1
    assert "pip install" in done.stderr
