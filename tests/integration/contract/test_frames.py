"""Frames of pandas and polars are loaded through Arrow, and come back as they were."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import InvalidArgumentError, ParameterError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .sides import Side

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
arrow = pytest.importorskip("pyarrow")

WHEN = dt.datetime(2024, 2, 29, 23, 59, 59, 123456)  # noqa: DTZ001 - a column without a zone
DATA: dict[str, list[Any]] = {
    "id": [2**53 + 5, 2, None],
    "title": ["Walden", None, "é; '%s' ?"],
    "price": [9.25, None, -0.5],
    "seen": [WHEN, None, WHEN.replace(year=1996, microsecond=0)],
}
TABLE = arrow.table(
    DATA,
    schema=arrow.schema(
        [
            ("id", arrow.int64()),
            ("title", arrow.string()),
            ("price", arrow.float64()),
            ("seen", arrow.timestamp("us")),
        ]
    ),
)


class Exported:
    """A table of a library that nobody here knows."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return TABLE.__arrow_c_stream__(requested_schema)


FRAMES: dict[str, Any] = {
    "pandas": TABLE.to_pandas(),
    "pandas, nullable": TABLE.to_pandas(types_mapper=pandas.ArrowDtype),
    "pandas, with an index": TABLE.to_pandas(types_mapper=pandas.ArrowDtype).set_index(
        pandas.Index([7, 8, 9])
    ),
    "pandas, with categories": TABLE.to_pandas(types_mapper=pandas.ArrowDtype).astype({"title": "category"}),
    "polars": polars.from_arrow(TABLE),
    "polars, with categories": polars.from_arrow(TABLE).with_columns(
        polars.col("title").cast(polars.Categorical)
    ),
    "polars, with an enum": polars.from_arrow(TABLE).with_columns(
        polars.col("title").cast(polars.Enum([title for title in DATA["title"] if title]))
    ),
    "pyarrow": TABLE,
    "a reader": None,
    "something else": Exported(),
}
FRAMES["pandas"]["id"] = pandas.array(DATA["id"], dtype="Int64")  # numpy's integers know no NULL


async def make(side: Side, spec: SQLSpec) -> None:
    """The table, in each database's own words."""
    moment = "DATETIME(6)" if side.database.name == "asyncmy" else "TIMESTAMP"
    async with side.session(spec) as session:
        await session.execute(
            f"CREATE TABLE book (id BIGINT, title VARCHAR(80), price DOUBLE PRECISION, seen {moment})"
        )


@pytest.mark.parametrize("name", FRAMES)
async def test_a_frame_is_loaded(side: Side, spec: SQLSpec, name: str) -> None:
    """NULL is NULL, and a large integer keeps its last digit."""
    await make(side, spec)
    frame = TABLE.to_reader() if name == "a reader" else FRAMES[name]
    async with side.session(spec) as session:
        assert await session.load("book", frame) == 3
        made = await session.execute("SELECT id, title, price, seen FROM book")

    rows = [list(row.values()) for row in made.all()]
    if side.database.name == "sqlite":  # which has no type for moments
        rows = [[*rest, seen and dt.datetime.fromisoformat(seen)] for *rest, seen in rows]
    assert rows == [list(row) for row in zip(*DATA.values(), strict=True)]
    assert made.arrow().drop(["seen"]).to_pydict() == TABLE.drop(["seen"]).to_pydict()
    assert made.polars()["id"].to_list() == DATA["id"]
    assert [None if one is pandas.NA else one for one in made.pandas()["price"]] == DATA["price"]


async def test_columns_say_which_are_loaded(side: Side, spec: SQLSpec) -> None:
    """In any order; the others stay out."""
    await make(side, spec)
    async with side.session(spec) as session:
        await session.load("book", FRAMES["polars"], ("title", "id"))
        rows = (await session.execute("SELECT id, title, price FROM book", schema_type=tuple)).all()

    assert rows == [(one, title, None) for one, title in zip(DATA["id"], DATA["title"], strict=True)]


LATE = pandas.Timestamp("2020-01-01 00:00:00.000000001")
WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "a column": (FRAMES["pandas"]["id"], InvalidArgumentError, "DataFrame"),
    "a polars column": (FRAMES["polars"]["id"], InvalidArgumentError, "DataFrame"),
    "a plan": (polars.LazyFrame({"id": [1]}), InvalidArgumentError, r"collect\(\)"),
    "an array": (arrow.array([1]), InvalidArgumentError, "Table"),
    "values of several types": (pandas.DataFrame({"id": [1, "s3cret"]}), ParameterError, "several types"),
    "nanoseconds": (pandas.DataFrame({"seen": [LATE]}), ParameterError, "'seen'.*nanoseconds"),
    "nanoseconds in a list": (
        arrow.table({"seen": arrow.array([[1]], arrow.list_(arrow.timestamp("ns")))}),
        ParameterError,
        "'seen'.*nanoseconds",
    ),
    "nanoseconds in a category": (
        pandas.DataFrame({"seen": pandas.Categorical([LATE])}),
        ParameterError,
        "'seen'.*nanoseconds",
    ),
    "nanoseconds in a list of one length": (
        arrow.table({"seen": arrow.array([[1]], arrow.list_(arrow.timestamp("ns"), 1))}),
        ParameterError,
        "'seen'.*nanoseconds",
    ),
    "objects, whose addresses would be loaded": (
        polars.DataFrame({"title": [object()]}, schema={"title": polars.Object}),
        ParameterError,
        "'title' is of polars.Object",
    ),
    "periods, which would be numbers": (
        pandas.DataFrame({"id": pandas.period_range("2020", "2021", freq="Y")}),
        ParameterError,
        "'id' is of pandas.period",
    ),
    "periods in a category": (
        pandas.DataFrame({"id": pandas.Categorical(pandas.period_range("2020", "2021", freq="Y"))}),
        ParameterError,
        "'id' is of pandas.period",
    ),
    "periods of Arrow": (
        arrow.Table.from_pandas(pandas.DataFrame({"id": pandas.period_range("2020", "2021", freq="Y")})),
        ParameterError,
        "'id' is of pandas.period",
    ),
    "nanoseconds in runs": (
        arrow.table(
            {"seen": arrow.RunEndEncodedArray.from_arrays([1], arrow.array([1], arrow.timestamp("ns")))}
        ),
        ParameterError,
        "'seen'.*nanoseconds",
    ),
    "intervals": (
        pandas.DataFrame({"id": [pandas.Interval(0, 1)]}),
        ParameterError,
        "'id' is of pandas.interval",
    ),
    "two columns of one name": (
        pandas.DataFrame([[1, 2]], columns=["id", "id"]),
        ParameterError,
        "two columns of the DataFrame have one name",
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_can_not_be_loaded_is_refused(side: Side, spec: SQLSpec, name: str) -> None:
    """In words of ours, without a value; nothing was sent."""
    await make(side, spec)
    frame, error, words = WRONG[name]
    async with side.session(spec) as session:
        with pytest.raises(error, match=words) as caught:
            await session.load("book", frame)
        assert (await session.execute("SELECT count(*) FROM book")).scalar() == 0

    assert "s3cret" not in str(caught.value)
