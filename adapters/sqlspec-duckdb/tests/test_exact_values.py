"""Values arrive as they are by every way, or are refused: what the driver would change in silence."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqlspec import SQLSpec
from sqlspec.errors import ParameterError
from sqlspec_duckdb import DuckDBConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_duckdb import DuckDBSession

pd: Any = pytest.importorskip("pandas")  # it has no types

WAYS = [
    "execute",
    "by name",
    "execute_many",
    "many",
    "expression",
    "returning",
    "load",
    "load many",
    "load with NULL",
]
EAST = timezone(timedelta(hours=5, minutes=30))
NOON = datetime(2024, 2, 29, 12, 30, 15, 123456)  # noqa: DTZ001 - a TIMESTAMP has no zone


class Odd(int):
    """An int of somebody's own, which converts to another."""

    def __int__(self) -> int:
        """Not what it is."""
        return 99


EXACT: list[tuple[str, Any, Any]] = [
    # a column's type, what is stored, what comes back
    ("DECIMAL(38, 10)", Decimal("1234567890123456789012345678.0123456789"), None),
    ("DECIMAL(38, 38)", Decimal("0." + "1" * 38), None),
    ("DECIMAL(38, 37)", Decimal("7E-37"), None),
    ("DECIMAL(10, 2)", Decimal("1E+2"), Decimal("100.00")),
    ("DOUBLE", 9007199254740992, 9007199254740992.0),
    ("DOUBLE", -0.0, None),
    ("DOUBLE", math.inf, None),
    ("HUGEINT", -(2**127), None),
    ("UBIGINT", 2**64 - 1, None),
    ("TIMESTAMP", datetime.max, None),  # noqa: DTZ901 - as above
    ("TIMESTAMP", datetime.min, None),  # noqa: DTZ901 - as above
    ("TIMESTAMP", np.datetime64("2024-02-29T12:30:15.123456"), NOON),
    ("TIMESTAMP", pd.Timestamp(NOON), NOON),
    ("TIMESTAMP", pd.NaT, pd.NA),
    ("TIMESTAMPTZ", datetime.max.replace(tzinfo=UTC), None),
    ("TIMESTAMPTZ", datetime(2024, 1, 2, 3, tzinfo=EAST), None),
    ("DATE", date.max, None),
    ("DATE", date.min, None),
    ("TIME", time.max, None),
    ("TIMETZ", time(1, 2, 3, 4, tzinfo=EAST), None),
    ("TIMETZ", "01:02:03-12:00", time(1, 2, 3, tzinfo=timezone(timedelta(hours=-12)))),
    ("INTERVAL", timedelta(days=-1, microseconds=5), None),
    ("VARCHAR", "a\0b\U0001f986", None),
    ("VARCHAR", np.str_("x"), "x"),
    ("BLOB", b"\\x41\0", None),
    ("UUID", UUID(int=0), None),
    ("UUID", UUID(int=2**128 - 1), None),
    ("JSON", {"a": [1, None]}, '{"a":[1,null]}'),
    ("BIT", 5, "0" * 29 + "101"),
    ("UNION(d DOUBLE, n INTEGER)", 5, None),
    ("UNION(n INTEGER, s VARCHAR)", 5, None),
    ("INTEGER", Odd(7), 7),
    ("INTEGER", np.int64(-7), -7),
    ("INTEGER", pd.NA, pd.NA),
    ("BOOLEAN", np.bool_(True), True),
    ("DOUBLE", np.float32(0.5), 0.5),
    ("DOUBLE[]", np.array([1.5, 2.5]), [1.5, 2.5]),
    ("INTEGER[][]", np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    ("DOUBLE[]", [1, 2.5, None], [1.0, 2.5, None]),
    (
        "DECIMAL(12, 4)[]",
        [Decimal("1.5"), Decimal("1E+2"), 3, None],
        [Decimal("1.5"), Decimal(100), Decimal(3), None],
    ),
    ("HUGEINT[]", [2**100, -1], None),
    ("TIMESTAMPTZ[]", [datetime(2024, 1, 2, 3, tzinfo=EAST)], None),
    ("INTEGER[][]", [[1], [], None, [None]], None),
    ("STRUCT(a INTEGER)[]", [{"a": 1}, None, {"a": None}], None),
    ("STRUCT(a DECIMAL(9, 3)[], b VARCHAR)", {"a": [Decimal("0.125")], "b": None}, None),
]

REFUSED: list[tuple[str, Any, str]] = [
    ("DECIMAL(38, 20)", Decimal("1." + "1" * 40), "digits"),
    ("DECIMAL(38, 38)", Decimal("7E-38"), "digits"),
    ("DECIMAL(38, 38)[]", [Decimal("7E-37"), Decimal("0." + "1" * 38)], "digits together"),
    ("VARCHAR", Decimal("NaN"), "NaN"),
    ("DOUBLE", np.float64, "type"),
    ("TIMESTAMP", pd.Timestamp("2024-01-01 00:00:00.123456789"), "nanoseconds"),
    ("TIMESTAMP_NS", pd.Timestamp("2024-01-01 00:00:00.123456789"), "nanoseconds"),
    ("INTERVAL", pd.Timedelta(5, "ns"), "nanoseconds"),
    ("TIMETZ", time(1, 2, 3, tzinfo=timezone(timedelta(hours=-12))), "west of UTC"),
    ("TIMESTAMP", np.datetime64("2024-01-01T00:00:00.123456789"), "datetime64"),
    ("TIMESTAMP[]", np.array(["2024-01-01"], dtype="datetime64[ns]"), "ndarray"),
    ("DOUBLE[]", [2**53 + 1, 0.5], "round"),
    ("DOUBLE[][]", [[2**53 + 1], [0.5]], "round"),
    ("DECIMAL(38, 1)[]", [Decimal("1" * 38), Decimal("0.1")], "digits together"),
    ("DECIMAL(38, 20)[]", [2**40, Decimal("0." + "1" * 20)], "digits together"),
    ("DOUBLE[]", [Decimal("0.1"), 0.1], "floats"),
    ("VARCHAR[]", [1, "a"], "one type"),
    ("VARCHAR[][]", [[1], ["a"]], "one type"),
    ("STRUCT(a VARCHAR)[]", [{"a": 1}, {"a": "x"}], "one type"),
    ("STRUCT(a VARCHAR[])[]", [{"a": [1]}, {"a": ["x"]}], "one type"),
    ("JSON", [1, "a"], "one type"),
    ("JSON", {"a": [1, "a"]}, "one type"),
    ("INTEGER[]", [True, 2], "one type"),
    ("TIME[]", [time(1), time(1, tzinfo=UTC)], "one type"),
    ("TIMESTAMPTZ[]", [NOON, NOON.replace(tzinfo=UTC)], "one type"),
    ("TIMESTAMP[]", [NOON, date(2024, 1, 1)], "one type"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[DuckDBSession]:
    """A session without a transaction, which errors would abort."""
    with SQLSpec() as spec:
        config = DuckDBConfig(autocommit=True)
        spec.register_config(config, "main")
        with spec.provide_session(config) as session:
            yield session


def put(session: DuckDBSession, way: str, value: Any) -> int:
    """Insert *value* in a *way*, and say how often."""
    if way == "execute":
        session.execute("INSERT INTO exact VALUES (0, ?)", (value,))
        return 1
    if way == "by name":
        session.execute("INSERT INTO exact VALUES (0, :value)", {"value": value})
        return 1
    count = 40 if way in {"many", "load many", "load with NULL"} else 2
    rows: list[tuple[int, Any]] = [(number, value) for number in range(count)]
    if way.startswith("load"):
        nothing: list[tuple[int, Any]] = [(-1, None)] if way == "load with NULL" else []
        session.load("exact", [*rows, *nothing], ("n", "value"))
    else:
        ends = {"expression": "SELECT ?, ?", "returning": "VALUES (?, ?) RETURNING value"}
        session.execute_many(f"INSERT INTO exact {ends.get(way, 'VALUES (?, ?)')}", rows)
    return count


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "value", "back"), EXACT, ids=[f"{row[0]}-{row[1]!r}" for row in EXACT])
def test_a_value_arrives_as_it_is(session: DuckDBSession, kind: str, value: Any, back: Any, way: str) -> None:
    """By whatever way it goes in, read at once and streamed."""
    expected = None if back is pd.NA else value if back is None else back
    session.execute(f"CREATE OR REPLACE TABLE exact (n INTEGER, value {kind})")

    count = put(session, way, value)

    query = "SELECT value FROM exact WHERE n >= 0"
    assert session.execute(query).scalars() == [expected] * count
    assert list(session.stream(query, batch_size=7)) == [{"value": expected}] * count


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "value", "says"), REFUSED, ids=[f"{row[0]}-{row[1]!r}" for row in REFUSED])
def test_what_the_driver_would_change_is_refused(
    session: DuckDBSession, kind: str, value: Any, says: str, way: str
) -> None:
    """By whatever way; nothing is stored."""
    session.execute(f"CREATE OR REPLACE TABLE exact (n INTEGER, value {kind})")

    with pytest.raises(ParameterError, match=says):
        put(session, way, value)

    assert session.execute("SELECT count(*) FROM exact").scalar() == 0


@pytest.mark.parametrize("value", [4, 4.0, Decimal(4), np.int64(4)], ids=repr)
def test_a_number_is_the_number_in_expressions(session: DuckDBSession, value: Any) -> None:
    """Divided by it, and compared with it."""
    query = "SELECT 10 / ?, 4 = ?, 4.5 > ?, '4' = CAST(CAST(? AS INTEGER) AS VARCHAR), [4] = [?]"

    assert list(session.execute(query, (value,) * 5).one().values()) == [2.5, True, True, True, True]


def test_times_with_and_without_a_zone_keep_it_in_a_load(session: DuckDBSession) -> None:
    """Beside each other in one column, and a date beside a datetime."""
    rows = [(NOON.replace(tzinfo=EAST), time(1, tzinfo=EAST), NOON), (NOON, time(1), date(2024, 1, 1))]
    session.execute("CREATE OR REPLACE TABLE mixed (a TIMESTAMPTZ, b TIMETZ, c TIMESTAMP)")
    session.execute("CREATE OR REPLACE TABLE alone (a TIMESTAMPTZ, b TIMETZ, c TIMESTAMP)")
    session.load("mixed", rows, ("a", "b", "c"))
    for row in rows:
        session.execute("INSERT INTO alone VALUES (?, ?, ?)", row)

    assert session.execute("FROM mixed").all() == session.execute("FROM alone").all()


@pytest.mark.parametrize("numbers", [(1, 2.5), (2.5, 1), (2**53 + 1, 0.5)], ids=repr)
def test_integers_beside_floats_are_text_as_they_are_alone(session: DuckDBSession, numbers: Any) -> None:
    """In a column of text a load makes no 1.0 of 1."""
    session.execute("CREATE OR REPLACE TABLE words (value VARCHAR)")
    session.load("words", [(number,) for number in numbers], ("value",))

    assert session.execute("SELECT value FROM words").scalars() == list(map(str, numbers))


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63), st.floats(allow_nan=False)), max_size=5))
def test_any_list_of_numbers_arrives_or_is_refused(session: DuckDBSession, values: list[Any]) -> None:
    """None of them is rounded."""
    try:
        found = session.execute("SELECT ?", (values,)).scalar()
    except ParameterError:
        assert any(isinstance(value, float) for value in values)
    else:
        assert found == values


@settings(max_examples=500)
@given(
    st.lists(
        st.one_of(
            st.decimals(allow_nan=False, allow_infinity=False),
            st.builds(
                Decimal, st.tuples(st.just(0), st.tuples(*[st.integers(0, 9)] * 19), st.integers(-40, 20))
            ),
            st.builds(Decimal, st.tuples(st.just(1), st.tuples(st.integers(0, 9)), st.integers(-40, 40))),
        ),
        max_size=3,
    )
)
def test_any_list_of_decimals_arrives_or_is_refused(session: DuckDBSession, values: list[Decimal]) -> None:
    """None of them loses a digit."""
    try:
        found = session.execute("SELECT ?", (values,)).scalar()
    except ParameterError:
        assert any(max(len(str(value)), abs(value.adjusted())) > 17 for value in values)
    else:
        assert found == values
