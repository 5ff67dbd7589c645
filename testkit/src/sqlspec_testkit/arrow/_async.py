# The source of _sync.py, which tools/print_sync.py prints from it.
# ruff: noqa: S101 - assertions are the point, and the names are our own
"""A table of Arrow has the types of the columns, and not those that its values happen to have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.plugin import Capability
from sqlspec_testkit.adapter import AdapterTests
from sqlspec_testkit.fixtures._async import AsyncFixtures
from sqlspec_testkit.promises import promised
from sqlspec_testkit.values._async import VALUES

if TYPE_CHECKING:
    from sqlspec import SQLSpec

__all__ = ("AsyncArrow",)

KINDS = {
    "text": ("is_string", "is_large_string", "is_string_view"),
    "bytes": ("is_binary", "is_large_binary", "is_binary_view"),
    "bigint": ("is_int64",),
    "double": ("is_float64",),
    "date": ("is_date",),
    "timestamp": ("is_timestamp",),
    "decimal": ("is_decimal",),
    "boolean": ("is_boolean",),
}
"""What pyarrow calls each of the types."""


class AsyncArrow(AsyncFixtures):
    """ARROW: the same type for every result of a statement, and the same values as rows."""

    @promised(Capability.ARROW)
    @pytest.mark.parametrize("rows", ["values", "nothing but NULL", "no rows"])
    @pytest.mark.parametrize("kind", AdapterTests.types)
    async def test_a_column_of_arrow_has_the_type_of_the_column(
        self, spec: SQLSpec, kind: str, rows: str
    ) -> None:
        """Also of a result that has no value to guess it from."""
        pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        value = next(value for found, value in VALUES.values() if found == kind)
        given: dict[str, list[Any]] = {"values": [value, None], "nothing but NULL": [None], "no rows": []}

        table = await self._table(spec, kind, given[rows])

        found = table.schema.field("v").type
        names = [name for name in KINDS[kind] if hasattr(pyarrow.types, name)]
        assert any(getattr(pyarrow.types, name)(found) for name in names), f"{kind} came as {found}"
        assert table.column("v").to_pylist() == given[rows]

    async def _table(self, spec: SQLSpec, kind: str, values: list[Any]) -> Any:
        create = f"CREATE TABLE sqlspec_kit_values (id INTEGER NOT NULL PRIMARY KEY, v {self.type_of(kind)})"
        insert = "INSERT INTO sqlspec_kit_values (id, v) VALUES (?, ?)"
        async with spec.provide_session(autocommit=True) as session:
            await session.execute(create)
            try:
                for number, value in enumerate(values):
                    await session.execute(insert, (number, value))
                return await session.execute("SELECT v FROM sqlspec_kit_values ORDER BY id").arrow()
            finally:
                await session.execute("DROP TABLE sqlspec_kit_values")
