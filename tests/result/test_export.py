"""Tables of other libraries."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import MappingError, NotSupportedError
from sqlspec.plugin.contract import RawResult
from sqlspec.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Result[Any]]


class ArrowRaw(RawResult):
    """A driver that has a table of its own; its Python rows must stay untouched."""

    table: Any = None

    @classmethod
    def of(cls, table: Any) -> ArrowRaw:
        """As a driver makes it."""
        return cls(tuple(table.column_names), (), table.num_rows, table=table)

    def to_arrow(self) -> Any:
        """As DuckDB has it."""
        return self.table


def test_rows_become_an_arrow_table(result: Make) -> None:
    """With names, types and NULLs; duplicate names are kept."""
    pytest.importorskip("pyarrow")

    table = result("id name id", (1, "Ada", 2.0), (2, None, 3.0)).arrow()

    assert table.column_names == ["id", "name", "id"]
    assert [column.to_pylist() for column in table.columns] == [[1, 2], ["Ada", None], [2.0, 3.0]]


def test_the_drivers_table_is_handed_on_as_it_is() -> None:
    """No Python object in between."""
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": [1, 2]})

    assert Result[Any](ArrowRaw.of(table)).arrow() is table


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_hold_the_rows(result: Make, library: str) -> None:
    """Built from rows, or from the driver's table."""
    pytest.importorskip(library)
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": [1, 2], "name": ["Ada", "Bob"]})

    frames = [
        getattr(each, library)()
        for each in (result("id name", (1, "Ada"), (2, "Bob")), Result[Any](ArrowRaw.of(table)))
    ]

    for frame in frames:
        assert list(frame.columns) == ["id", "name"]
        assert list(frame["id"]) == [1, 2]
        assert list(frame["name"]) == ["Ada", "Bob"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_an_empty_result_keeps_its_columns(result: Make, library: str) -> None:
    """Nothing came, and it is known of what."""
    pytest.importorskip(library)

    frame = getattr(result("id name"), library)()

    assert list(frame.columns) == ["id", "name"]
    assert len(frame) == 0


def test_polars_takes_no_duplicate_names(result: Make) -> None:
    """Said before polars says it; Arrow keeps both."""
    pytest.importorskip("polars")

    with pytest.raises(MappingError, match=r"'id'.*arrow\(\)"):
        result("id id", (1, 2)).polars()


@pytest.mark.parametrize(("method", "library"), [("arrow", "pyarrow"), ("polars", "polars")])
def test_whole_and_broken_numbers_share_a_column(result: Make, method: str, library: str) -> None:
    """SQLite stores 2.0 as it was written."""
    pytest.importorskip(library)

    table = getattr(result("x", (1,), (2.5,), (None,)), method)()

    assert (table.to_pydict()["x"] if method == "arrow" else list(table["x"])) == [1.0, 2.5, None]


@pytest.mark.parametrize(("method", "library"), [("arrow", "pyarrow"), ("polars", "polars")])
def test_values_without_a_common_type_name_no_value(result: Make, method: str, library: str) -> None:
    """SQLite has a type per value, Arrow per column."""
    pytest.importorskip(library)

    with pytest.raises(MappingError, match="CAST") as caught:
        getattr(result("x", (1,), ("s3cret",)), method)()

    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("method", "library", "command"),
    [
        ("arrow", "pyarrow", "pip install 'pyarrow>=15'"),
        ("pandas", "pandas", "pip install pandas pyarrow"),
        ("polars", "polars", "pip install polars pyarrow"),
        ("pandas", "pyarrow", "pip install 'pyarrow>=15'"),
        ("polars", "pyarrow", "pip install 'pyarrow>=15'"),
    ],
)
def test_a_missing_library_comes_with_the_command_that_installs_it(
    result: Make, monkeypatch: pytest.MonkeyPatch, method: str, library: str, command: str
) -> None:
    """Imported on use, never before."""
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(NotSupportedError, match=command):
        getattr(result("id", (1,)), method)()
