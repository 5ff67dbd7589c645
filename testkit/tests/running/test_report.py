"""A run writes a report of the capabilities, and a command makes a table of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from .projects import ASYNC, SYNC, WITHOUT, run

if TYPE_CHECKING:
    from pathlib import Path

SOME = "a_savepoint_is or read_only_session or key_of_a_new_row"
BROKEN = """
from sqlspec_sqlite.connection import SQLiteConnection
SQLiteConnection.rollback_to_savepoint = SQLiteConnection.release_savepoint
"""


def written(folder: Path, text: str, *options: str) -> dict[str, Any]:
    """What a run of *text* reports of SQLite's adapter."""
    file = folder / "reports" / "kit.json"
    said = run(folder, text, f"--sqlspec-report={file}", "-k", SOME, *options).output
    assert file.is_file(), said
    report = json.loads(file.read_text("utf-8"))
    assert report["format"] == 1
    assert set(report["versions"]) == {"python", "sqlspec", "sqlspec-testkit"}
    return dict(report["adapters"]["sqlite"])


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m sqlspec_testkit.report`."""
    module = [sys.executable, "-m", "sqlspec_testkit.report"]
    return subprocess.run([*module, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "workers"])
def test_the_report_has_every_capability(tmp_path: Path, options: tuple[str, ...]) -> None:
    """What is declared, what passed, and what was skipped for which reason."""
    found = written(tmp_path, WITHOUT.format("READ_ONLY") + SYNC, *options)

    assert (found["distribution"], found["driver"]) == ("sqlspec-sqlite", "sqlite3")
    savepoints, read_only, key = (
        found["capabilities"][name] for name in ("SAVEPOINTS", "READ_ONLY", "LASTROWID")
    )
    assert (savepoints["declared"], savepoints["passed"], savepoints["failed"]) == (True, 2, {})
    assert (read_only["declared"], read_only["could_be_declared"], read_only["passed"]) == (False, True, 0)
    assert "generated_key is not given" in next(iter(key["skipped"].values()))
    assert found["capabilities"]["STREAM"]["declared"] is True
    assert list(found["tables"]) == ["TransactionTable"]


def test_a_failure_is_in_the_report_and_in_the_table(tmp_path: Path) -> None:
    """By the test's id, with its first line; the command's exit status says it, too."""
    failed = written(tmp_path, BROKEN + ASYNC)["capabilities"]["SAVEPOINTS"]["failed"]

    assert [name.rpartition("::")[2] for name in failed] == ["test_a_savepoint_is_undone_and_the_rest_kept"]
    assert "assert" in next(iter(failed.values()))
    done = command(str(tmp_path / "reports" / "kit.json"))
    assert done.returncode == 1
    assert "| `SAVEPOINTS` | **fails** |" in done.stdout


def test_the_table_is_put_between_two_comments_of_a_page(tmp_path: Path) -> None:
    """All the rest of the page stays; a page without them says which two lines to write."""
    written(tmp_path, SYNC)
    page, report = tmp_path / "README.md", str(tmp_path / "reports" / "kit.json")
    page.write_text("# Mine\n")

    refused = command(report, "--into", str(page))
    page.write_text(f"# Mine\n{refused.stderr.partition(chr(10))[2]}\nThe end.\n")
    twice = [command(report, "--into", str(page), "--counts").returncode for _ in range(2)]

    assert (refused.returncode, twice) == (2, [0, 0])
    text = page.read_text("utf-8")
    assert text.startswith("# Mine\n<!-- ")
    assert text.endswith("\nThe end.\n")
    assert text.count("| `SAVEPOINTS` | yes |") == 1
    assert "| `LASTROWID` | yes (not tested) |" in text
    assert "| tested | sqlspec-sqlite " in text


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', '{"format": 7, "adapters": {}}'])
def test_what_is_no_report_is_told(tmp_path: Path, text: str) -> None:
    """With what to type for a new one."""
    (tmp_path / "kit.json").write_text(text)

    done = command(str(tmp_path / "kit.json"))

    assert (done.returncode, done.stdout) == (2, "")
    assert f"pytest --sqlspec-report={tmp_path / 'kit.json'}" in done.stderr
