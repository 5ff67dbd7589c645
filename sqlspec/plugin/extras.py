"""The adapters that core knows by name: which one a bare URL scheme means, and which extra brings it.

Data, in one place; no other module of core but the facades names an adapter.
"""

from __future__ import annotations

__all__ = ("EXTRAS", "PREFERENCES", "extra_for")

PREFERENCES = {
    "postgresql": ("psycopg", "asyncpg"),
    "postgres": ("psycopg", "asyncpg"),
    "mysql": ("asyncmy",),
    "mariadb": ("asyncmy",),
    "redis": ("redis",),
    "rediss": ("redis",),
}
"""Bare scheme -> adapters, best first: the one that serves sync and async leads."""

EXTRAS = frozenset({"asyncmy", "asyncpg", "duckdb", "psycopg", "redis", "sqlite"})
"""The adapters that `pip install 'sqlspec[NAME]'` knows."""


def extra_for(word: str) -> str | None:
    """The extra that installs an adapter for this scheme or adapter name."""
    best = PREFERENCES.get(word, (word,))[0]
    return best if best in EXTRAS else None
