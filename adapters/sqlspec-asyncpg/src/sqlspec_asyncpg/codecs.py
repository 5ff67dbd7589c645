"""How values are sent and read, where asyncpg's own way changes them.

asyncpg takes the ends of Python's calendar for infinity and the other way round, and drops a zone where the
type has none. In the binary format, because COPY takes no other.

An encoder that raises says: not this value for this type. Then nothing is sent.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from sqlspec.plugin.postgresql import unreadable_value

from .numerics import set_numeric

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.errors import StatementError

    from .watched_connection import WatchedConnection

    Codec = tuple[str, Callable[[Any], Any], Callable[[Any], Any]]

__all__ = ("UnreadableError", "set_codecs", "to_json")

_JSONB_VERSION = b"\x01"
_EPOCH, _EPOCH_UTC = datetime(2000, 1, 1), datetime(2000, 1, 1, tzinfo=UTC)  # noqa: DTZ001 - of naive times
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_from_ordinal = date.fromordinal
_SECOND, _DAY = 1_000_000, 86_400_000_000  # microseconds


class UnreadableError(Exception):
    """A value of a result is none that Python has."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind

    def of(self, prepared: Any) -> StatementError:
        """Ours, which says in which column."""
        attributes = prepared.get_attributes()
        return unreadable_value(
            self.kind, [one.name for one in attributes if one.type.name.removesuffix("[]") == self.kind]
        )


async def set_codecs(raw: WatchedConnection) -> None:
    """Use these. asyncpg knows the types, so nothing is sent."""
    for codecs, style in ((_AS_BYTES, "binary"), (_AS_NUMBERS, "tuple")):
        for name, encoder, decoder in codecs:
            await raw.set_type_codec(
                name, schema="pg_catalog", encoder=encoder, decoder=decoder, format=style
            )
    await set_numeric(raw, is_text=True)
    raw.has_new_codecs = False


# --- documents --------------------------------------------------------------------------------------


def to_json(value: Any) -> str:
    """A document's text. NaN is no JSON, and neither is infinity."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _write_json(value: Any) -> bytes:
    """A str is a document already, as it is in any other client."""
    return (value if isinstance(value, str) else to_json(value)).encode()


def _write_jsonb(value: Any) -> bytes:
    return _JSONB_VERSION + _write_json(value)


def _read_jsonb(data: bytes) -> Any:
    return json.loads(data[1:])


# --- time -------------------------------------------------------------------------------------------


def _write_date(value: date) -> tuple[int]:
    if isinstance(value, datetime):
        raise TypeError
    return (value.toordinal() - _EPOCH_DAY,)


def _read_date(sent: tuple[int]) -> date:
    try:
        return _from_ordinal(sent[0] + _EPOCH_DAY)
    except (ValueError, OverflowError):
        raise UnreadableError("date") from None


def _microseconds(span: timedelta) -> int:
    return span.days * _DAY + span.seconds * _SECOND + span.microseconds


def _write_timestamp(value: datetime) -> tuple[int]:
    if value.tzinfo is not None:
        raise ValueError
    return (_microseconds(value - _EPOCH),)


def _read_timestamp(sent: tuple[int]) -> datetime:
    try:
        return _EPOCH + timedelta(0, 0, sent[0])
    except OverflowError:
        raise UnreadableError("timestamp") from None


def _write_timestamptz(value: datetime) -> tuple[int]:
    offset = value.utcoffset()
    if offset is None:
        raise ValueError
    # Not by astimezone(), which can not leave Python's calendar; the server's is longer.
    return (_microseconds(value.replace(tzinfo=None) - _EPOCH) - _microseconds(offset),)


def _read_timestamptz(sent: tuple[int]) -> datetime:
    try:
        return _EPOCH_UTC + timedelta(0, 0, sent[0])
    except OverflowError:
        raise UnreadableError("timestamptz") from None


def _since_midnight(value: time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * _SECOND + value.microsecond


def _write_time(value: time) -> tuple[int]:
    if value.tzinfo is not None:
        raise ValueError
    return (_since_midnight(value),)


def _read_time(sent: tuple[int]) -> time:
    seconds, microseconds = divmod(sent[0], _SECOND)
    try:
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60, microseconds)
    except ValueError:  # 24:00:00
        raise UnreadableError("time") from None


def _write_timetz(value: time) -> tuple[int, int]:
    offset = value.utcoffset()
    if offset is None:
        raise ValueError
    return _since_midnight(value), -offset.days * 86_400 - offset.seconds


def _read_timetz(sent: tuple[int, int]) -> time:
    try:
        return _read_time((sent[0],)).replace(tzinfo=timezone(timedelta(seconds=-sent[1])))
    except UnreadableError:
        raise UnreadableError("timetz") from None


def _write_interval(value: timedelta) -> tuple[int, int, int]:
    return 0, value.days, value.seconds * _SECOND + value.microseconds


def _read_interval(sent: tuple[int, int, int]) -> timedelta:
    months, days, microseconds = sent
    if months:  # each of 30 days, but twelve of 365
        sign = 1 if months > 0 else -1
        years, months = divmod(abs(months), 12)
        days += sign * (years * 365 + months * 30)
    try:
        return timedelta(days, 0, microseconds)
    except OverflowError:
        raise UnreadableError("interval") from None


_AS_BYTES: tuple[Codec, ...] = (
    ("json", _write_json, json.loads),
    ("jsonb", _write_jsonb, _read_jsonb),
)
_AS_NUMBERS: tuple[Codec, ...] = (
    ("date", _write_date, _read_date),
    ("timestamp", _write_timestamp, _read_timestamp),
    ("timestamptz", _write_timestamptz, _read_timestamptz),
    ("time", _write_time, _read_time),
    ("interval", _write_interval, _read_interval),
    ("timetz", _write_timetz, _read_timetz),
)
