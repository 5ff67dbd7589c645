"""Databases that are filled once, and cloned for each test or each worker."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Protocol

from .errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ("Template", "fill_database")


class Cloning(Protocol):
    """A server that makes databases."""

    def url(self, *, database: str | None = None) -> str:
        """Where a client finds one of them."""
        ...


class Template:
    """A database that was filled; see `PostgreSQL.template`. Any thread may clone it."""

    def __init__(self, server: Cloning, clone: Callable[[], AbstractContextManager[str]]) -> None:
        """*clone* makes a copy inside of a block, and gives its name."""
        self._server, self._clone = server, clone

    @contextmanager
    def clone(self) -> Generator[str, None, None]:
        """A copy inside of the block: its URL. Who is still connected at the end is thrown out."""
        with self._clone() as name:
            yield self._server.url(database=name)


def fill_database(fill: Callable[[str], object], url: str) -> None:
    """Have the application make its tables. ServerError if that needs an event loop."""
    done = fill(url)
    if isawaitable(done):
        if iscoroutine(done):
            done.close()
        advice = "write lambda url: asyncio.run(fill(url))"
        raise ServerError(f"a template is filled by a plain function; {advice}")
