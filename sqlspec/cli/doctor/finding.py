"""One line of the doctor's."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ("Finding",)


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it is, and what to do."""

    subject: str
    status: Literal["ok", "warning", "problem"]
    message: str
    advice: str = ""
    """What to do; empty where it is well."""
