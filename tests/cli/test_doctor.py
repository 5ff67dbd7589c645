"""What the doctor finds, and what it says to do."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.cli.doctor import connections
from sqlspec.cli.doctor.connections import MOST_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run

SQLITE = '[databases.main]\nurl = "sqlite:///main.db"\n'


def _found(run: Run, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = run("doctor", "--json", *words)
    return done.exit_code, {one["subject"]: one for one in json.loads(done.stdout)}


def test_a_well_project(sqlspec: Run, folder: Path) -> None:
    """Nothing to do."""
    (folder / "sqlspec.toml").write_text(SQLITE, "utf-8")

    code, found = _found(sqlspec)

    assert code == 0
    assert {one["status"] for one in found.values()} == {"ok"}
    assert {one["advice"] for one in found.values()} == {""}
    assert {"sqlspec", "adapter sqlite", "configuration", "database main", "server of main"} <= found.keys()


def test_no_configuration_is_a_problem(sqlspec: Run) -> None:
    """But what is installed is listed all the same."""
    code, found = _found(sqlspec)

    assert code == 1
    assert found["configuration"]["advice"] == "Type: sqlspec init"
    assert found["adapter sqlite"]["status"] == "ok"


def test_a_wrong_configuration_is_told(sqlspec: Run, folder: Path) -> None:
    """With its place, and nothing is opened."""
    (folder / "sqlspec.toml").write_text(f"{SQLITE}pool_sise = 3\n", "utf-8")

    code, found = _found(sqlspec)

    assert code == 1
    assert "sqlspec.toml:3:1" in found["configuration"]["message"]
    assert "database main" not in found
    assert not (folder / "main.db").exists()


def test_a_database_that_does_not_answer(sqlspec: Run, folder: Path) -> None:
    """The others are looked at, too."""
    (folder / "sqlspec.toml").write_text(f'[databases.gone]\nurl = "redis://127.0.0.1:1"\n{SQLITE}', "utf-8")

    code, found = _found(sqlspec)

    assert code == 1
    assert found["database gone"]["status"] == "problem"
    assert found["database gone"]["advice"] == "Then try: sqlspec ping gone"
    assert found["database main"]["status"] == "ok"


@pytest.mark.parametrize(("mode", "status"), [(0o644, "warning"), (0o640, "warning"), (0o600, "ok")])
def test_who_may_read_passwords(sqlspec: Run, folder: Path, mode: int, status: str) -> None:
    """A warning and the line to type; the exit code is about the databases."""
    path = folder / "sqlspec.toml"
    path.write_text('[databases.main]\nurl = "redis://me:hunter2@127.0.0.1:1"\n', "utf-8")
    os.chmod(path, mode)  # noqa: PTH101 - for its number

    _, found = _found(sqlspec)

    assert found["file sqlspec.toml"]["status"] == status
    assert ("chmod 600" in found["file sqlspec.toml"]["advice"]) is (status == "warning")


def test_a_file_without_passwords_may_be_read(sqlspec: Run, folder: Path) -> None:
    """Most are in a repository."""
    path = folder / "sqlspec.toml"
    path.write_text(SQLITE, "utf-8")
    path.chmod(0o644)

    code, found = _found(sqlspec)

    assert code == 0
    assert "file sqlspec.toml" not in found


def test_an_adapter_that_can_not_be_used(sqlspec: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is a problem only where a database uses it."""
    (folder / "sqlspec.toml").write_text(SQLITE, "utf-8")
    monkeypatch.setenv("SQLSPEC_DISABLE_ADAPTERS", "duckdb")
    code, found = _found(sqlspec)
    assert (code, found["adapter duckdb"]["message"]) == (0, "blocked, and not used")

    monkeypatch.setenv("SQLSPEC_DISABLE_ADAPTERS", "sqlite")
    code, found = _found(sqlspec)
    assert code == 1
    assert "SQLSPEC_DISABLE_ADAPTERS" in found["configuration"]["message"]


@pytest.mark.parametrize(
    ("ahead", "status", "said"),
    [
        (0.0, "ok", "agrees"),
        (MOST_SECONDS + 1, "warning", "3 s ahead of"),
        (-MOST_SECONDS - 60, "warning", "62 s behind"),
    ],
)
def test_clocks(ahead: float, status: str, said: str) -> None:
    """A difference that matters is told with its direction."""
    found = connections._clock("main", ahead)

    assert (found.status, said in found.message) == (status, True)
    assert bool(found.advice) is (status == "warning")
