"""The commands that look and change nothing: list, check, version, adapters, schema, completion, help."""

from __future__ import annotations

import json
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

import sqlspec as library
from sqlspec.cli.program import COMMANDS

if TYPE_CHECKING:
    from .conftest import Run

SECRET = "hunter2"
SECRETS = f"""
[databases.main]
url = "psycopg://me:{SECRET}@db.example/app"

[databases.cache]
adapter = "redis"
password = "{SECRET}"
pool_size = 3
"""


def test_the_list_shows_options_and_no_secret(sqlspec: Run, folder: Path) -> None:
    """For people and for programs."""
    (folder / "sqlspec.toml").write_text(SECRETS, "utf-8")

    for_people, for_programs = sqlspec("list"), sqlspec("list", "--json")

    assert for_people.exit_code == for_programs.exit_code == 0
    assert SECRET not in for_people.output + for_programs.output
    rows = {one["name"]: one for one in json.loads(for_programs.stdout)["databases"]}
    assert rows["cache"]["adapter"] == "redis"
    assert rows["cache"]["options"] == {"password": "***", "pool_size": "3"}
    assert "cache" in for_people.stdout


@pytest.mark.parametrize(
    "words", [("list",), ("check",), ("doctor",), ("ping", "--all"), ("query", "main", "SELECT")]
)
def test_a_secret_never_appears(sqlspec: Run, folder: Path, words: tuple[str, ...]) -> None:
    """Not in what is printed, not in errors."""
    (folder / "sqlspec.toml").write_text(
        f'[databases.main]\nurl = "psycopg://me:{SECRET}@127.0.0.1:1/app"\nconnect_timeout = 2\n', "utf-8"
    )

    done = sqlspec(*words)

    assert done.output
    assert SECRET not in done.output


def test_check_tells_all_mistakes_with_their_places(sqlspec: Run, folder: Path) -> None:
    """And exits with 1; with --json the same for programs."""
    path = folder / "db.toml"
    path.write_text(
        '[databases.main]\nurl = "sqlite:///a.db"\npool_sise = 3\n[databases.b]\nadapter = "sqlight"\n',
        "utf-8",
    )

    done, as_json = sqlspec("check", "db.toml"), sqlspec("check", "db.toml", "--json")

    assert done.exit_code == as_json.exit_code == 1
    assert "db.toml:3:1: databases.main.pool_sise" in done.stdout
    assert "pool_size" in done.stdout
    assert [error["line"] for error in json.loads(as_json.stdout)["errors"]] == [3, 5]
    assert not (folder / "a.db").exists()


def test_check_of_what_is_right(sqlspec: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, the environment, or whatever other commands would use."""
    (folder / "sqlspec.toml").write_text('[databases.main]\nurl = "sqlite:///a.db"\n', "utf-8")
    monkeypatch.setenv("APP_SHOP_URL", "sqlite:///shop.db")

    assert sqlspec("check").exit_code == 0
    assert "main" in sqlspec("check", "sqlspec.toml").stdout
    found = sqlspec("check", "--env", "APP_", "--json")
    assert json.loads(found.stdout) == {"place": "the environment", "databases": ["shop"], "errors": []}
    assert sqlspec("check", "sqlspec.toml", "--env", "APP_").exit_code == 2


def test_check_of_a_wrong_environment(sqlspec: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names the variable."""
    monkeypatch.setenv("APP_SHOP_URL", "sqlite:///shop.db")
    monkeypatch.setenv("APP_SHOP_POOL_SIZE", SECRET)

    done = sqlspec("check", "--env", "APP_")

    assert done.exit_code == 1
    assert "APP_SHOP_POOL_SIZE" in done.stdout
    assert SECRET not in done.output


def test_versions(sqlspec: Run) -> None:
    """Of core and what is installed."""
    found = json.loads(sqlspec("version", "--json").stdout)

    assert found["sqlspec"] == library.__version__
    assert "sqlspec-sqlite" in found
    assert "sqlspec-sqlite" in sqlspec("version").stdout


def test_adapters_are_listed(sqlspec: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their state, and why one can not be used."""
    monkeypatch.setenv("SQLSPEC_DISABLE_ADAPTERS", "duckdb")

    for_people, found = sqlspec("adapters"), json.loads(sqlspec("adapters", "--json").stdout)

    states = {one["name"]: one["status"] for one in found}
    assert states["sqlite"] == "available"
    assert states["duckdb"] == "blocked"
    assert "SQLSPEC_DISABLE_ADAPTERS" in for_people.stderr


def test_a_new_adapter_is_written_by_the_kit(sqlspec: Run, folder: Path) -> None:
    """With its exit codes."""
    assert sqlspec("adapters", "new", "--no-sql", "one-db").exit_code == 0
    assert (folder / "sqlspec-one-db" / "src" / "sqlspec_one_db" / "session.py").is_file()
    assert sqlspec("adapters", "new", "one-db").exit_code == 2
    assert sqlspec("adapters", "report", "missing.json").exit_code == 2


def test_the_schema_judges_files(sqlspec: Run) -> None:
    """It is a JSON Schema, and that of the library."""
    schema = json.loads(sqlspec("schema").stdout)

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == library.SQLSpec.json_schema()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_a_shell(sqlspec: Run, shell: str) -> None:
    """A script that asks this program."""
    done = sqlspec("completion", shell)

    assert done.exit_code == 0
    assert "_SQLSPEC_COMPLETE" in done.stdout


def test_names_of_databases_are_completed(sqlspec: Run, folder: Path) -> None:
    """As the shell asks for them; a broken configuration completes nothing, and says nothing."""
    words = {"_SQLSPEC_COMPLETE": "bash_complete", "COMP_WORDS": "sqlspec query ma", "COMP_CWORD": "2"}
    (folder / "sqlspec.toml").write_text('[databases.main]\nurl = "sqlite:///a.db"\n', "utf-8")
    assert "main" in sqlspec(env=words).stdout

    (folder / "sqlspec.toml").write_text("[", "utf-8")
    assert sqlspec(env=words).output.strip() == ""


def test_a_misspelt_command_comes_with_the_right_one(sqlspec: Run) -> None:
    """It is wrong usage."""
    done = sqlspec("lits")

    assert done.exit_code == 2
    assert "Did you mean 'list'?" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(sqlspec: Run, command: str) -> None:
    """Under its own name, and in the list."""
    done = sqlspec(command, "--help")

    assert done.exit_code == 0
    assert f"Usage: sqlspec {command}" in done.stdout
    assert f"  {command} " in sqlspec("--help").stdout


def test_every_listing_has_json(sqlspec: Run) -> None:
    """Whatever looks at something."""
    for command in ("adapters", "check", "doctor", "list", "ping", "query", "version"):
        assert "--json" in sqlspec(command, "--help").stdout


def test_the_extra_is_what_the_command_asks_for() -> None:
    """The line to type has the bounds of pyproject.toml."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]

    assert project["optional-dependencies"]["cli"] == list(import_module("sqlspec.cli").REQUIREMENTS)
