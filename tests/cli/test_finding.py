"""Which configuration a command works with."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run

ONE = '[databases.{name}]\nurl = "sqlite:///:memory:"\n'


def _write(path: Path, name: str) -> None:
    path.write_text(ONE.format(name=name), "utf-8")


def _names(run: Run, *words: str) -> list[str]:
    done = run(*words, "list", "--json")
    assert done.exit_code == 0, done.output
    return [one["name"] for one in json.loads(done.stdout)["databases"]]


def test_the_nearest_wins(sqlspec: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option before the variable, that before a file, the folder before those above, files before URL."""
    monkeypatch.setenv("DATABASE_URL", "sqlite:///:memory:")
    below = folder / "below"
    below.mkdir()
    monkeypatch.chdir(below)

    assert len(_names(sqlspec)) == 1
    assert "environment" in sqlspec("list").stderr
    _write(folder / "sqlspec.toml", "above")
    assert _names(sqlspec) == ["above"]
    (below / "sqlspec.json").write_text('{"databases": {"here": {"url": "sqlite:///:memory:"}}}', "utf-8")
    assert _names(sqlspec) == ["here"]
    _write(folder / "named.toml", "named")
    (below / "pyproject.toml").write_text('[tool.sqlspec]\nconfig = "../named.toml"\n', "utf-8")
    assert _names(sqlspec) == ["named"]
    _write(folder / "variable.toml", "variable")
    monkeypatch.setenv("SQLSPEC_CONFIG", str(folder / "variable.toml"))
    assert _names(sqlspec) == ["variable"]
    _write(folder / "option.toml", "option")
    assert _names(sqlspec, "--config", str(folder / "option.toml")) == ["option"]


def test_the_option_stands_before_or_after_the_command(sqlspec: Run, folder: Path) -> None:
    """And the one after it wins."""
    _write(folder / "a.toml", "a")
    _write(folder / "b.toml", "b")

    done = sqlspec("--config", "a.toml", "list", "--config", "b.toml", "--json")

    assert [one["name"] for one in json.loads(done.stdout)["databases"]] == ["b"]


def test_a_project_without_our_section_is_passed_by(sqlspec: Run, folder: Path) -> None:
    """As is one that can not be read: that is for its own tools to say."""
    _write(folder / "sqlspec.toml", "main")
    (folder / "pyproject.toml").write_text("[tool.ruff]\n", "utf-8")
    assert _names(sqlspec) == ["main"]

    (folder / "pyproject.toml").write_text("no toml", "utf-8")
    assert _names(sqlspec) == ["main"]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("confg = 'a'", "Did you mean 'config'?"),
        ("config = 3", "is a path, or a list of them"),
        ("profile = 'x'", "is a path, or a list of them"),
        ("config = 'a.toml'\nprofile = 3", "is a name"),
    ],
)
def test_a_wrong_section_is_told(sqlspec: Run, folder: Path, section: str, said: str) -> None:
    """With the file, and what to write."""
    (folder / "pyproject.toml").write_text(f"[tool.sqlspec]\n{section}\n", "utf-8")

    done = sqlspec("list")

    assert done.exit_code == 2
    assert said in done.stderr
    assert "pyproject.toml" in done.stderr


def test_nothing_found_says_how_to_begin(sqlspec: Run) -> None:
    """It is wrong usage, and no traceback."""
    done = sqlspec("list")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "To begin: sqlspec init" in done.stderr


def test_two_files_in_one_folder_are_no_choice(sqlspec: Run, folder: Path) -> None:
    """The user chooses."""
    _write(folder / "sqlspec.toml", "main")
    (folder / "sqlspec.json").write_text("{}", "utf-8")

    done = sqlspec("list")

    assert done.exit_code == 2
    assert "Choose one: --config sqlspec.toml" in done.stderr


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_else_is_not_found_by_chance(sqlspec: Run, folder: Path) -> None:
    """A file in a folder above, such as /tmp, may say what is opened; named by its path it is used."""
    _write(folder / "sqlspec.toml", "main")
    os.chown(folder / "sqlspec.toml", 12345, -1)

    assert sqlspec("list").exit_code == 2
    assert "belongs to somebody else" in sqlspec("list").stderr
    assert _names(sqlspec, "--config", "sqlspec.toml") == ["main"]


def test_a_profile_is_chosen(sqlspec: Run, folder: Path) -> None:
    """By the option, or by the project."""
    (folder / "sqlspec.toml").write_text(
        ONE.format(name="main") + '[profiles.test.databases.extra]\nurl = "sqlite:///:memory:"\n', "utf-8"
    )
    assert _names(sqlspec, "--profile", "test") == ["main", "extra"]

    (folder / "pyproject.toml").write_text(
        '[tool.sqlspec]\nconfig = "sqlspec.toml"\nprofile = "test"\n', "utf-8"
    )
    assert _names(sqlspec) == ["main", "extra"]
