"""One statement, and its rows."""

from __future__ import annotations

import csv
import json
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


@pytest.mark.parametrize("name", ["main", "other"])
def test_nothing_is_changed_without_write(two: Run, name: str) -> None:
    """The database refuses it; with --write it is stored."""
    insert = "INSERT INTO items VALUES (1, 'one')"

    refused = two("query", name, insert)

    assert refused.exit_code == 1
    assert "ReadOnlyError" in refused.stderr
    assert json.loads(two("query", name, "SELECT * FROM items", "--json").stdout) == []
    assert two("query", name, "--write", insert).exit_code == 0
    assert json.loads(two("query", name, "SELECT * FROM items", "--json").stdout) == [
        {"id": 1, "name": "one"}
    ]


def test_an_adapter_that_can_not_promise_is_refused(sqlspec: Run, folder: Path) -> None:
    """Before anything is opened: nothing listens there."""
    (folder / "sqlspec.toml").write_text('[databases.cache]\nurl = "redis://127.0.0.1:1"\n', "utf-8")

    done = sqlspec("query", "cache", "SELECT 1")

    assert done.exit_code == 2
    assert "add --write" in done.stderr


def test_formats(two: Run, folder: Path) -> None:
    """A table, CSV, JSON and Parquet, on stdout or in a file."""
    sql = "SELECT 1 AS id, 'a,\"b' AS name, NULL AS gap"

    assert two("query", "main", sql).stdout.splitlines() == ["id  name  gap", '1   a,"b']
    assert list(csv.reader(two("query", "main", sql, "-f", "csv").stdout.splitlines())) == [
        ["id", "name", "gap"],
        ["1", 'a,"b', ""],
    ]
    assert json.loads(two("query", "main", sql, "--json").stdout) == [{"id": 1, "name": 'a,"b', "gap": None}]
    assert two("query", "other", sql, "-f", "parquet", "-o", "out.parquet").exit_code == 0
    assert import_module("pyarrow.parquet").read_table(folder / "out.parquet").to_pylist() == [
        {"id": 1, "name": 'a,"b', "gap": None}
    ]
    assert two("query", "main", sql, "-o", "out.txt").exit_code == 2
    assert not (folder / "out.txt").exists()


def test_parameters(two: Run) -> None:
    """In order or by name; numbers are numbers, the rest is text, and quotes make a text of a number."""
    sql = "SELECT typeof(?) AS a, typeof(?) AS b, typeof(?) AS c, typeof(?) AS d"

    done = two("query", "main", sql, "-p", "7", "-p", "007", "-p", '"7"', "-p", "null", "--json")

    assert json.loads(done.stdout) == [{"a": "integer", "b": "text", "c": "text", "d": "null"}]
    named = two("query", "main", "SELECT :x AS x, :y AS y", "-p", "y=a=b", "-p", "x=1", "--json")
    assert json.loads(named.stdout) == [{"x": 1, "y": "a=b"}]
    plain = two("query", "main", "SELECT ? AS x", "-p", "a=b", "--json")
    assert json.loads(plain.stdout) == [{"x": "a=b"}]
    assert two("query", "main", "SELECT :x", "-p", "x=1", "-p", "x=2").exit_code == 2
    assert two("query", "main", "SELECT ?").exit_code == 2


def test_a_statement_from_stdin(two: Run) -> None:
    """So that it does not stand in the list of processes."""
    assert two("query", "main", "-", "-f", "csv", input="SELECT 42 AS x").stdout == "x\n42\n"


def test_what_would_steer_the_terminal_is_shown(two: Run) -> None:
    """A row can not move the cursor, change colours or turn the direction of the text."""
    done = two("query", "main", "SELECT ? AS x", "-p", "\x1b[31mred\n\u202eevil")

    assert done.stdout.splitlines()[1] == r"\x1b[31mred\n\u202eevil"


def test_a_long_table_ends(two: Run) -> None:
    """And says how to see the rest."""
    done = two("query", "other", "SELECT range FROM range(1005)")

    assert len(done.stdout.splitlines()) == 1001
    assert "5 rows more" in done.stderr
    assert (
        len(two("query", "other", "SELECT range FROM range(1005)", "-f", "csv").stdout.splitlines()) == 1006
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("mian", "SELECT 1"), 2, "Did you mean 'main'?"),
        (("main", "SELEC 1"), 1, "StatementError"),
        (("main", "SELECT 1; SELECT 2"), 2, "several statements"),
        (("main", "SELECT 1 AS a, 2 AS a", "--json"), 2, "name one with AS"),
    ],
)
def test_what_goes_wrong(two: Run, words: tuple[str, ...], code: int, said: str) -> None:
    """Without a traceback, and with an exit code of its own."""
    done = two("query", *words)

    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fault_of_ours_hides_its_text(two: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is not ours may hold anything."""

    def broken(*_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr("sqlspec.cli.commands.query_.write", broken)

    done = two("query", "main", "SELECT 1")

    assert done.exit_code == 1
    assert "RuntimeError in test_query.py" in done.stderr
    assert "hunter2" not in done.output
