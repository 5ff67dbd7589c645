"""A table of DuckDB's holds each value as it is, or says which column it could not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import MappingError
from sqlspec_duckdb import DuckDBConfig
from sqlspec_duckdb._compat import LARGEST_INT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_duckdb import DuckDBSession

pytestmark = pytest.mark.skipif(LARGEST_INT < 2**128 - 1, reason="DuckDB before 1.4 names no types")

# An expression, its type in Arrow, and its value there.
KEPT: dict[str, tuple[str, Any]] = {
    "'12:00:00+05'::TIMETZ": ("string", "12:00:00+05:00"),
    "['12:00:00+05'::TIMETZ]": ("list<item: string>", ["12:00:00+05:00"]),
    "'0101'::BIT": ("string", "0101"),
    "[340282366920938463463374607431768211455::UHUGEINT]": (
        "list<item: decimal256(76, 0)>",
        [2**128 - 1],
    ),
    "sum(1)": ("decimal128(38, 0)", 1),
    "(-99999999999999999999999999999999999999)::HUGEINT": ("decimal128(38, 0)", -(10**38) + 1),
    "99999999999999999999999999999999999999::UHUGEINT": ("decimal128(38, 0)", 10**38 - 1),
}
REFUSED = [
    "170141183460469231731687303715884105727::HUGEINT",
    "(-170141183460469231731687303715884105728)::HUGEINT",
    "340282366920938463463374607431768211455::UHUGEINT",
    "[170141183460469231731687303715884105727::HUGEINT]",
    "{'a': 170141183460469231731687303715884105727::HUGEINT}",
    "MAP {1: 170141183460469231731687303715884105727::HUGEINT}",
    "TIME '24:00:00'",
    "[NULL, TIME '24:00:00']",
]


@pytest.fixture
def session() -> Iterator[DuckDBSession]:
    """In memory; errors abort no transaction."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(), "memory")
        with spec.provide_session(DuckDBConfig, autocommit=True) as session:
            session.execute("SET TimeZone = 'UTC'")
            yield session


@pytest.mark.parametrize("expression", KEPT)
def test_a_value_is_kept(session: DuckDBSession, expression: str) -> None:
    """With its zone, its bits and its digits; the type is the same without a row."""
    kind, value = KEPT[expression]
    table = session.execute(f"SELECT {expression} AS c").arrow()

    assert str(table.schema.field("c").type) == kind
    assert table["c"].to_pylist() == [value]
    if "256" not in kind:
        assert session.execute(f"SELECT {expression} AS c").polars()["c"].to_list() == [value]
    if "sum" not in expression and "[" not in expression:
        empty = session.execute(f"SELECT {expression} AS c WHERE false").arrow()
        assert str(empty.schema.field("c").type) == kind


@pytest.mark.parametrize("method", ["arrow", "pandas", "polars"])
@pytest.mark.parametrize("expression", REFUSED)
def test_a_value_that_the_table_would_change_is_refused(
    session: DuckDBSession, expression: str, method: str
) -> None:
    """By the column's name; the rows can be read all the same."""
    result = session.execute(f"SELECT 1 AS n, {expression} AS c")
    right = session.execute(f"SELECT 1 AS n, {expression} AS c").all()
    with pytest.raises(MappingError, match=r"'c'.*CAST"):
        getattr(result, method)()

    assert result.all() == right


@pytest.mark.parametrize("expression", ["'infinity'::DATE", "'-infinity'::TIMESTAMP", "'290000-01-01'::DATE"])
def test_polars_is_given_no_date_that_it_panics_at(session: DuckDBSession, expression: str) -> None:
    """Arrow holds them."""
    result = session.execute(f"SELECT {expression} AS c")

    assert result.arrow().num_rows == 1
    with pytest.raises(MappingError, match=r"'c'.*CAST"):
        result.polars()


def test_a_zone_is_no_reason_to_read_moments_one_by_one(session: DuckDBSession) -> None:
    """A TIMESTAMPTZ is one of DuckDB's own columns."""
    assert session.execute("SELECT now() AS c").arrow()["c"].type.tz == "UTC"
