"""From `?` to the driver's own style: a text seen for the first time, and one that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.sql import STANDARD, Statements

from .harness import Row, micro

if TYPE_CHECKING:
    from .harness import Bench, Run

SHORT = "SELECT id, name FROM users WHERE tenant = ? AND id = ?"
LONG = """\
SELECT o.id, o.created_at, c.name, c.email, sum(l.quantity * l.price) AS total
FROM orders AS o
JOIN customers AS c ON c.id = o.customer_id
LEFT JOIN order_lines AS l ON l.order_id = o.id
WHERE o.tenant = ? AND o.status IN (?, ?, 'paid') -- ?
  AND o.created_at >= ? AND o.created_at < ? AND c.name <> '?'
GROUP BY o.id, o.created_at, c.name, c.email
HAVING sum(l.price) > ? ORDER BY 2 LIMIT ?"""
LENGTHS = {"short": (SHORT, 54), "long": (LONG, 393)}


def rows(bench: Bench) -> list[Row]:
    """Microseconds for one text, to `$1`."""
    for sql, length in LENGTHS.values():
        assert len(sql) == length, len(sql)  # noqa: S101 - the budget is for this length
    rounds = bench.interleave({"short": first_sight(SHORT), "long": first_sight(LONG), "known": known(LONG)})
    return [
        Row("a known text, 393 characters", micro(rounds, "known"), "µs", 0.1),
        Row("first sight, 54 characters", micro(rounds, "short"), "µs", 2.5),
        Row("first sight, 393 characters", micro(rounds, "long"), "µs", 12.0),
    ]


def first_sight(sql: str) -> Run:
    """Compile, remember, forget."""
    statements = Statements(STANDARD, "numeric_dollar")

    def run(count: int) -> None:
        for _ in range(count):
            statements[sql]  # pyright: ignore[reportUnusedExpression]
            del statements[sql]

    return run


def known(sql: str) -> Run:
    """Look it up."""
    statements = Statements(STANDARD, "numeric_dollar")

    def run(count: int) -> None:
        for _ in range(count):
            statements[sql]  # pyright: ignore[reportUnusedExpression]

    return run
