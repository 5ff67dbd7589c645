"""Registering what a configuration file describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import (
    AdapterNotInstalledError,
    ConfigAlreadyRegisteredError,
    ConfigFileError,
    ConfigSourceError,
)
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path

    from sqlspec import SQLSpec


def written(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "databases.toml"
    path.write_text(text)
    return path


def test_a_file_registers_all_of_its_databases(spec: SQLSpec, tmp_path: Path) -> None:
    """By scheme or adapter, with what they extend, and the default."""
    path = written(
        tmp_path,
        """
        default = "two"

        [templates.small]
        pool_size = 2

        [databases.one]
        extends = "small"
        adapter = "sqlite"
        database = ":memory:"

        [databases.two]
        url = "sqlite://"
        pool_size = 3
        instrumentation = { log_queries = true }
        """,
    )

    names = spec.register_from_file(path)

    assert names == ["one", "two"]
    one, two = spec.get_config("one"), spec.get_config("two")
    assert isinstance(one, SQLiteConfig)
    assert (one.pool_size, two.pool_size) == (2, 3)
    assert two.instrumentation.log_queries
    assert spec.get_config() is two
    with spec.provide_session() as session:
        assert session.execute("SELECT 1").scalar() == 1


def test_a_profile_goes_on_top(spec: SQLSpec, tmp_path: Path) -> None:
    """When it is asked for."""
    path = written(
        tmp_path,
        '[databases.one]\nurl = "sqlite://"\npool_size = 2\n[profiles.dev.databases.one]\npool_size = 7\n',
    )

    spec.register_from_file(path, profile="dev")

    assert spec.get_config("one").pool_size == 7


def test_a_variable_is_read_from_the_environment(
    spec: SQLSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And escaped where it stands in a URL."""
    monkeypatch.setenv("FOLDER", str(tmp_path / "a b"))
    (tmp_path / "a b").mkdir()
    path = written(tmp_path, '[databases.one]\nadapter = "sqlite"\ndatabase = "${FOLDER}/x.db"\n')

    spec.register_from_file(path)
    spec.ping("one")

    assert (tmp_path / "a b" / "x.db").exists()


def refused(spec: SQLSpec, path: Path) -> ConfigFileError:
    """The one error that a file is refused with; nothing of it is registered."""
    before = spec.names
    with pytest.raises(ConfigSourceError) as caught:
        spec.register_from_file(path)
    (error,) = caught.value.exceptions
    assert isinstance(error, ConfigFileError)
    assert str(caught.value) == str(error)
    assert spec.names == before
    return error


def test_a_misspelt_option_is_shown_where_it_stands(spec: SQLSpec, tmp_path: Path) -> None:
    """File, line, column, key, and what was meant."""
    path = written(
        tmp_path, '[databases.one]\nurl = "sqlite://"\n\n[databases.two]\nurl = "sqlite://"\npool_sise = 2\n'
    )

    error = refused(spec, path)

    assert (error.path, error.line, error.column, error.key) == (path, 6, 1, "databases.two.pool_sise")
    assert str(error) == f"{path}:6:1: databases.two.pool_sise: unknown option. Did you mean 'pool_size'?"


def test_a_wrong_value_is_not_shown(spec: SQLSpec, tmp_path: Path) -> None:
    """It may be a secret in the wrong place."""
    path = written(tmp_path, '[databases.one]\nurl = "sqlite://"\npool_size = "hunter2"\n')

    error = refused(spec, path)

    assert "hunter2" not in str(error)
    assert error.__cause__ is None
    assert (error.line, error.key) == (3, "databases.one.pool_size")


def test_a_database_without_adapter_says_so(spec: SQLSpec, tmp_path: Path) -> None:
    """With its place."""
    error = refused(spec, written(tmp_path, "[databases.one]\npool_size = 2\n"))

    assert "which adapter" in str(error)
    assert error.line == 1


@pytest.mark.usefixtures("sqlite_alone")
def test_a_missing_adapter_says_who_needs_it(spec: SQLSpec, tmp_path: Path) -> None:
    """And the command that installs it; its own error is the cause."""
    error = refused(spec, written(tmp_path, '[databases.one]\nurl = "postgresql://localhost/x"\n'))

    assert isinstance(error.__cause__, AdapterNotInstalledError)
    assert str(error.__cause__) in str(error)
    assert (error.line, error.key) == (2, "databases.one.url")


def test_a_name_that_is_taken_registers_nothing(spec: SQLSpec, tmp_path: Path) -> None:
    """All of the file, or none; unless it may override."""
    before = spec.register_config(SQLiteConfig(), "two")
    path = written(tmp_path, '[databases.one]\nurl = "sqlite://"\n[databases.two]\nurl = "sqlite://"\n')

    with pytest.raises(ConfigAlreadyRegisteredError):
        spec.register_from_file(path)
    assert spec.names == ("two",)
    assert spec.get_config("two") is before

    good = path.read_text()
    written(tmp_path, good.replace("[databases.two]", "pool_sise = 2\n[databases.two]"))
    with pytest.raises(ConfigSourceError, match="pool_sise"):  # what is wrong in the file is told first
        spec.register_from_file(path)

    written(tmp_path, good)
    spec.register_from_file(path, override=True)
    assert set(spec.names) == {"one", "two"}
    assert spec.get_config("two") is not before
