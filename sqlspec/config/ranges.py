"""Checks of ranges that configs share; each raises the error that names the field."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlspec.config.struct import ConfigStruct


def duration(config: ConfigStruct, *names: str) -> None:
    """Each named field is a finite number of seconds above zero, or None where its type allows that."""
    for name in names:
        value: float | None = getattr(config, name)
        if value is not None and not (isfinite(value) and value > 0):
            raise config.invalid(name, "must be a finite number of seconds above 0")


def count(config: ConfigStruct, name: str, *, least: int) -> None:
    """The named field is not below *least*."""
    if getattr(config, name) < least:
        raise config.invalid(name, f"must be at least {least}")
