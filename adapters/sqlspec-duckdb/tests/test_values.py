"""What DuckDB stores, and how it comes back. The README's table of types is read from here."""

from __future__ import annotations

import enum
import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec import SQLSpec
from sqlspec.errors import ParameterError
from sqlspec_duckdb import DuckDBConfig
from sqlspec_duckdb._compat import LARGEST_INT, LOSES_NAN_IN_LISTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_duckdb import DuckDBSession

NOON = datetime(2024, 2, 29, 12, 30, 15, 123456)  # noqa: DTZ001 - a TIMESTAMP has no zone
NAIVE = time(12, 30, 15, 123456)

TABLE: list[tuple[str, Any, Any]] = [
    # a type of DuckDB's, what is stored in a column of it, what comes back if that is another
    ("BOOLEAN", True, True),
    ("TINYINT", -128, -128),
    ("SMALLINT", 32767, 32767),
    ("INTEGER", -(2**31), -(2**31)),
    ("BIGINT", 2**63 - 1, 2**63 - 1),
    ("UTINYINT", 255, 255),
    ("USMALLINT", 65535, 65535),
    ("UINTEGER", 2**32 - 1, 2**32 - 1),
    ("UBIGINT", 2**64 - 1, 2**64 - 1),
    ("HUGEINT", -(10**37), -(10**37)),
    ("FLOAT", 0.5, 0.5),
    ("DOUBLE", 0.1, 0.1),
    ("DOUBLE", math.inf, math.inf),
    ("DECIMAL(10, 2)", Decimal("12345678.90"), Decimal("12345678.90")),
    ("DECIMAL(38, 0)", Decimal("1E+5"), Decimal(100000)),
    ("VARCHAR", "naïve \U0001f986 \0", "naïve \U0001f986 \0"),
    ("BLOB", b"\x00\xff", b"\x00\xff"),
    ("BLOB", bytearray(b"\x01"), b"\x01"),
    ("BIT", "0101", "0101"),
    ("DATE", date(2024, 2, 29), date(2024, 2, 29)),
    ("TIME", NAIVE, NAIVE),
    ("TIME WITH TIME ZONE", NAIVE.replace(tzinfo=UTC), NAIVE.replace(tzinfo=UTC)),
    ("TIMESTAMP", NOON, NOON),
    ("TIMESTAMP_S", NOON, NOON.replace(microsecond=0)),
    ("TIMESTAMP_MS", NOON, NOON.replace(microsecond=123000)),
    ("TIMESTAMP_NS", NOON, NOON),
    (
        "TIMESTAMP WITH TIME ZONE",
        NOON.replace(tzinfo=timezone(timedelta(hours=5, minutes=30))),
        NOON.replace(tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ),
    ("INTERVAL", timedelta(days=40, microseconds=1), timedelta(days=40, microseconds=1)),
    ("UUID", UUID(int=2**127 + 7), UUID(int=2**127 + 7)),
    ("ENUM('low', 'high')", "high", "high"),
    ("JSON", '{"a": [1]}', '{"a": [1]}'),
    ("INTEGER[]", [1, None, 3], [1, None, 3]),
    ("INTEGER[]", (1, 2), [1, 2]),
    ("VARCHAR[][]", [["a"], []], [["a"], []]),
    ("INTEGER[2]", [1, 2], (1, 2)),
    ("STRUCT(a INTEGER, b VARCHAR[])", {"a": 1, "b": ["x"]}, {"a": 1, "b": ["x"]}),
    ("MAP(VARCHAR, INTEGER)", {"key": ["x", "y"], "value": [1, 2]}, {"x": 1, "y": 2}),
    ("UNION(n INTEGER, s VARCHAR)", "text", "text"),
]
KINDS = [f"{number}-{kind}" for number, (kind, _, _) in enumerate(TABLE)]


NOT_IN_ARROW = {"UNION(n INTEGER, s VARCHAR)"}
"""Types whose rows do not lead to the driver's own type of Arrow: there they become what Python has."""


class Color(enum.Enum):
    """An enum."""

    RED = "red"


class Level(enum.IntEnum):
    """One that is a number."""

    HIGH = 2


class Name(str):  # noqa: SLOT000 - as applications have it
    """A kind of text."""


@pytest.fixture(scope="module")
def memory() -> Iterator[SQLSpec]:
    """A database in memory."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(autocommit=True), "main")
        yield spec


@pytest.fixture(scope="module")
def session(memory: SQLSpec) -> Iterator[DuckDBSession]:
    """A session without a transaction, which errors would abort."""
    with memory.provide_session(DuckDBConfig) as session:
        yield session


@pytest.mark.parametrize(("kind", "stored", "back"), TABLE, ids=KINDS)
def test_each_type_takes_a_value_and_gives_it_back(
    session: DuckDBSession, kind: str, stored: Any, back: Any
) -> None:
    """Of the same type; and NULL is None, whatever the type."""
    session.execute(f"CREATE OR REPLACE TABLE typed (value {kind})")
    session.execute("INSERT INTO typed VALUES (?)", (stored,))
    session.execute("INSERT INTO typed VALUES (?)", (None,))

    found = session.execute("SELECT value FROM typed").scalars()

    assert found == [back, None]
    assert type(found[0]) is type(back)


@pytest.mark.parametrize(("kind", "stored", "back"), TABLE, ids=KINDS)
@pytest.mark.parametrize("count", [1, 50])
def test_each_type_can_be_loaded_and_sent_in_numbers(
    session: DuckDBSession, kind: str, stored: Any, back: Any, count: int
) -> None:
    """By the paths for many rows, the value arrives as by the path for one."""
    session.execute(f"CREATE OR REPLACE TABLE typed (id INTEGER, value {kind})")
    rows = [(number, stored if number % 2 == 0 else None) for number in range(count)]

    session.load("typed", rows, ("id", "value"))
    session.execute_many("INSERT INTO typed VALUES (?, ?)", rows)

    expected = [back if number % 2 == 0 else None for number in range(count) for _ in range(2)]
    assert session.execute("SELECT value FROM typed ORDER BY id").scalars() == expected


@pytest.mark.parametrize(("kind", "stored", "back"), TABLE, ids=KINDS)
def test_arrow_after_the_rows_has_the_types_of_arrow_at_once(
    session: DuckDBSession, kind: str, stored: Any, back: Any
) -> None:
    """Whatever was read first, the other says the same."""
    session.execute(f"CREATE OR REPLACE TABLE typed (value {kind})")
    session.execute("INSERT INTO typed VALUES (?), (NULL)", (stored,))
    at_once = session.execute("SELECT value FROM typed")
    table = at_once.arrow()
    after = session.execute("SELECT value FROM typed")
    rows = after.all()

    assert [row["value"] for row in rows] == [back, None]
    assert table.num_rows == 2
    assert at_once.all() == rows
    if kind not in NOT_IN_ARROW:
        assert after.arrow().schema == table.schema
        assert after.arrow().to_pylist() == table.to_pylist()


@pytest.mark.parametrize(
    ("value", "back"),
    [
        (Color.RED, "red"),
        (Level.HIGH, 2),
        (Name("x"), "x"),
        (memoryview(b"y"), b"y"),
        ([Color.RED, None], ["red", None]),
        ({"c": Color.RED}, {"c": "red"}),
        (Decimal("1E+3"), Decimal(1000)),
        (-(2**127), -(2**127)),
        (LARGEST_INT, LARGEST_INT),
    ],
    ids=[
        "enum",
        "int enum",
        "str subclass",
        "memoryview",
        "enums",
        "enum in struct",
        "exponent",
        "low",
        "high",
    ],
)
def test_a_value_alone_keeps_its_meaning(session: DuckDBSession, value: Any, back: Any) -> None:
    """Without a column that says its type."""
    assert session.execute("SELECT ?", (value,)).scalar() == back
    assert session.execute("SELECT :it", {"it": value}).scalar() == back


REFUSED = [
    ("half a surrogate pair", "\ud800", "surrogate"),
    ("too large", 2**128, "too large"),
    ("too low", -(2**127) - 1, "too large"),
    ("decimal NaN", Decimal("NaN"), "no NaN"),
    ("decimal infinity", Decimal("-Infinity"), "no infinity"),
    ("39 digits", Decimal("1" * 39), "digits"),
    ("39 places", Decimal("1E-39"), "digits"),
    ("mixed list", ["a", 1], "one type"),
    ("truth among numbers", [True, 2], "one type"),
    ("keys that are no names", {1: 2}, "STRUCT"),
    ("a set", {1, 2}, "set"),
    ("an object", object(), "object"),
    ("a complex", 1j, "complex"),
    ("deep inside", {"a": [{"b": {1}}]}, "set"),
    ("a name that is no text", {"\ud800": 1}, "surrogate"),
]


@pytest.mark.parametrize(("value", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_the_driver_would_change_or_choke_on_is_refused(memory: SQLSpec, value: Any, says: str) -> None:
    """Before it is sent: the transaction goes on. No text holds the value."""
    with memory.provide_session("main", autocommit=False) as session:
        session.execute("CREATE OR REPLACE TABLE typed (value VARCHAR)")
        for parameters in ((value,), {"it": value}):
            with pytest.raises(ParameterError, match=says) as caught:
                session.execute("SELECT :it" if isinstance(parameters, dict) else "SELECT ?", parameters)
            assert "1111" not in str(caught.value)
        with pytest.raises(ParameterError, match=rf"row 2: .*{says}"):
            session.execute_many("INSERT INTO typed VALUES (?)", [("x",), (value,)])
        session.execute("INSERT INTO typed VALUES ('kept')")

    with memory.provide_session("main") as session:
        assert session.execute("SELECT value FROM typed").scalars() == ["kept"]


@pytest.mark.parametrize("value", ["\ud800", object(), 2**128], ids=["surrogate", "object", "too large"])
def test_load_names_the_row_that_can_not_be_sent(memory: SQLSpec, value: Any) -> None:
    """And keeps none of the others."""
    with memory.provide_session("main", autocommit=False) as session:
        session.execute("CREATE OR REPLACE TABLE typed (value VARCHAR)")
        with pytest.raises(ParameterError, match="row 3"):
            session.load("typed", [("a",), ("b",), (value,)], ("value",))

        assert session.execute("SELECT value FROM typed").all() == []


@pytest.mark.skipif(not LOSES_NAN_IN_LISTS, reason="this version of duckdb keeps NaN in lists")
def test_nan_in_a_list_is_refused_where_it_would_be_null(session: DuckDBSession) -> None:
    """1.x."""
    with pytest.raises(ParameterError, match="NaN"):
        session.execute("SELECT ?", ([1.0, math.nan],))


@pytest.mark.parametrize("kind", sorted({re.split(r"[(\[ _]", kind)[0] for kind, _, _ in TABLE}))
def test_the_readme_names_each_type(kind: str) -> None:
    """In its table of values."""
    readme = Path(__file__).parents[1] / "README.md"
    table = readme.read_text(encoding="utf-8").partition("## Values")[2]

    unsigned = {"USMALLINT": "UTINYINT", "UINTEGER": "UBIGINT", "SMALLINT": "TINYINT", "INTEGER": "BIGINT"}
    assert f"`{unsigned.get(kind, kind)}" in table


def test_nan_stays_nan(session: DuckDBSession) -> None:
    """Alone, and among many rows."""
    session.execute("CREATE OR REPLACE TABLE typed (value DOUBLE)")
    session.execute_many("INSERT INTO typed VALUES (?)", [(math.nan,)] * 50)
    session.load("typed", [(math.nan,)] * 50, ("value",))

    assert session.execute("SELECT count(*) FROM typed WHERE isnan(value)").scalar() == 100
    assert math.isnan(session.execute("SELECT ?", (math.nan,)).scalar())


def test_what_python_can_not_hold_comes_as_text(session: DuckDBSession) -> None:
    """The driver's way with dates past the year 9999; infinity is the last day there is."""
    found = session.execute("SELECT DATE '290000-01-01', DATE 'infinity', TIME '24:00:00'").one()

    assert list(found.values()) == ["290000-01-01", date.max, "24:00:00"]


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.dates(),
    st.datetimes(),
    st.uuids(),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20),
)


@given(st.lists(PLAIN, min_size=1, max_size=6))
def test_any_plain_values_come_back(session: DuckDBSession, values: list[Any]) -> None:
    """As they were."""
    marks = ", ".join("?" * len(values))

    found = session.execute(f"SELECT * FROM (VALUES ({marks}))", tuple(values)).one() if values else {}

    assert list(found.values()) == values


@given(st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), st.text(), st.floats()), min_size=1, max_size=60))
def test_any_rows_that_are_loaded_come_back(session: DuckDBSession, rows: list[tuple[Any, ...]]) -> None:
    """By `load` and by `execute_many`, in their order."""
    session.execute("CREATE OR REPLACE TABLE many (a INTEGER, b VARCHAR, c DOUBLE)")
    session.load("many", rows, ("a", "b", "c"))
    session.execute_many("INSERT INTO many (a, b, c) VALUES (?, ?, ?)", rows)

    found = session.execute("SELECT * FROM many", schema_type=tuple).all()

    assert repr(sorted(map(repr, found))) == repr(sorted(map(repr, [*rows, *rows])))
