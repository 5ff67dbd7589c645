"""Configs of adapters that do not exist, and what the tests of configs share."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Any, ClassVar

from sqlspec.config import AsyncOnlyConfig, DatabaseConfig, Secret

if TYPE_CHECKING:
    import sqlite3  # noqa: F401 - named in quotes below
    from collections.abc import Iterator

CANARY = "hunter2canary"


class FakeSession:
    """A session's type."""


class NetConfig(DatabaseConfig[FakeSession, FakeSession, "sqlite3.Connection"], frozen=True, kw_only=True):
    """A server's config."""

    adapter: ClassVar[str] = "net"
    url_schemes: ClassVar[tuple[str, ...]] = ("netsql",)
    url_fields: ClassVar[Mapping[str, str]] = {
        "host": "host",
        "port": "port",
        "username": "user",
        "password": "password",
        "database": "database",
    }
    code_only: ClassVar[frozenset[str]] = frozenset({"local_infile"})

    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: Secret | None = None
    database: str | None = None
    busy_timeout: float = 5.0
    local_infile: bool = False


class FileConfig(DatabaseConfig[FakeSession, FakeSession], frozen=True, kw_only=True):
    """An embedded database's config."""

    adapter: ClassVar[str] = "file"
    url_fields: ClassVar[Mapping[str, str]] = {"database": "database"}

    database: str | None = None
    settings: Mapping[str, str] = {}


class ClusterConfig(AsyncOnlyConfig[FakeSession], frozen=True, kw_only=True):
    """An async server's config, with several hosts."""

    adapter: ClassVar[str] = "cluster"
    url_fields: ClassVar[Mapping[str, str]] = {"hosts": "hosts"}

    hosts: tuple[tuple[str, int | None], ...] = ()


def everything_said(exc: BaseException) -> Iterator[str]:
    """Every text of an exception and of those chained to it, suppressed ones included."""
    pending: list[BaseException | None] = [exc]
    while pending:
        current = pending.pop()
        if current is not None:
            yield f"{current!s} {current!r} {_attributes(current)}"
            pending += [current.__cause__, current.__context__]


def _attributes(exc: BaseException) -> list[Any]:
    return [*vars(exc).values(), *exc.args, *getattr(exc, "__notes__", ())]
