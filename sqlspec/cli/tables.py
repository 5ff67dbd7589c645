"""Tables by the names that are typed: `schema.table` in their exact case, quoted where a part has dots."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlspec import AsyncSession
from sqlspec.errors import InvalidArgumentError, NotSupportedError, SQLSpecError, did_you_mean
from sqlspec.plugin import Capability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlspec import SQLSpec
    from sqlspec.plugin import Dialect

__all__ = (
    "Place",
    "check_columns",
    "described",
    "dialect_name",
    "parts_of",
    "place_of",
    "quoted",
    "read_only_of",
    "sql_session",
)

_PART = re.compile(r'"(?:[^"]|"")+"|`(?:[^`]|``)+`|[^".`]+')


class Place(NamedTuple):
    """A table of a database."""

    database: str
    table: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.database}:{'.'.join(self.table)}"


def place_of(text: str) -> Place:
    """What `NAME:TABLE` means."""
    database, colon, table = text.partition(":")
    if not (database and colon and table):
        raise InvalidArgumentError(
            f"{text!r} is no table of a database; write NAME:TABLE, such as main:users"
        )
    return Place(database, parts_of(table))


def parts_of(table: str) -> tuple[str, ...]:
    """The parts of a table's name, without quotes."""
    parts: list[str] = []
    rest = table
    while match := _PART.match(rest):
        part, rest = match[0], rest[match.end() :]
        mark = part[0] if part[0] in '"`' else ""
        parts.append(part[1:-1].replace(mark * 2, mark) if mark else part)
        if not rest.startswith("."):
            break
        rest = rest[1:] or "."
    if rest or not parts:
        raise InvalidArgumentError(f"{table!r} is no name of a table; write table or schema.table")
    return tuple(parts)


def quoted(parts: Sequence[str], dialect: str | Dialect) -> str:
    """A name as SQL takes it."""
    mark = "`" if dialect_name(dialect) == "mysql" else '"'
    return ".".join(f"{mark}{part.replace(mark, mark * 2)}{mark}" for part in parts)


def dialect_name(dialect: str | Dialect) -> str:
    """What the dialect of an adapter is called."""
    return dialect if isinstance(dialect, str) else dialect.name


def sql_session(session: Any, name: str) -> AsyncSession:
    """The session, which speaks SQL. Raises `NotSupportedError` for one of another kind."""
    if isinstance(session, AsyncSession):
        return session
    raise NotSupportedError(f"database {name!r} does not speak SQL; this command needs one that does")


def read_only_of(spec: SQLSpec, name: str) -> bool | None:
    """What to ask of a session that only reads: True where the adapter can promise it."""
    info = spec.plugins.adapter(spec.get_config(name).adapter).info
    return True if Capability.READ_ONLY in info.capabilities else None


async def described(session: AsyncSession, spec: SQLSpec, place: Place) -> Any:
    """An empty result with the columns of the table."""
    dialect = spec.plugins.adapter(spec.get_config(place.database).adapter).info.dialect
    return await session.execute(f"SELECT * FROM {quoted(place.table, dialect)} WHERE 1 = 0")  # noqa: S608 - quoted


def check_columns(wanted: Sequence[str], there: Sequence[str], place: Place) -> None:
    """Raise if the table lacks a column, or if one comes twice."""
    for column in wanted:
        if column not in there:
            raise SQLSpecError(
                f"{place} has no column {column!r}. {did_you_mean(column, there, otherwise='It has')}"
            )
        if list(wanted).count(column) > 1:
            raise SQLSpecError(f"column {column!r} comes twice; rename one of them")
