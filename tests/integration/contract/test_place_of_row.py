"""An error of `execute_many` or `load` says which row it is of, counted from 1, where that can be told."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import SQLSpecError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .sides import Side

SECRET = "plum-tree-88"
BAD, COUNT = 1234, 1400
SCHEMA = {
    "sqlite": "CREATE TABLE t (n INTEGER, word TEXT, day INTEGER CHECK (day < 900), UNIQUE (n)) STRICT",
    "duckdb": "CREATE TABLE t (n INTEGER UNIQUE, word VARCHAR, day INTEGER CHECK (day < 900))",
    "asyncmy": "CREATE TABLE t (n INTEGER UNIQUE, word VARCHAR(90), day INTEGER CHECK (day < 900))",
}
POSTGRESQL = "CREATE TABLE t (n INTEGER UNIQUE, word TEXT, day INTEGER CHECK (day < 900))"
SILENT = {
    "duckdb": "DuckDB says so of a text that it can not convert, and not of a key or a check",
}
FAULTS: dict[str, tuple[Any, Any, Any]] = {
    "a text for an integer": (SECRET, None, None),
    "a check": (-1, SECRET, 901),
    "a key": (7, SECRET, None),
    "a lone surrogate": (-1, "\ud800", None),
}


def rows(fault: str) -> list[Any]:
    """Many, of which one can not be stored."""
    found: list[Any] = [(number, f"word {number}", None) for number in range(COUNT)]
    found[BAD - 1] = FAULTS[fault]
    return found


async def prepared(side: Side, spec: SQLSpec) -> None:
    """A table that takes some rows, and not others."""
    async with side.session(spec, autocommit=True) as session:
        await session.execute(SCHEMA.get(side.database.name, POSTGRESQL))


async def refused(side: Side, spec: SQLSpec, how: str, sent: list[Any]) -> SQLSpecError:
    """The error of rows that can not be stored; no row of them is."""
    with pytest.raises(SQLSpecError) as caught:
        async with side.session(spec) as session:
            if how == "load":
                await session.load("t", sent, ("n", "word", "day"))
            else:
                await session.execute_many(how, sent)
    async with side.session(spec) as session:
        assert (await session.execute("SELECT count(*) FROM t")).scalar() == 0
    return caught.value


WAYS = {
    "load": "load",
    "insert": "INSERT INTO t (n, word, day) VALUES (?, ?, ?)",
    "insert with an expression": "INSERT INTO t (n, word, day) VALUES (?, lower(?), ?)",
    "insert of a select": "INSERT INTO t (n, word, day) SELECT ?, ?, ?",
    "returning": "INSERT INTO t (n, word, day) VALUES (?, ?, ?) RETURNING n",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("how", WAYS)
async def test_an_error_of_many_rows_names_its_row(side: Side, spec: SQLSpec, how: str, fault: str) -> None:
    """In its text, and its value nowhere; a row that is not known is not named."""
    await prepared(side, spec)
    error = await refused(side, spec, WAYS[how], rows(fault))

    told = "".join(traceback.format_exception(error))
    assert SECRET not in told
    is_told = side.database.name not in SILENT or fault in {"a text for an integer", "a lone surrogate"}
    named = re.findall(r"row (\d+)", str(error))
    assert named == [str(BAD)] or (not is_told and not named), str(error)


@pytest.mark.parametrize("fault", ["a text for an integer", "a lone surrogate"])
async def test_a_row_of_a_late_batch_is_counted_from_the_first(
    side: Side, spec: SQLSpec, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load is sent in batches, and the rows are those of the application."""
    await prepared(side, spec)
    monkeypatch.setattr("sqlspec.plugin.Connection.load_batch", 500)
    for name in (
        "sqlspec_psycopg.statements._async.AsyncStatements",
        "sqlspec_psycopg.statements._sync.Statements",
    ):
        monkeypatch.setattr(f"{name}.load_batch", 500)
    error = await refused(side, spec, "load", rows(fault))

    assert re.findall(r"row (\d+)", str(error)) == [str(BAD)]


@pytest.mark.parametrize("how", WAYS)
async def test_an_error_of_no_row_names_none(side: Side, spec: SQLSpec, how: str) -> None:
    """The statement itself is wrong, and the table is not there."""
    with pytest.raises(SQLSpecError) as caught:
        async with side.session(spec) as session:
            if how == "load":
                await session.load("t", rows("a key"), ("n", "word", "day"))
            else:
                await session.execute_many(WAYS[how], [(number, "", None) for number in range(99)])

    assert "row" not in str(caught.value).replace("row (", "")
