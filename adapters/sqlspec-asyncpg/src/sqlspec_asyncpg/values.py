"""Values on their way to PostgreSQL and back, where asyncpg's own way is not ours."""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlspec.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .watched_connection import WatchedConnection

__all__ = ("misfit", "plain", "plain_rows", "set_codecs")

_ARGUMENT = re.compile(r"query argument \$(\d+)(?: in element #(\d+))?")
_COUNTS = re.compile(r"expects (\d+) arguments? for this query, (\d+) ")
_JSONB_VERSION = b"\x01"


async def set_codecs(raw: WatchedConnection) -> None:
    """JSON documents as Python's dicts and lists. asyncpg knows both types, so nothing is sent.

    In the binary format, because COPY takes no other.
    """
    for name, encoder, decoder in (("json", _to_json, json.loads), ("jsonb", _to_jsonb, _from_jsonb)):
        await raw.set_type_codec(name, schema="pg_catalog", encoder=encoder, decoder=decoder, format="binary")
    raw.has_new_codecs = False


def _to_json(value: Any) -> bytes:
    """A str is a document already, as it is in any other client."""
    if isinstance(value, str):
        return value.encode()
    # NaN is no JSON, and neither is infinity.
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def _to_jsonb(value: Any) -> bytes:
    return _JSONB_VERSION + _to_json(value)


def _from_jsonb(data: bytes) -> Any:
    return json.loads(data[1:])


# --- parameters that do not fit ---------------------------------------------------------------------


def plain(values: Sequence[Any]) -> Sequence[Any] | None:
    """The values of enums in place of their members; None where there are none."""
    if not any(isinstance(value, Enum) for value in values):
        return None
    return tuple([value.value if isinstance(value, Enum) else value for value in values])


def plain_rows(rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]] | None:
    """The same for many rows."""
    changed = [plain(row) for row in rows]
    if not any(row is not None for row in changed):
        return None
    return [old if new is None else new for new, old in zip(changed, rows, strict=True)]


def misfit(exc: Exception, prepared: Any, rows: Sequence[Sequence[Any]]) -> ParameterError:
    """What asyncpg means, without the value that it quotes."""
    found, counted = _ARGUMENT.search(str(exc)), _COUNTS.search(str(exc))
    if counted is not None:
        return ParameterError(f"the statement takes {counted[1]} parameters, {counted[2]} given")
    if found is None:
        return ParameterError("these parameters do not fit the statement")
    place, row = int(found[1]) - 1, found[2]
    value = _at(rows, int(row or 0), place)
    kind = prepared.get_parameters()[place].name
    of_row = "" if row is None else f"row {int(row) + 1}: "
    return ParameterError(
        f"{of_row}parameter {place + 1}: PostgreSQL's {kind} can not take this {type(value).__name__}; "
        "convert it, or cast the parameter in the statement: ?::bigint"
    )


def _at(rows: Sequence[Sequence[Any]], row: int, place: int) -> Any:
    try:
        return rows[row][place]
    except (IndexError, KeyError):
        return None
