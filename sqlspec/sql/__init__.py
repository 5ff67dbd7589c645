"""Placeholders: `?` and `:name` in, the driver's style out. Pure, linear, cached.

The scanner reads tokens, never grammar: it knows where literals, comments and identifiers end, and touches
nothing inside them. `statements_for` gives the cache for a dialect and paramstyle; the session asks it for
every text.
"""

from __future__ import annotations

from .client_commands import CopyData
from .dialect import DIALECTS, MYSQL, POSTGRESQL, SQLITE, STANDARD, Dialect
from .script import split_statements
from .statement import Statement
from .statements import Statements, statements_for
from .summary import Summary, describe

__all__ = (
    "DIALECTS",
    "MYSQL",
    "POSTGRESQL",
    "SQLITE",
    "STANDARD",
    "CopyData",
    "Dialect",
    "Statement",
    "Statements",
    "Summary",
    "describe",
    "split_statements",
    "statements_for",
)
