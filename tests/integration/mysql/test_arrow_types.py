"""The Arrow types of columns are those that the server declares, with rows and without."""
# ruff: noqa: DTZ001 - MySQL stores naive ones

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sqlspec import SQLSpec

pa: Any = import_module("pyarrow")
COLUMNS: list[tuple[str, Any, Any]] = [
    ("BOOLEAN", 1, pa.int8()),
    ("TINYINT", -128, pa.int8()),
    ("TINYINT UNSIGNED", 255, pa.uint8()),
    ("SMALLINT", -(2**15), pa.int16()),
    ("SMALLINT UNSIGNED", 2**16 - 1, pa.uint16()),
    ("MEDIUMINT", -(2**23), pa.int32()),
    ("MEDIUMINT UNSIGNED", 2**24 - 1, pa.uint32()),
    ("INT", -(2**31), pa.int32()),
    ("INT(3) ZEROFILL", 7, pa.uint32()),
    ("INT UNSIGNED", 2**32 - 1, pa.uint32()),
    ("BIGINT", -(2**63), pa.int64()),
    ("BIGINT UNSIGNED", 2**64 - 1, pa.uint64()),
    ("YEAR", 2155, pa.int16()),
    ("FLOAT", 0.1, pa.float64()),
    ("DOUBLE", 0.1, pa.float64()),
    ("DOUBLE(10,2)", 0.25, pa.float64()),
    ("DECIMAL(10,2)", Decimal("-12345678.90"), pa.decimal128(10, 2)),
    ("DECIMAL(10,2) UNSIGNED", Decimal("12345678.90"), pa.decimal128(10, 2)),
    ("DECIMAL(9,0)", Decimal(-999999999), pa.decimal128(9, 0)),
    ("DECIMAL(2,2)", Decimal("-0.99"), pa.decimal128(2, 2)),
    ("DECIMAL(38,10)", Decimal("9" * 28 + ".0123456789"), pa.decimal128(38, 10)),
    ("DECIMAL(65,30)", Decimal("9" * 35 + "." + "1" * 30), pa.decimal256(65, 30)),
    ("CHAR(3)", "abc", pa.string()),
    ("VARCHAR(9) CHARACTER SET latin1", "ü", pa.string()),
    ("TINYTEXT", "a", pa.string()),
    ("LONGTEXT", "a", pa.string()),
    ("ENUM('a', 'b')", "a", pa.string()),
    ("SET('a', 'b')", "a,b", pa.string()),
    ("JSON", '{"a": [1]}', pa.string()),
    ("UUID", "00000000-0000-0000-0000-000000000007", pa.string()),
    ("INET6", "::1", pa.string()),
    ("BINARY(3)", b"abc", pa.binary()),
    ("VARBINARY(3)", b"\xff", pa.binary()),
    ("LONGBLOB", b"\xff", pa.binary()),
    ("BIT(9)", b"\x01\x00", pa.binary()),
    ("DATE", date(2024, 2, 29), pa.date32()),
    ("DATETIME", datetime(2024, 2, 29, 1, 2, 3), pa.timestamp("us")),
    ("DATETIME(6)", datetime(2024, 2, 29, 1, 2, 3, 4), pa.timestamp("us")),
    ("TIMESTAMP(3)", datetime(2024, 2, 29, 1, 2, 3, 4000), pa.timestamp("us")),
    ("TIME(6)", timedelta(hours=-800, microseconds=-1), pa.duration("us")),
]
EXPRESSIONS: list[tuple[str, Any, Any]] = [
    ("1", 1, pa.int32()),
    ("5000000000", 5000000000, pa.int64()),
    ("count(*)", 1, pa.int64()),
    ("sum(big)", Decimal(5), pa.decimal128(38, 0)),
    ("1.5", Decimal("1.5"), pa.decimal128(2, 1)),
    ("1e0", 1.0, pa.float64()),
    ("NULL", None, pa.null()),
    ("now() > 0", 1, pa.int32()),
    ("concat('a', 1)", "a1", pa.string()),
    ("cast('a' AS BINARY)", b"a", pa.binary()),
    ("point(1, 2)", None, pa.binary()),
]


@pytest.mark.parametrize("size", ["small", "large", "empty"])
async def test_columns_have_their_declared_types(spec: SQLSpec, size: str) -> None:
    """With rows, with too many to arrive at once, and without; the second time from the cache."""
    names = [f"c{number}" for number in range(len(COLUMNS))]
    count = {"small": 2, "large": 3000, "empty": 0}[size]
    async with spec.provide_session() as session:
        columns = ", ".join(f"{name} {kind}" for name, (kind, _, _) in zip(names, COLUMNS, strict=True))
        await session.execute(f"CREATE TABLE typed ({columns})")
        if count:
            await session.load("typed", [tuple(value for _, value, _ in COLUMNS)] * count, names)
        for _ in range(2):
            table = await session.execute("SELECT * FROM typed").arrow()
            assert table.schema.types == [kind for _, _, kind in COLUMNS]
            assert len(table) == count
            if count:
                for name, (_, value, _) in zip(names, COLUMNS, strict=True):
                    assert set(table[name].to_pylist()) == {value}


@pytest.mark.parametrize(
    ("expression", "value", "kind"), EXPRESSIONS, ids=[expression for expression, _, _ in EXPRESSIONS]
)
async def test_so_have_expressions(spec: SQLSpec, expression: str, value: Any, kind: Any) -> None:
    """Of which the server makes up the types."""
    async with spec.provide_session() as session:
        await session.execute("CREATE TEMPORARY TABLE numbers (big BIGINT)")
        await session.execute("INSERT INTO numbers VALUES (5)")
        full = await session.execute(f"SELECT {expression} AS a FROM numbers").arrow()
        empty = await session.execute(f"SELECT {expression} AS a FROM numbers WHERE big = 6 HAVING 0").arrow()

    (found,) = full.schema.types
    assert pa.types.is_decimal(found) if pa.types.is_decimal(kind) else found == kind
    assert (len(full), len(empty), empty.schema) == (1, 0, full.schema)
    if expression != "point(1, 2)":
        assert full["a"].to_pylist() == [value]


async def test_rows_of_several_statements_have_types_that_fit_all(spec: SQLSpec) -> None:
    """Found in the values where they differ; so it is for further results."""
    async with spec.provide_session() as session:
        returned = await session.execute_many(
            "INSERT INTO item SELECT ?, ? RETURNING id", [(1, "a"), (2, "b")]
        )
        other = await session.execute_many("SELECT ? AS a, 'x' AS b", [(1,), (2.5,)])
        _, second = (await session.execute("BEGIN NOT ATOMIC SELECT 1; SELECT 'a' AS a; END")).result_sets()

    assert returned.arrow().schema.types == [pa.int32()]
    assert other.arrow().schema.types == [pa.float64(), pa.string()]
    assert second.arrow().schema.types == [pa.string()]
