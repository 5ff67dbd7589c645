"""The Python blocks of `registry-system.md`: found, made ready to run, and run.

What becomes of a block's text before it runs stands here and nowhere else: `BLANKS`, `CHANGES`, and its URLs.
"""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).with_name("registry-system.md")
PARTS = re.compile(r"^```(\w*)\n(.*?)^```$|^#+ ([^\n]+)$", re.MULTILINE | re.DOTALL)
URLS = re.compile(r'(?<=")[a-z]+://[^"\n]+(?=")')

MAIN = 'url="postgresql://main/db"'
ONE_USER = '"SELECT * FROM users WHERE id = ?", (user_id,), schema_type=User'
BLANKS = {
    "Type-Based Lookup": [MAIN],
    "Session Lifecycle": ["DEFAULT VALUES"],
    "Standard Pattern": [MAIN],
    "Dependency Injection Pattern": ["...", ONE_USER],  # the first is Python's own: a protocol's empty body
    "Testing Pattern": [MAIN],
    "Multi-Database Scenarios": [
        MAIN,
        'url="duckdb://events"',
        'url="redis://cache", codec="json"',
        "VALUES (?, ?)",
    ],
    "Connection Pool Management": ["postgresql://main/db"],
    "With Web Frameworks": [ONE_USER],
    "With Task Queues": ['"SELECT * FROM users WHERE id = ?", (data_id,)'],
}
"""What stands for each `...` of a block, in order."""

CHANGES = {
    # The document calls a method of the row; a row without a type is a dict and has none.
    "Multi-Database Scenarios": ("(order_id,)", "(order_id,), schema_type=Order"),
}

IMPORTS = """
from typing import ContextManager

from sqlspec import ConfigAlreadyRegisteredError, ConfigNotFoundError, InstrumentationConfig, Session, SQLSpec
from sqlspec.adapters.duckdb import DuckDBConfig
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.adapters.redis import RedisConfig

from tests.seed.given import Order, User
"""
"""What blocks without imports take for granted, in the document's own spelling."""


def blocks() -> dict[str, str]:
    """Every Python block by the heading it stands under."""
    found: dict[str, str] = {}
    heading = ""
    # A fence, with what is between it and its end, or a heading: a comment in a block is none.
    for fence, code, title in PARTS.findall(DOCUMENT.read_text(encoding="utf-8")):
        heading = title or heading
        if fence == "python":
            assert heading not in found
            found[heading] = code
    return found


def filled(heading: str) -> str:
    """The block with its blanks filled in, and changed as `CHANGES` says."""
    block = blocks()[heading]
    blanks = BLANKS.get(heading, [])
    pieces = block.split("...")
    assert len(pieces) == len(blanks) + 1, f"{heading}: {len(pieces) - 1} blanks"
    code = "".join(chain.from_iterable(zip(pieces, [*blanks, ""], strict=True)))
    old, new = CHANGES.get(heading, ("", ""))
    assert code.count(old) == 1 or not old
    return code.replace(old, new)


class Run:
    """Runs blocks in one namespace, which is what they share, each with its URLs replaced by real ones."""

    def __init__(self, **given: Any) -> None:
        self.names: dict[str, Any] = given
        self.urls: dict[str, str] = {}
        """What the document's URLs stand for; a block with another one does not run."""
        self.done: set[str] = set()
        exec(IMPORTS, self.names)  # noqa: S102 - imports are statements, and the blocks' own kind of them

    def __call__(self, heading: str) -> dict[str, Any]:
        """Run one; returns the names that there are afterwards."""
        code = URLS.sub(lambda found: self.urls[found[0]], filled(heading))
        self.done.add(heading)
        exec(compile(code, f"{DOCUMENT.name}: {heading}", "exec"), self.names)  # noqa: S102 - the point
        return self.names
