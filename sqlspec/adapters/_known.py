"""The adapters that core knows by name: which one a bare URL scheme means, and how to install it.

Data, in one place; no other module of core but the fronts beside it names an adapter.
"""

from __future__ import annotations

__all__ = (
    "DISTRIBUTION",
    "EXTRAS",
    "OTHERS_SCHEMES",
    "OTHER_DATABASES",
    "PREFERENCES",
    "distribution_of",
    "extra_for",
    "install_command",
)

DISTRIBUTION = "sqlspec"
"""The name of core on an index; those of our adapters begin with it."""

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

OTHER_DATABASES = frozenset({"db2", "firebird", "mssql", "oracle", "sqlserver"})
"""Schemes of databases without an adapter of ours, whose nearest spelling may be another database's."""

EXTRAS = frozenset({"asyncmy", "asyncpg", "duckdb", "psycopg", "redis", "sqlite"})
"""The adapters that are ours: NAME is the distribution `sqlspec-NAME`, and an extra of core's."""
_BOUND = ">=1.0"
# On the public index the name `sqlspec` belongs to another project, whose versions are below. Without the
# bound, pip would replace ours by it.


def extra_for(word: str) -> str | None:
    """The adapter of ours that serves this scheme or has this name."""
    best = PREFERENCES.get(word, (word,))[0]
    return best if best in EXTRAS else None


def distribution_of(adapter: str) -> str:
    """The distribution that has an adapter of ours."""
    return f"{DISTRIBUTION}-{adapter}"


def install_command(distribution: str, *options: str) -> str:
    """What to type to install a distribution, which leaves core as it is; what is ours gets its lower bound.

    So no option of these makes pip look for a core: of that name there may be another project's.
    """
    is_ours = distribution in {DISTRIBUTION, *map(distribution_of, EXTRAS)}
    requirement = f"'{distribution}{_BOUND}'" if is_ours else distribution
    return " ".join(("pip install", *options, requirement))
