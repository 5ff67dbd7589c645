"""Columns of Arrow tables have the type that the database declares, with rows and without any."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import MappingError

if TYPE_CHECKING:
    from .sides import Door

pa: Any = import_module("pyarrow")  # which has no types
MADE = """
CREATE TYPE mood AS ENUM ('good');
CREATE DOMAIN small AS int;
CREATE DOMAIN price AS numeric(8, 2);
"""
TEXT = pa.string()
TYPES: dict[str, tuple[str, Any]] = {
    "bool": ("true", pa.bool_()),
    "int2": ("5", pa.int16()),
    "int4": ("5", pa.int32()),
    "int8": ("5", pa.int64()),
    "oid": ("5", pa.uint32()),
    "float4": ("1.5", pa.float32()),
    "float8": ("'-Infinity'", pa.float64()),
    "numeric(7, 2)": ("1.5", pa.decimal128(7, 2)),
    "numeric(38, 10)": ("1.5", pa.decimal128(38, 10)),
    "numeric(50, 3)": ("1.5", pa.decimal256(50, 3)),
    "numeric(3, -2)": ("1200", pa.decimal128(5, 0)),
    "numeric(2, 4)": ("0.0012", pa.decimal128(4, 4)),
    "price": ("1.5", pa.decimal128(8, 2)),
    "text": ("'a'", TEXT),
    "varchar(9)": ("'a'", TEXT),
    "char(3)": ("'a'", TEXT),
    "name": ("'a'", TEXT),
    "xml": ("'<a/>'", TEXT),
    "money": ("5", TEXT),
    "bytea": (r"'\x00ff'", pa.binary()),
    "date": ("'2024-02-29'", pa.date32()),
    "time": ("'01:02:03'", pa.time64("us")),
    "timetz": ("'01:02:03+02'", TEXT),
    "timestamp": ("'2024-02-29'", pa.timestamp("us")),
    "timestamptz": ("'2024-02-29 12:00+02'", pa.timestamp("us", "UTC")),
    "interval": ("'3 days -1 second'", pa.duration("us")),
    "uuid": ("'00000000-0000-0000-0000-000000000005'", TEXT),
    "inet": ("'10.0.0.1'", TEXT),
    "cidr": ("'10.0.0.0/8'", TEXT),
    "macaddr": ("'08:00:2b:01:02:03'", TEXT),
    "tsvector": ("'a b'", TEXT),
    "regclass": ("'pg_class'", TEXT),
    "mood": ("'good'", TEXT),
    "small": ("5", pa.int32()),
}
DOCUMENTS = {"json": """'{"a": 1}'""", "jsonb": "'[1]'"}


def _table() -> dict[str, tuple[str, Any]]:
    """The types, and arrays of them; an array of documents is a document."""
    arrays = {f"{kind}[]": (f"ARRAY[{value}, NULL]", pa.list_(one)) for kind, (value, one) in TYPES.items()}
    del arrays["price[]"]  # the server does not say of which precision the elements' domain is
    documents = {kind: (value, TEXT) for kind, value in DOCUMENTS.items()}
    many = {f"{kind}[]": (f"ARRAY[{value}]", TEXT) for kind, value in DOCUMENTS.items()}
    deep = {"int4 [][]": ("ARRAY[[1, 2], [3, NULL]]", pa.list_(pa.list_(pa.int32())))}
    return TYPES | arrays | documents | many | deep


@pytest.mark.parametrize("way", ["execute", "execute_many"])
async def test_a_column_has_its_declared_type(door: Door, way: str) -> None:
    """With a value, with NULL, and with no row at all, which no connection has seen a value of before."""
    wrong: dict[str, Any] = {}
    await door.run(MADE)

    for kind, (value, wanted) in _table().items():
        async with door.session() as session:
            for rows in ("WHERE false", "", f"UNION ALL SELECT NULL::{kind}"):
                statement = f"SELECT {value}::{kind} AS v {rows}"
                result = await _run(session, way, statement)
                table = result.arrow()
                if table.schema.field("v").type != wanted and not (kind.endswith("[][]") and "false" in rows):
                    wrong[f"{kind} {rows}"] = table.schema.field("v").type
                if len(table) != len(result.all()):
                    wrong[f"{kind} {rows}"] = len(table)

    assert wrong == {}


async def _run(session: Any, way: str, statement: str) -> Any:
    return await (session.execute(statement) if way == "execute" else session.execute_many(statement, [()]))


async def test_a_numeric_without_a_precision_is_what_its_values_are(door: Door) -> None:
    """Nothing is known of an empty one."""
    async with door.session() as session:
        full = (await session.execute("SELECT 1.50::numeric AS v UNION ALL SELECT 12345.6")).arrow()
        empty = (await session.execute("SELECT 1::numeric AS v WHERE false")).arrow()

    assert list(map(str, full["v"].to_pylist())) == ["1.50", "12345.60"]
    assert empty.schema.field("v").type == pa.null()


async def test_a_value_that_the_declared_type_can_not_hold_is_an_error(door: Door) -> None:
    """NaN is a numeric, and no decimal."""
    async with door.session() as session:
        result = await session.execute("SELECT 'NaN'::numeric(5, 2) AS v")
        with pytest.raises(MappingError, match="'v'"):
            result.arrow()


async def test_a_large_result_has_the_types_too(door: Door) -> None:
    """And returned rows of a table have those of its columns."""
    await door.run("CREATE TABLE t (a smallint, b numeric(5, 1), c text[])")

    async with door.session() as session:
        found = await session.execute(
            "INSERT INTO t SELECT n % 9, n % 9, '{a}' FROM generate_series(1, 3000) n RETURNING *"
        )

    wanted = [pa.int16(), pa.decimal128(5, 1), pa.list_(pa.string())]
    assert [field.type for field in found.arrow().schema] == wanted
    assert len(found.arrow()) == 3000
