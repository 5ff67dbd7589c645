"""Where the parameters of a statement are."""

from __future__ import annotations

from sqlspec.sql import POSTGRESQL
from sqlspec.sql._lexer import needs_hops, pattern_for, split

__all__ = ("split_at_parameters",)


def split_at_parameters(statement: str) -> list[str]:
    """The parts of a statement, which joined are the statement again.

    At odd places stand tokens: `$1` and the like, and literals, comments and quoted names, which mean nothing
    to whoever looks for parameters.
    """
    pattern = pattern_for(POSTGRESQL, dollar_numbers=True)
    return split(statement, pattern, hops=needs_hops(POSTGRESQL))
