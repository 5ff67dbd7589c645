"""Which page a request asks for, and what is answered where nothing is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .reports import Report

__all__ = ("Answer", "Page", "page_of", "readiness")

Page: TypeAlias = Literal["ready", "metrics"]
"""One that takes more than a look at the request."""

JSON, TEXT = "application/json", "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """A response, before a server's way to send it."""

    status: int
    content_type: str
    body: bytes
    allow: str | None = None

    def headers(self) -> list[tuple[str, str]]:
        """The same for GET and HEAD."""
        headers = [
            ("content-type", self.content_type),
            ("content-length", str(len(self.body))),
            ("cache-control", "no-store"),
        ]
        return headers if self.allow is None else [*headers, ("allow", self.allow)]

    def content(self, method: str) -> bytes:
        """What follows the headers."""
        return b"" if method == "HEAD" else self.body


LIVE = Answer(200, JSON, b'{"status":"live"}')
NOT_FOUND = Answer(404, TEXT, b"There is no such page; there are /live, /ready and /metrics.\n")
NOT_ALLOWED = Answer(405, TEXT, b"This page can only be read, by GET or HEAD.\n", allow="GET, HEAD")
PAGES: dict[str, Page | Answer] = {"/live": LIVE, "/ready": "ready", "/metrics": "metrics"}


def page_of(method: str, path: str) -> Page | Answer:
    """The page at *path*, which is counted from where the application is mounted; or the answer itself."""
    page = PAGES.get(path.removesuffix("/"))
    if page is None:
        return NOT_FOUND
    return page if method in {"GET", "HEAD"} else NOT_ALLOWED


def readiness(reports: Mapping[str, Report]) -> Answer:
    """What is told of the databases: 503 if one of them failed."""
    is_ready = all(report.status == "ok" for report in reports.values())
    content = {"status": "ready" if is_ready else "not ready", "databases": reports}
    return Answer(200 if is_ready else 503, JSON, msgspec.json.encode(content))
