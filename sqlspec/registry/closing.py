"""Closing many databases: each is closed, whatever the others raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.concurrency.interruptions import is_interruption

if TYPE_CHECKING:
    from sqlspec.database import Database

__all__ = ("aclose_all", "close_all")


def close_all(databases: list[Database]) -> None:
    """Close them in order. Raises an `ExceptionGroup` of what they raised."""
    errors: list[Exception] = []
    for database in databases:
        try:
            database.close()
        except Exception as exc:  # noqa: BLE001 - collected
            errors.append(exc)
    _raise_together(errors)


async def aclose_all(databases: list[Database]) -> None:
    """The same in the running event loop, with a close message to each server."""
    errors: list[Exception] = []
    try:
        while databases:
            try:
                await databases.pop(0).aclose()
            except Exception as exc:  # noqa: BLE001 - collected
                errors.append(exc)
    finally:  # cancelled: the rest is closed without a message
        for database in databases:
            database.close()
    _raise_together(errors)


def _raise_together(errors: list[Exception]) -> None:
    """An interruption is no error of a database, and comes out as itself."""
    if not errors:
        return
    for error in errors:
        if is_interruption(error):
            raise error
    msg = "closing databases"
    raise ExceptionGroup(msg, errors)
