"""Python's values: what is stored for each, and what is refused before anything is sent."""

from __future__ import annotations

import enum
import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlspec.errors import ParameterError
from sqlspec.plugin.places import with_place
from sqlspec_sqlite.values import encode_many

if TYPE_CHECKING:
    from sqlspec import SQLSpec

pd: Any = pytest.importorskip("pandas")  # it has no types


class Size(enum.Enum):
    """Values of mixed types."""

    SMALL = 1
    LARGE = "large"
    ODD = (1, 2)


class Level(enum.IntEnum):
    """An int."""

    HIGH = 3


class Colour(enum.StrEnum):
    """A str."""

    RED = "red"


class Text(str):
    """A str of somebody's own."""

    __slots__ = ()


class Odd(int):
    """An int of somebody's own, which converts to another."""

    def __int__(self) -> int:
        """Not what it is."""
        return 99


IDENTITY = UUID("12345678-1234-5678-1234-567812345678")
CASES: list[tuple[Any, Any]] = [
    (None, None),
    (True, 1),
    (False, 0),
    (0, 0),
    (2**63 - 1, 2**63 - 1),
    (-(2**63), -(2**63)),
    (1.5, 1.5),
    (-0.0, 0.0),
    (math.inf, math.inf),
    (-math.inf, -math.inf),
    ("", ""),
    ("grüße \U0001f600 'quoted' \x00 ?", "grüße \U0001f600 'quoted' \x00 ?"),
    (b"", b""),
    (b"\x00\xff", b"\x00\xff"),
    (bytearray(b"\x00\xff"), b"\x00\xff"),
    (memoryview(b"\x00\xff"), b"\x00\xff"),
    (datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=UTC), "2024-02-29 12:30:15.123456+00:00"),
    (datetime(2024, 2, 29, 12, 30), "2024-02-29 12:30:00"),  # noqa: DTZ001 - naive ones are stored as they are
    (date(2024, 2, 29), "2024-02-29"),
    (time(12, 30, 15), "12:30:15"),
    (time(12, 30, tzinfo=timezone(timedelta(hours=2))), "12:30:00+02:00"),
    (datetime(2024, 2, 29, 1, tzinfo=timezone(timedelta(hours=2))), "2024-02-28 23:00:00+00:00"),
    (Decimal("-19.990"), -19.99),
    (Decimal(4), 4.0),
    (IDENTITY, str(IDENTITY)),
    (Size.SMALL, 1),
    (Size.LARGE, "large"),
    (Level.HIGH, 3),
    (Colour.RED, "red"),
    (Text("own"), "own"),
    (Odd(7), 7),
    (np.int64(-7), -7),
    (np.float32(0.5), 0.5),
    (np.float64(0.1), 0.1),
    (np.bool_(True), 1),
    (np.str_("text"), "text"),
    (pd.Timestamp("2024-02-29 12:30:15.000000001"), "2024-02-29 12:30:15.000000001"),
]


def shown(value: object) -> str:
    """A test's name, the same in every process."""
    return re.sub(r" at 0x\w+", "", repr(value))


REFUSED: list[Any] = [
    math.nan,
    [1],
    (1, 2),
    {"a": 1},
    {1},
    object(),
    2**63,
    -(2**63) - 1,
    "\ud800",
    1j,
    timedelta(1),
    int,
    Size.ODD,
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("-Infinity"),
    Decimal("1234567890.123456"),
    Decimal("1E+400"),
    pd.NaT,
    pd.NA,
    np.float64("nan"),
    np.datetime64("2024-02-29"),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
]


@pytest.mark.parametrize(("value", "stored"), CASES, ids=shown)
def test_what_is_stored(spec: SQLSpec, value: Any, stored: Any) -> None:
    """By position, by name, in bulk, and where it is only compared."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO item (value) VALUES (?)", (value,))
        session.execute("INSERT INTO item (value) VALUES (?)", [value])
        session.execute("INSERT INTO item (value) VALUES (:value)", {"value": value})
        session.execute_many("INSERT INTO item (value) VALUES (?)", [(value,), [value]])
        session.execute_many("INSERT INTO item (value) VALUES (:value)", [{"value": value}])
        session.load("item", [(value,)], ("value",))
        seen = session.execute("SELECT value FROM item").scalars()
        same = session.execute("SELECT ? IS ?", (value, stored)).scalar()

    assert seen == [stored] * 7
    assert [type(one) for one in seen] == [type(stored)] * 7
    assert same == 1


@pytest.mark.parametrize(
    "value",
    [
        datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=UTC),
        date(2024, 2, 29),
        Decimal("123456789.012345"),
        Decimal("1E+22"),
        IDENTITY,
        True,
        b"\x00\xff",
        Colour.RED,
        Level.HIGH,
    ],
    ids=repr,
)
def test_a_schema_type_turns_it_back(spec: SQLSpec, value: Any) -> None:
    """Into an equal value of the same type."""
    schema = msgspec.defstruct("Row", [("value", type(value))])

    with spec.provide_session() as session:
        session.execute("INSERT INTO item (value) VALUES (?)", (value,))
        row: Any = session.execute("SELECT value FROM item", schema_type=schema).one()

    assert row.value == value
    assert type(row.value) is type(value)


@pytest.mark.parametrize("value", REFUSED, ids=shown)
def test_what_is_refused(spec: SQLSpec, value: Any) -> None:
    """Wherever it comes in: the error is typed and nothing was sent, so nothing was begun."""
    with spec.provide_session() as session:
        with pytest.raises(ParameterError):
            session.execute("INSERT INTO item (value) VALUES (?)", (value,))
        with pytest.raises(ParameterError):
            session.execute("INSERT INTO item (value) VALUES (:value)", {"value": value})
        with pytest.raises(ParameterError):
            list(session.stream("SELECT ?", (value,)))

        session.execute("INSERT INTO item (id) VALUES (7)")
    with spec.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == [7]


@pytest.mark.parametrize("value", REFUSED, ids=shown)
def test_what_is_refused_in_bulk(spec: SQLSpec, value: Any) -> None:
    """With the number of the row, and none of the others is kept."""
    rows: list[tuple[Any]] = [(1,), (2,), (value,), (4,)]

    with spec.provide_session() as session:
        session.execute("INSERT INTO item (id) VALUES (7)")
        with pytest.raises(ParameterError, match="row 3"):
            session.execute_many("INSERT INTO item (value) VALUES (?)", rows)
        with pytest.raises(ParameterError, match="row 3"):
            session.load("item", rows, ("value",))
        with pytest.raises(ParameterError, match="row 3"):
            session.execute_many("INSERT INTO item (value) VALUES (:v)", [{"v": row[0]} for row in rows])
    with spec.provide_session() as session:
        assert session.execute("SELECT id FROM item").scalars() == [7]


@pytest.mark.parametrize("value", [math.nan, [1], object(), "\ud800", 2**63], ids=shown)
def test_what_is_refused_is_not_in_the_text(spec: SQLSpec, value: Any) -> None:
    """A parameter may be a secret."""
    with spec.provide_session() as session, pytest.raises(ParameterError) as caught:
        session.execute("SELECT ?", (value,))

    assert repr(value) not in str(caught.value)


@pytest.mark.parametrize("first", [1, 1.5, "text", b"blob", None, True], ids=shown)
@pytest.mark.parametrize("value", REFUSED, ids=shown)
def test_what_is_refused_far_down(spec: SQLSpec, first: Any, value: Any) -> None:
    """Among many rows, whatever the first of them lets one expect of the column."""
    rows = [(number, first) for number in range(50)]
    rows[41] = (41, value)

    with spec.provide_session() as session:
        with pytest.raises(ParameterError, match="row 42"):
            session.execute_many("INSERT INTO item (id, value) VALUES (?, ?)", rows)
        with pytest.raises(ParameterError, match="row 42"):
            session.load("item", rows, ("id", "value"))
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


@pytest.mark.parametrize("first", [1, 1.5, "text", b"blob", None, True], ids=shown)
def test_what_is_stored_far_down(spec: SQLSpec, first: Any) -> None:
    """Every kind of value, whatever came first."""
    given = [*([first] * 40), *(value for value, _ in CASES)]

    with spec.provide_session() as session:
        session.load("item", list(enumerate(given)), ("id", "value"))
        seen = session.execute("SELECT value FROM item ORDER BY id").scalars()

    assert seen == [*([first] * 40), *(stored for _, stored in CASES)]


@pytest.mark.parametrize("wrong", [(1,), (1, 2, 3), ()], ids=len)
def test_a_row_of_another_width_is_named(spec: SQLSpec, wrong: tuple[int, ...]) -> None:
    """Among many."""
    rows: list[tuple[int, ...]] = [(number, number) for number in range(50)]
    rows[41] = wrong

    with spec.provide_session() as session:
        with pytest.raises(ParameterError, match="row 42"):
            session.load("item", rows, ("id", "value"))
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_rows_that_sqlite_stores_as_they_are_are_not_copied() -> None:
    """Infinities, missing values and mixed types among them."""
    rows: list[Any] = [(number, "x", None, number / 2, b"") for number in range(50)]
    rows[7:9] = [(None, 1, "x", math.inf, True), [1.5, b"", -math.inf, None, "x"]]

    assert encode_many(rows) is rows


def test_rows_of_different_widths_are_left_to_the_driver() -> None:
    """It counts them against the statement."""
    rows = [(1, "x")] * 40 + [(1,), (1, "x", math.inf)]

    assert encode_many(rows) == rows


@pytest.mark.parametrize("width", [0, 1, 64, 65, 300])
def test_rows_of_any_width_are_looked_at(width: int) -> None:
    """Also those too wide for a loop of their own."""
    rows = [(1.5,) * width] * 40

    assert encode_many(rows) == rows
    if width:
        with pytest.raises(ParameterError, match="NaN") as caught:
            encode_many([*rows, (1.5,) * (width - 1) + (math.nan,)])
        assert vars(caught.value) == vars(with_place(ParameterError(), 40))


STORABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(STORABLE, min_size=1, max_size=20))
def test_values_come_back_as_they_went(spec: SQLSpec, values: list[Any]) -> None:
    """Whatever SQLite can store; booleans are integers there."""
    marks = ", ".join("?" * len(values))

    with spec.provide_session(autocommit=True) as session:
        rows = session.execute(f"VALUES ({marks})", values, schema_type=tuple).all()
        stored = session.execute("SELECT typeof(?)", (values[0],)).scalar()

    assert rows == [tuple(values)]
    assert stored in {"null", "integer", "real", "text", "blob"}
