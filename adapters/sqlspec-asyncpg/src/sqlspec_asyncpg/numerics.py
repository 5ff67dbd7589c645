# pyright: reportMissingTypeStubs=false
"""Numerics with the digits that the server shows: asyncpg reads 100000 as `1.0E+5`.

As texts they are read fastest. But asyncpg takes no texts within ranges, composites and records, and COPY
takes none at all. So a connection that meets one of the former goes over to bytes, and a COPY uses asyncpg's
own way.
"""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from .watched_connection import WatchedConnection

__all__ = ("forget_numeric", "set_numeric")

_HEAD = struct.Struct(">HhHH")  # how many groups of four digits, weight of the first, sign, digits to show
_NEGATIVE = 0x4000
_ODD_NUMBERS = {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}
_SIGNS = {text: sign for sign, text in _ODD_NUMBERS.items()}


async def set_numeric(raw: WatchedConnection, *, is_text: bool) -> None:
    """As texts, or as bytes. Nothing is sent."""
    encoder, decoder, style = (
        (_numeric_text, Decimal, "text") if is_text else (_write_numeric, _read_numeric, "binary")
    )
    await asyncpg.Connection.set_type_codec(
        raw, "numeric", schema="pg_catalog", encoder=encoder, decoder=decoder, format=style
    )


async def forget_numeric(raw: WatchedConnection) -> None:
    """As asyncpg sends them: for COPY, after the values were looked at."""
    await asyncpg.Connection.reset_type_codec(raw, "numeric", schema="pg_catalog")


def _numeric_text(value: Decimal | int) -> str:
    # A signalling one is sent as the only one that PostgreSQL has.
    return "NaN" if isinstance(value, Decimal) and value.is_nan() else str(value)


def _write_numeric(value: Decimal | int) -> bytes:
    text = f"{value:f}" if isinstance(value, Decimal) else str(int(value))
    if text in _SIGNS:
        return _HEAD.pack(0, 0, _SIGNS[text], 0)
    whole, _, fraction = text.lstrip("-").partition(".")
    scale = len(fraction)
    whole = "0" * (-len(whole) % 4) + whole
    digits = whole + fraction + "0" * (-scale % 4)
    groups = [int(digits[at : at + 4]) for at in range(0, len(digits), 4)]
    sign = _NEGATIVE if text.startswith("-") else 0
    head = _HEAD.pack(len(groups), len(whole) // 4 - 1, sign, scale)
    return head + struct.pack(f">{len(groups)}H", *groups)


def _read_numeric(data: bytes) -> Decimal:
    count, weight, sign, scale = _HEAD.unpack_from(data)
    if sign > _NEGATIVE:
        return Decimal(_ODD_NUMBERS[sign])
    number = 0
    for group in struct.unpack_from(f">{count}H", data, _HEAD.size):
        number = number * 10_000 + group
    zeros = scale - 4 * (count - weight - 1)  # that the server did not send, or sent too many of
    if zeros > 0:
        number *= 10**zeros
    elif zeros:
        number //= 10**-zeros
    if not scale:
        return Decimal(-number if sign else number)
    return Decimal(f"{'-' if sign else ''}{number}E-{scale}")
