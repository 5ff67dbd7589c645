"""Every value arrives in Arrow, pandas and polars as it was, or an error names its column."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.errors import MappingError
from sqlspec.plugin.contract import RawResult
from sqlspec.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
arrow = pytest.importorskip("pyarrow")

UTC, EAST = dt.UTC, dt.timezone(dt.timedelta(hours=3))
NAIVE = dt.datetime(2020, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001 - what most columns hold
NAN = float("nan")


class Level(enum.IntEnum):
    """A number, whose class is another."""

    HIGH = 2


class Colour(enum.StrEnum):
    """The same of a text."""

    RED = "red"


def result(values: Sequence[Any], types: Sequence[Any] | None = None) -> Result[Any]:
    """One column of them, `amount`, beside a number."""
    rows = [(number, value) for number, value in enumerate(values)]
    return Result(RawResult(("n", "amount"), rows, len(rows), arrow_types=(lambda: types) if types else None))


def in_arrow(made: Result[Any]) -> list[Any]:
    """What Arrow gives back."""
    return made.arrow()["amount"].to_pylist()  # type: ignore[no-any-return]


def in_pandas(made: Result[Any]) -> list[Any]:
    """What pandas gives back, its NULLs as None and its times as Python's."""
    column = made.pandas()["amount"]
    values = [None if value is pandas.NA or value is pandas.NaT else value for value in column]
    return [
        value.to_pydatetime() if value is not None and isinstance(value, pandas.Timestamp) else value
        for value in values
    ]


def in_polars(made: Result[Any]) -> list[Any]:
    """What polars gives back."""
    return made.polars()["amount"].to_list()  # type: ignore[no-any-return]


LIBRARIES = [in_arrow, in_pandas, in_polars]

# A column, its type in Arrow, and what comes back where that is not the same.
COLUMNS: dict[str, tuple[list[Any], str, list[Any] | None]] = {
    "whole": ([1, -(2**63), 2**63 - 1], "int64", None),
    "whole beside NULL": ([2**53 + 5, None, -(2**61) - 1], "int64", None),
    "unsigned": ([2**64 - 1, 0, None], "uint64", None),
    "whole of a class": ([Level.HIGH, 3], "int64", None),
    "text of a class": ([Colour.RED, "x"], "string", None),
    "huge": ([2**100, -1], "decimal128(38, 0)", None),
    "floats": ([1.5, None, math.inf, -0.0, 5e-324], "double", None),
    "whole and floats": ([1, 2.5, None], "double", None),
    "truth": ([True, None, False], "bool", None),
    "decimals": ([Decimal("1.10"), 5, None, Decimal("-1E-7")], "decimal128(38, 7)", None),
    "a decimal with an exponent": ([Decimal("1E+5")], "decimal128(38, 0)", None),
    "text": (["", "é\0", None], "string", None),
    "bytes": ([b"", bytearray(b"a"), memoryview(b"b"), None], "binary", [b"", b"a", b"b", None]),
    "moments": ([NAIVE.replace(year=1), NAIVE.replace(year=9999), None], "timestamp[us]", None),
    "moments with a zone": (
        [dt.datetime(2020, 1, 1, tzinfo=EAST), dt.datetime(2020, 6, 1, tzinfo=UTC), None],
        "timestamp[us, tz=UTC]",
        None,
    ),
    "days": ([dt.date.min, dt.date.max, None], "date32[day]", None),
    "times": ([dt.time(23, 59, 59, 999999), None], "time64[us]", None),
    "times with a zone": ([dt.time(1, 2, tzinfo=UTC)], "string", ["01:02:00+00:00"]),
    "spans": ([dt.timedelta(days=-3, microseconds=1), None], "duration[us]", None),
    "uuids": ([UUID(int=5), None], "string", [str(UUID(int=5)), None]),
    "addresses": (
        [ipaddress.ip_address("::1"), ipaddress.ip_interface("10.0.0.1/8")],
        "string",
        ["::1", "10.0.0.1/8"],
    ),
    "lists": ([[1, None, 2**53 + 1], [], None], "list<item: int64>", None),
    "lists of lists": ([[["a"], []], [[None]]], "list<item: list<item: string>>", None),
    "nothing": ([None, None], "null", None),
}


@pytest.mark.parametrize("read", LIBRARIES)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_arrives_as_it_is(name: str, read: Any) -> None:
    """In a type that all of its values share."""
    values, kind, others = COLUMNS[name]

    assert str(result(values).arrow().schema.field("amount").type) == kind
    assert read(result(values)) == (values if others is None else others)


@pytest.mark.parametrize("read", LIBRARIES)
def test_nan_is_not_null(read: Any) -> None:
    """Neither becomes the other."""
    back = read(result([NAN, None, 1.5]))

    assert math.isnan(back[0])
    assert back[1:] == [None, 1.5]


DOCUMENTS: dict[str, list[Any]] = {
    "more keys later": [{"size": 3}, {"size": 4, "colour": "red"}, {"weight": 1.5}],
    "much later": [*({"n": n} for n in range(300)), {"n": 300, "last": True}],
    "deeper": [{"at": {"x": 1}}, {"at": {"x": 2, "y": None}}],
    "in lists": [[{"a": 1}], [{"a": 2, "b": 3}, {"c": 4}]],
    "empty first": [{}, {"a": 1}, None],
    "lists of anything": [[1, "a"], [{"b": 2**70}]],
    "a list and a document": [[1], {"a": [1.5, "é"]}],
}


@pytest.mark.parametrize("read", LIBRARIES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_text(name: str, read: Any) -> None:
    """Every key and value is kept, whatever the shape of the others."""
    back = read(result(DOCUMENTS[name]))

    assert [None if text is None else json.loads(text) for text in back] == DOCUMENTS[name]


@pytest.mark.parametrize("read", LIBRARIES)
def test_a_declared_document_may_be_a_single_value(read: Any) -> None:
    """Text is told from a number."""
    back = read(result(["1", 1, [True], None, {"a": 1}], [arrow.int64(), "json"]))

    assert back == ['"1"', "1", "[true]", None, '{"a":1}']


REFUSED: dict[str, list[Any]] = {
    "NaN": [Decimal("12.5"), Decimal("NaN")],
    "infinity": [Decimal("-Infinity")],
    "too many digits": [Decimal("1E+80")],
    "a float would round": [2**53 + 1, 0.5],
    "truth and numbers": [True, 2],
    "numbers and text": [1, "s3cret"],
    "with and without a zone": [NAIVE, dt.datetime(2020, 1, 1, tzinfo=UTC)],
    "days and moments": [dt.date(2020, 1, 1), NAIVE],
    "half a character": ["\ud800"],
    "a moment that is in the year 0 in UTC": [dt.datetime(1, 1, 1, tzinfo=EAST)],
    "a span out of range": [dt.timedelta.max],
    "keys that are numbers": [{1: "s3cret"}],
    "no value": [object()],
    "a document with NaN": [{"a": NAN}],
}


@pytest.mark.parametrize("read", LIBRARIES)
@pytest.mark.parametrize("name", REFUSED)
def test_what_arrow_can_not_hold_is_refused(name: str, read: Any) -> None:
    """With the column's name, and no value."""
    with pytest.raises(MappingError, match="'amount'") as caught:
        read(result(REFUSED[name]))

    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", ["2E+45", "4E-50", "1234567890123456789012345678901234567890.5"])
def test_a_long_decimal_is_kept_or_refused(text: str) -> None:
    """Arrow and pandas have a type for it, polars has none."""
    made = result([Decimal(text), Decimal(1)])

    assert in_arrow(made) == in_pandas(made) == [Decimal(text), Decimal(1)]
    with pytest.raises(MappingError, match=r"'amount'.*CAST"):
        in_polars(made)


TYPES = [
    arrow.int16(),
    arrow.uint64(),
    arrow.float32(),
    arrow.decimal128(10, 2),
    arrow.string(),
    arrow.binary(),
    arrow.date32(),
    arrow.timestamp("us", tz="UTC"),
    arrow.time64("us"),
    arrow.duration("us"),
    arrow.list_(arrow.int32()),
    "json",
]


@pytest.mark.parametrize("kind", TYPES, ids=map(str, TYPES))
def test_an_empty_result_has_the_declared_types(kind: Any) -> None:
    """As a full one has; NULL alone changes nothing."""
    wanted = arrow.string() if kind == "json" else kind
    for values in ([], [None]):
        made = result(values, [arrow.int64(), kind])

        assert made.arrow().schema.types == [arrow.int64(), wanted]
        assert made.pandas()["amount"].dtype == pandas.ArrowDtype(wanted)
        assert made.polars()["amount"].to_list() == values


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([Decimal("1.234")], arrow.decimal128(10, 2)),
        ([2**40], arrow.int32()),
        ([1.5], arrow.int64()),
        ([Decimal("1.5")], arrow.int64()),
        ([NAIVE], arrow.date32()),
        ([dt.time(1, tzinfo=UTC)], arrow.time64("us")),
        ([NAIVE], arrow.timestamp("us", tz="UTC")),
        ([dt.datetime(2020, 1, 1, tzinfo=EAST)], arrow.timestamp("us")),
        ([2**53 + 1], arrow.float64()),
        ([object()], arrow.string()),
        (["s3cret"], arrow.timestamp("us")),
        ([[1.5]], arrow.list_(arrow.int64())),
    ],
)
def test_a_value_that_does_not_fit_its_declared_type_is_refused(values: list[Any], kind: Any) -> None:
    """And never rounded, shifted or cut."""
    with pytest.raises(MappingError, match="'amount'"):
        result(values, [arrow.int64(), kind]).arrow()


SCALARS = [
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.text(st.characters(codec="utf-8")),
    st.binary(),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.timedeltas(dt.timedelta(days=-(10**6)), dt.timedelta(days=10**6)),
    st.decimals(-(10**15), 10**15, allow_nan=False, places=4),
]


@given(st.one_of([st.lists(st.none() | one, max_size=8) for one in SCALARS]))
def test_any_column_of_one_type_comes_back(values: list[Any]) -> None:
    """From all three libraries."""
    for read in LIBRARIES:
        assert read(result(values)) == values


def test_polars_has_the_names_of_the_columns() -> None:
    """Also an empty one."""
    made = Result[Any](RawResult(("", "x\ny"), [(1, 2)]))

    assert made.polars().columns == made.arrow().column_names == list(made.pandas().columns) == ["", "x\ny"]


def test_prepared_lists_are_cut_where_they_were() -> None:
    """NULLs and empty lists are no items."""
    values: list[Any] = [[b"a", bytearray(b"b")], None, [], [memoryview(b"c"), None], ()]

    assert in_arrow(result(values)) == [[b"a", b"b"], None, [], [b"c", None], []]
