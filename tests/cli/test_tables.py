"""Loading files into tables, and copying tables: all or nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run

TYPED = """
CREATE TABLE typed (
    id INTEGER, price DECIMAL(10, 2), made TIMESTAMP, day DATE, clock TIME, ok BOOLEAN, raw BLOB, x DOUBLE,
    name TEXT
)
"""
ROW = {
    "id": 1,
    "price": "1.50",
    "made": "2026-01-31T12:00:00",
    "day": "2026-01-31",
    "clock": "12:30:00",
    "ok": True,
    "raw": "AP8=",
    "x": 0.5,
    "name": "a,b",
}


def _rows(run: Run, name: str, table: str = "items") -> list[dict[str, Any]]:
    done = run("query", name, f"SELECT * FROM {table} ORDER BY 1", "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_query_writes_load_reads(two: Run, form: str) -> None:
    """Each type comes back as it was: the table says what a text is."""
    assert two("query", "other", "--write", TYPED).exit_code == 0
    values = "1, 1.5, '2026-01-31 12:00', '2026-01-31', '12:30', true, '\\x00\\xFF', 0.5, 'a,b'"
    fill = f"INSERT INTO typed VALUES ({values})"
    assert two("query", "other", "--write", fill).exit_code == 0
    assert two("query", "other", "--write", "INSERT INTO typed (id) VALUES (2)").exit_code == 0
    assert two("query", "other", "SELECT * FROM typed", "-f", form, "-o", f"all.{form}").exit_code == 0
    assert two("query", "other", "--write", "DELETE FROM typed").exit_code == 0

    done = two("load", "other", "typed", f"all.{form}")

    assert done.exit_code == 0, done.output
    assert "loaded 2 rows" in done.stderr
    assert _rows(two, "other", "typed") == [ROW, dict.fromkeys(ROW) | {"id": 2}]


def test_json_lines(two: Run, folder: Path) -> None:
    """An object in each line; texts become what the column is, and blank lines are none."""
    assert two("query", "other", "--write", TYPED).exit_code == 0
    (folder / "a.jsonl").write_text(f"{json.dumps({**ROW, 'raw': '00ff'})}\n\n", "utf-8")

    assert two("load", "other", "typed", "a.jsonl").exit_code == 0
    assert _rows(two, "other", "typed") == [ROW]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "id,name\n1,one\nx,SECRET\n", "a.csv:3: column 'id' takes a whole number"),
        ("a.csv", "id,name\n1,one\n2,two,SECRET\n", "a.csv:3: 3 values for 2 columns"),
        ("a.csv", "id,nam\n1,one\n", "has no column 'nam'. Did you mean 'name'?"),
        ("a.csv", "id,id\n1,1\n", "comes twice"),
        ("a.csv", "", "no first line"),
        ("a.csv", b"id,name\n1,\xff\n", "not UTF-8"),
        ("a.csv", 'id,name\n1,"SECRET\n', "no CSV"),
        ("a.jsonl", '{"id": 1}\n{"id": 2, "name": "SECRET"}\n', "a.jsonl:2: its keys are not those"),
        ("a.jsonl", '{"id": 1}\n[SECRET]\n', "a.jsonl:2: no JSON object"),
        ("a.jsonl", '{"id": 1.5}\n', "a.jsonl:1: column 'id' takes a whole number"),
        ("a.parquet", "SECRET", "a.parquet: no Parquet file"),
        ("a.csv", "id,name\n1,one\n1,SECRET\n", "nothing was changed in other:items"),
    ],
)
def test_a_wrong_file_changes_nothing(
    two: Run, folder: Path, name: str, text: str | bytes, said: str
) -> None:
    """And the message says where, without a value."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    done = two("load", "other", "items", name)

    assert done.exit_code == 1, done.output
    assert said in done.stderr
    assert "SECRET" not in done.output
    assert _rows(two, "other") == []


def test_names_that_say_nothing(two: Run, folder: Path) -> None:
    """Are wrong usage."""
    (folder / "a.txt").write_text("id,name\n1,one\n", "utf-8")

    assert two("load", "main", "items", "a.txt").exit_code == 2
    assert two("load", "main", "items", "missing.csv").exit_code == 2
    assert two("load", "main", "a..b", "a.txt", "-f", "csv").exit_code == 2
    assert two("load", "main", "items", "a.txt", "-f", "csv").exit_code == 0
    assert _rows(two, "main") == [{"id": 1, "name": "one"}]


@pytest.mark.parametrize(("source", "target"), [("main", "other"), ("other", "main")])
def test_a_table_is_copied(two: Run, folder: Path, source: str, target: str) -> None:
    """In batches, of which the last is not full."""
    lines = "".join(f"{number},n{number}\n" for number in range(2501))
    (folder / "a.csv").write_text(f"id,name\n{lines}", "utf-8")
    assert two("load", source, "items", "a.csv").exit_code == 0

    done = two("copy", f"{source}:items", f"{target}:items")

    assert done.exit_code == 0, done.output
    assert "copied 2501 rows" in done.stderr
    assert _rows(two, target) == _rows(two, source)


def test_within_one_database(two: Run) -> None:
    """It copies by itself; names are quoted, and no table is copied into itself."""
    assert two("query", "main", "--write", 'CREATE TABLE "or der" (id INTEGER, name TEXT)').exit_code == 0
    assert two("query", "main", "--write", "INSERT INTO items VALUES (1, 'one')").exit_code == 0

    assert two("copy", "main:items", "main:or der").exit_code == 0
    assert _rows(two, "main", '"or der"') == [{"id": 1, "name": "one"}]
    assert two("copy", "main:items", "main:items").exit_code == 2


def test_a_copy_that_fails_changes_nothing(two: Run, folder: Path) -> None:
    """Though batches before the one that fails had gone in."""
    lines = "".join(f"{number},n{number}\n" for number in range(2501))
    (folder / "a.csv").write_text(f"id,name\n{lines}", "utf-8")
    assert two("load", "main", "items", "a.csv").exit_code == 0
    assert two("query", "other", "--write", "INSERT INTO items VALUES (2500, 'mine')").exit_code == 0

    done = two("copy", "main:items", "other:items")

    assert done.exit_code == 1
    assert "nothing was changed in other:items" in done.stderr
    assert _rows(two, "other") == [{"id": 2500, "name": "mine"}]


@pytest.mark.parametrize(
    ("source", "target", "code", "said"),
    [
        ("items", "other:items", 2, "write NAME:TABLE"),
        ("main:items", "othr:items", 2, "Did you mean 'other'?"),
        ("main:missing", "other:items", 1, "missing"),
        ("main:more", "other:items", 1, "other:items has no column 'extra'"),
    ],
)
def test_a_copy_that_can_not_be(two: Run, source: str, target: str, code: int, said: str) -> None:
    """Says which end it is."""
    two("query", "main", "--write", "CREATE TABLE more (id INTEGER, extra TEXT)")

    done = two("copy", source, target)

    assert done.exit_code == code
    assert said in done.stderr
