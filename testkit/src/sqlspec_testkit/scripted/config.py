"""The config of a scripted database."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a config's annotations are read at runtime
from typing import ClassVar

from sqlspec import AsyncSession, DatabaseConfig, Session

from .backend import Backend

__all__ = ("ScriptedConfig",)


class ScriptedConfig(DatabaseConfig[Session, AsyncSession, Backend, Backend], frozen=True, kw_only=True):
    """A database of the script that the registry's `ScriptedPlugin` holds. URLs: `scripted:///name`."""

    adapter: ClassVar[str] = "scripted"
    url_fields: ClassVar[Mapping[str, str]] = {"database": "database"}

    database: str = "scripted"
    """Noted on each connection, so that a test sees by which config it was made."""
