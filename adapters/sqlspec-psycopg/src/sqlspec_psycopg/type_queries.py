"""How the server is asked about types: a statement with numbered parameters, and the catalogue's arrays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.pq.abc import PGresult

__all__ = ("array_elements", "number_placeholders")

_PLACEHOLDER = re.compile(r"%(?:%|(?:\((?P<name>[^)]*)\))?[sbt])")


def array_elements(result: PGresult) -> Iterator[tuple[int, int | None, str]]:
    """The rows of `ARRAY_ELEMENTS`: each type, its element's type if it is an array, and the delimiter."""
    for row in range(result.ntuples):
        oid, element, delimiter = (result.get_value(row, place) for place in range(3))
        yield int(oid or 0), None if element is None else int(element), (delimiter or b"").decode()


def number_placeholders(statement: str) -> tuple[str, list[int | str]]:
    """A statement with `$1` in place of `%s` or `%(name)s`, and the parameter of each number."""
    keys: list[int | str] = []

    def numbered(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        key: int | str = len(keys) if found["name"] is None else found["name"]
        if key not in keys:
            keys.append(key)
        return f"${keys.index(key) + 1}"

    return _PLACEHOLDER.sub(numbered, statement), keys
