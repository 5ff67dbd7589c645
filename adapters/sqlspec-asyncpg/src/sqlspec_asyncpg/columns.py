# pyright: reportMissingTypeStubs=false
"""The columns of a prepared statement: their names, and their types as the server describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.plugin.postgresql import ARRAY_ELEMENTS, FIRST_OF_USERS, arrow_types

from .wire_tap import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .watched_connection import WatchedConnection

__all__ = ("Columns", "DescriptionReader", "describe")

DESCRIPTION = b"T"[0]
TYPE_AT, MODIFIER_AT, SIZE = 6, 12, 18
"""In RowDescription, from the end of a column's name: the type, its modifier, and where the next name is."""


class Columns(tuple[str, ...]):  # noqa: SLOT001 - a tuple with attributes can have no slots
    """The names. A tuple, because nearly all that is asked of it is that."""

    types: Sequence[tuple[int, int]] = ()
    """The number of each column's type, and its modifier."""
    elements: dict[int, int | None]
    """See `sqlspec.plugin.postgresql.arrow_types`."""

    def named(self, names: Columns) -> Columns:
        """These with the names of the same statement without casts."""
        if self == names:
            return self
        columns = Columns(names)
        columns.types, columns.elements = self.types, self.elements
        return columns

    def arrow_types(self) -> Sequence[Any]:
        """For an Arrow table."""
        return arrow_types(self.types, self.elements)


class DescriptionReader(Reply):
    """Reads how the server describes a statement, of which asyncpg keeps the modifiers to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.types: list[tuple[int, int]] | None = None

    def _note(self, kind: int, data: bytes, start: int, end: int) -> None:
        if kind == DESCRIPTION and self.types is None:  # further ones are asyncpg's own, about types
            self.types, at = [], start + 2
            while at < end:
                at = data.index(0, at) + 1
                oid = int.from_bytes(data[at + TYPE_AT : at + TYPE_AT + 4], "big")
                modifier = int.from_bytes(data[at + MODIFIER_AT : at + MODIFIER_AT + 4], "big", signed=True)
                self.types.append((oid, modifier))
                at += SIZE
        else:
            super()._note(kind, data, start, end)


async def describe(
    raw: WatchedConnection, prepared: Any, types: Sequence[tuple[int, int]], elements: dict[int, int | None]
) -> Columns:
    """The columns of a statement; *elements* are known of types already, and more are added."""
    attributes = prepared.get_attributes()
    columns = Columns([attribute.name for attribute in attributes])
    columns.elements, unknown = elements, list[str]()
    if len(types) == len(columns):
        columns.types = types
    for kind in [attribute.type for attribute in attributes]:
        if kind.oid >= FIRST_OF_USERS and kind.oid not in elements:
            elements[kind.oid] = None if kind.kind in {"composite", "range", "multirange"} else 0
            unknown += [str(kind.oid)] if kind.kind == "array" else []
    if unknown:
        found = await raw.fetch(ARRAY_ELEMENTS % ",".join(unknown))
        elements.update({oid: element for oid, element, _ in found})
    return columns
