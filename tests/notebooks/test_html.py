"""What notebooks show of results, registries and pools: escaped, bounded, and with types in the head."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import PostgreSQLConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.plugin import RawResult
from sqlspec.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator


class Page(HTMLParser):
    """The cells of a table, line by line, as a browser shows them; and what is below it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[list[str]] = []
        self.caption = ""
        self.tags: set[str] = set()
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """A line, a cell, or something in it."""
        self.tags.add(tag)
        if tag == "tr":
            self.lines.append([])
        elif tag in {"td", "th"}:
            self.lines[-1].append("")
        if tag == "br":
            self.lines[-1][-1] += ": "
        else:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Of what was begun last."""
        assert self._inside.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text, of a cell or below."""
        if "p" in self._inside:
            self.caption += data
        else:
            self.lines[-1][-1] += data


def page_of(thing: Any) -> Page:
    """As a notebook asks for it."""
    return Page(thing._repr_html_())


def result_of(columns: str, *rows: tuple[Any, ...], rowcount: int = -1) -> Result[Any]:
    """As a driver returns it."""
    return Result(RawResult(tuple(columns.split()), rows, rowcount))


def test_a_result_has_numbered_rows_and_typed_heads() -> None:
    """The types are those of the values; NULL is told from a text."""
    moment = dt.datetime(2024, 5, 6, 7, 8, tzinfo=dt.UTC)

    rows = [(1, "Ada", moment), (2, "None", None), (Decimal("1.50"), None, None)]

    page = page_of(result_of("id name at", *rows))

    assert page.lines == [
        ["", "id: int | Decimal", "name: str | None", "at: datetime | None"],
        ["0", "1", "Ada", "2024-05-06 07:08:00+00:00"],
        ["1", "2", "None", "NULL"],
        ["2", "1.50", "NULL", "NULL"],
    ]
    assert page.caption == "3 rows"


def test_nothing_in_a_result_is_taken_for_html() -> None:
    """Neither a value nor a name."""
    evil = '<script>alert("1")</script>&amp;'

    page = page_of(Result(RawResult((evil,), [(evil,), ([evil],)])))

    assert "script" not in page.tags
    assert page.lines[0][1] == f"{evil}: str | list"
    assert [line[1] for line in page.lines[1:]] == [evil, repr([evil])]


def test_a_large_result_is_cut() -> None:
    """Rows, columns and texts; and it says so."""
    wide = tuple(range(70))
    many: Result[Any] = Result(RawResult(tuple(f"c{place}" for place in wide), [wide] * 3000))
    long = result_of("text blob numbers", ("x" * 10**6, b"\x00\xff" * 10**6, [0] * 10**6))

    page, cut = page_of(many), page_of(long)

    assert (len(page.lines), {len(line) for line in page.lines}) == (21, {51})
    assert page.caption == "20 of 3000 rows, 50 of 70 columns"
    assert cut.lines[1][1:] == ["x" * 100 + "…", "0x" + "00ff" * 24 + "00…", "[0, 0, 0, 0, 0, 0, 0, 0, ...]"]
    assert len(long._repr_html_()) < 1000


def test_a_value_without_a_text_is_shown_by_its_type() -> None:
    """Numbers with more digits than Python writes, and what raises."""

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    page = page_of(result_of("a b", (10**5000, Broken())))

    assert page.lines[1][2] == "<Broken>"
    assert len(page.lines[1][1]) <= 101


@pytest.mark.parametrize(("rowcount", "text"), [(1, "1 row changed"), (0, "0 rows changed"), (-1, "done")])
def test_a_statement_without_rows_says_what_it_did(rowcount: int, text: str) -> None:
    """-1: the driver does not know."""
    assert page_of(result_of("", rowcount=rowcount)).caption == text


def test_an_empty_result_has_its_columns() -> None:
    """And no types."""
    page = page_of(result_of("id name"))

    assert page.lines == [["", "id: ", "name: "]]
    assert page.caption == "0 rows"


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """Two databases, one of them used."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=":memory:"), "<b>main")
        spec.register_config(PostgreSQLConfig(url="postgresql://ada:s3cret@db.example/shop"), "far")
        spec.set_default("<b>main")
        yield spec


def test_a_registry_shows_databases_and_pools_and_no_secret(spec: SQLSpec) -> None:
    """Nothing is opened for it."""
    with spec.provide_session("<b>main") as session:
        session.execute("SELECT 1")

        page = page_of(spec)

    assert [line[1:] for line in page.lines[1:]] == [
        ["<b>main (default)", "sqlite", "1", "1", "0"],
        ["far", "psycopg", "0", "0", "0"],
    ]
    assert "s3cret" not in spec._repr_html_()


def test_statistics_are_a_table(spec: SQLSpec) -> None:
    """Each by its name."""
    page = page_of(spec.stats("far"))

    assert ["opened", "0"] in page.lines
    assert page.caption == "one pool"
