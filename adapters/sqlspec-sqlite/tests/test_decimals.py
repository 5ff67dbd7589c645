"""Decimals, which SQLite does not have: stored and read back, and compared as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sqlspec.errors import ParameterError

if TYPE_CHECKING:
    from sqlspec import Session, SQLSpec

KINDS = {
    "nothing": "(value)",
    "text": "(value TEXT)",
    "numeric": "(value NUMERIC)",
    "decimal": "(value DECIMAL(24, 4))",
    "integer": "(value INTEGER)",
    "real": "(value REAL)",
    "double": "(value DOUBLE PRECISION)",
    "blob": "(value BLOB)",
    "strict real": "(value REAL) STRICT",
    "strict any": "(value ANY) STRICT",
    "strict text": "(value TEXT) STRICT",
    "check": "(value NUMERIC DEFAULT 1 CHECK (value < 1e30))",
    "generated": "(given NUMERIC, value AS (given) STORED)",
}
NUMBERS = [
    "0",
    "7",
    "7.0000",
    "100",
    "0.1",
    "19.99",
    "-3.125",
    "1E+3",
    "1E+20",
    "-0",
    "1E-7",
    "99999999999999.9",
]
TOO_LONG = [
    "98765432109876543.21",
    "1234567890123456",
    "0.1234567890123456",
    "9007199254740993",
    "1E+400",
    "1E-400",
]
WAYS = ["execute", "by name", "execute_many", "load", "fifty"]

BILLS = [("ann", 4.5), ("ann", 7.25), ("bob", 2.5), ("cy", 30), ("dee", 11), ("dee", -1)]
QUERIES = [
    "SELECT who FROM bill WHERE amount = ?",
    "SELECT who FROM bill WHERE amount < ? ORDER BY who, amount",
    "SELECT who FROM bill WHERE amount * 3 < ? ORDER BY who",
    "SELECT who FROM bill WHERE ? <= amount + 0 ORDER BY who",
    "SELECT who FROM bill WHERE abs(amount) BETWEEN 0 AND ? ORDER BY who",
    "SELECT who FROM bill WHERE amount + 0 IN (1, ?) ORDER BY who",
    "SELECT who FROM bill WHERE amount + 0 IS ? ORDER BY who",
    "SELECT who FROM bill GROUP BY who HAVING sum(amount) >= ? ORDER BY who",
    "SELECT who FROM bill ORDER BY amount > ?, who, amount",
    "SELECT a.who FROM bill a JOIN bill b ON a.amount + b.amount = ? ORDER BY a.who",
    "SELECT count(*) FROM bill WHERE round(amount, 2) = ?",
    "SELECT max(amount, ?) FROM bill ORDER BY 1",
    "SELECT CASE amount + 0 WHEN ? THEN 'same' ELSE 'other' END FROM bill",
    "SELECT count(*) FROM bill WHERE json_extract('{\"n\": 7.5}', '$.n') = ?",
    "SELECT 10 / ?",
    "SELECT 7 - ?",
    "WITH least (n) AS (SELECT ?) SELECT who FROM bill, least WHERE amount > n ORDER BY who",
    "SELECT who FROM bill LIMIT ?",
]


@dataclass
class Item:
    """A row with a price."""

    value: Decimal


def put(session: Session, way: str, column: str, value: Any) -> int:
    """Insert *value*, and say how often."""
    insert = f"INSERT INTO item_of ({column}) VALUES"
    if way == "execute":
        session.execute(f"{insert} (?)", (value,))
    elif way == "by name":
        session.execute(f"{insert} (:value)", {"value": value})
    elif way == "load":
        session.load("item_of", [(value,)], (column,))
    else:
        count = 50 if way == "fifty" else 2
        session.execute_many(f"{insert} (?)", [(value,)] * count)
        return count
    return 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_decimal_comes_back_from_every_kind_of_column(spec: SQLSpec, kind: str, way: str) -> None:
    """As the same number, read at once and streamed."""
    column = "given" if kind == "generated" else "value"
    with spec.provide_session() as session:
        session.execute(f"CREATE TABLE item_of {KINDS[kind]}")
        for value in map(Decimal, NUMBERS):
            count = put(session, way, column, value)
            rows = session.execute("SELECT value FROM item_of", schema_type=Item).all()
            streamed = list(session.stream("SELECT value FROM item_of", schema_type=Item))
            session.execute("DELETE FROM item_of")

            assert rows == streamed == [Item(value)] * count
            assert type(rows[0].value) is Decimal


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", TOO_LONG)
def test_a_decimal_that_sqlite_would_round_is_refused(spec: SQLSpec, text: str, way: str) -> None:
    """Before it is sent, with what to pass instead; the number is not in the text."""
    with spec.provide_session() as session:
        session.execute("CREATE TABLE item_of (value DECIMAL(24, 4))")
        with pytest.raises(ParameterError, match=r"pass str\(value\)") as caught:
            put(session, way, "value", Decimal(text))
        with pytest.raises(ParameterError, match="digits"):
            list(session.stream("SELECT ?", (Decimal(text),)))
        session.execute("INSERT INTO item_of VALUES (1)")

        assert session.execute("SELECT count(*) FROM item_of").scalar() == 1
    assert text not in str(caught.value)


def test_what_the_refusal_advises_keeps_every_digit(spec: SQLSpec) -> None:
    """Text in a column for text, a whole number as an int."""
    long, whole = Decimal("98765432109876543.21"), Decimal(9007199254740993)
    with spec.provide_session() as session:
        session.execute("CREATE TABLE item_of (value TEXT, n NUMERIC)")
        session.execute("INSERT INTO item_of VALUES (?, ?)", (str(long), int(whole)))

        assert session.execute("SELECT value FROM item_of", schema_type=Item).one() == Item(long)
        assert session.execute("SELECT n FROM item_of", schema_type=Decimal).one() == whole


@pytest.mark.parametrize("text", ["7.5", "11", "2.5", "11.00", "-1", "30", "3.5"])
@pytest.mark.parametrize("sql", QUERIES)
def test_a_decimal_is_compared_as_the_number_it_is(spec: SQLSpec, sql: str, text: str) -> None:
    """It finds what the equal float finds, whatever stands on the other side."""
    value = Decimal(text)
    if "LIMIT" in sql and value % 1:
        value = Decimal(2)
    with spec.provide_session() as session:
        session.execute("CREATE TABLE bill (who TEXT, amount NUMERIC)")
        session.load("bill", BILLS, ("who", "amount"))
        expected = session.execute(sql, (float(value),)).scalars()

        assert session.execute(sql, (value,)).scalars() == expected
        assert list(session.stream(sql, (value,), schema_type=tuple)) == [(one,) for one in expected]
        assert session.execute_many(sql, [(value,)] * 2).scalars() == expected * 2


def test_moments_are_compared_as_moments(spec: SQLSpec) -> None:
    """Whatever their zones; text would tell otherwise."""
    noon = datetime(2024, 2, 29, 12, tzinfo=UTC)
    later = (noon + timedelta(minutes=1)).astimezone(timezone(timedelta(hours=-7)))
    same = noon.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with spec.provide_session() as session:
        session.load("item", [(1, noon), (2, later)], ("id", "value"))

        assert session.execute("SELECT id FROM item WHERE value = ?", (same,)).scalars() == [1]
        assert session.execute("SELECT id FROM item WHERE value > ?", (same,)).scalars() == [2]
        assert session.execute("SELECT value FROM item", schema_type=datetime).all() == [noon, later]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.decimals(allow_nan=False))
@example(Decimal("4.94065645841247E-324"))
@example(Decimal(123456789012345))
def test_any_decimal_comes_back_or_is_refused(spec: SQLSpec, value: Decimal) -> None:
    """From a column of numbers and from one of text; its value decides at the write, never at the read."""
    with spec.provide_session(autocommit=True) as session:
        session.execute("CREATE TABLE IF NOT EXISTS both (n DECIMAL(30, 8), t TEXT)")
        session.execute("DELETE FROM both")
        try:
            session.execute("INSERT INTO both VALUES (?, ?)", (value, value))
        except ParameterError:
            is_long = value.is_finite() and len(value.normalize().as_tuple().digits) > 15
            assert is_long or not 1e-300 < abs(value) < 1e300
            return
        for column in ("n", "t"):
            assert session.execute(f"SELECT {column} FROM both", schema_type=Decimal).one() == value
