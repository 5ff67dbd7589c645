"""The adapters that core knows by name: which one a bare URL scheme means, and how to install it.

Data, in one place; no other module of core but the fronts beside it names an adapter.
"""

from __future__ import annotations

__all__ = ("EXTRAS", "OTHERS_SCHEMES", "PREFERENCES", "extra_for", "install_command")

PREFERENCES = {
    "postgresql": ("psycopg", "asyncpg"),
    "postgres": ("psycopg", "asyncpg"),
    "mysql": ("asyncmy",),
    "mariadb": ("asyncmy",),
    "redis": ("redis",),
    "rediss": ("redis",),
}
"""Bare scheme -> adapters, best first: the one that serves sync and async leads."""

OTHERS_SCHEMES = {"psql": "postgresql", "pgsql": "postgresql"}
"""Schemes of other programs, whose nearest spelling would be another database's."""

EXTRAS = frozenset({"asyncmy", "asyncpg", "duckdb", "psycopg", "redis", "sqlite"})
"""The adapters that are ours: NAME is the distribution `sqlspec-NAME`, and an extra of core's."""
_BOUND = ">=1.0"
# On the public index the name `sqlspec` belongs to another project, whose versions are below. Without the
# bound, pip would replace ours by it.


def extra_for(word: str) -> str | None:
    """The adapter of ours that serves this scheme or has this name."""
    best = PREFERENCES.get(word, (word,))[0]
    return best if best in EXTRAS else None


def install_command(distribution: str, *options: str) -> str:
    """What to type to install a distribution; what is ours gets its lower bound."""
    is_ours = distribution == "sqlspec" or distribution.removeprefix("sqlspec-") in EXTRAS
    requirement = f"'{distribution}{_BOUND}'" if is_ours else distribution
    return " ".join(("pip install", *options, requirement))
