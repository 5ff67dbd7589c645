"""The table at the end, and the same as JSON."""

from __future__ import annotations

import json
import platform
import sqlite3
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .harness import Row

__all__ = ("print_table", "write_json")


def print_table(topics: Mapping[str, Sequence[Row]]) -> None:
    """Print every row: its budget, what was measured, and whether that is within it."""
    print(f"{'':67} {'budget':>11} {'measured':>11}  quartiles")
    for topic, rows in topics.items():
        print(f"\n{topic}")
        for row in rows:
            print(_line(row))
    rows = [row for rows in topics.values() for row in rows if row.limit is not None]
    missed = [row for row in rows if row.is_missed]
    print(f"\n{len(rows) - len(missed)} of {len(rows)} budgets kept. {_setting()}")


def _line(row: Row) -> str:
    budget = "" if row.limit is None else f"≤ {row.limit:g} {row.unit}"
    verdict = "" if row.limit is None else ("MISS" if row.is_missed else "ok")
    value = row.value
    what = row.what if row.size is None else f"{row.what}: {row.size:,}"
    quartiles = f"{_figure(value.low)} – {_figure(value.high)}"
    return f"  {what:65} {budget:>11} {_figure(value.median):>7} {row.unit:3}  {quartiles:16} {verdict}"


def _figure(value: float) -> str:
    """Two decimals, a third where it matters, none for large counts."""
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"  # noqa: PLR2004


def _setting() -> str:
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.machine()}"


def write_json(path: Path, topics: Mapping[str, Sequence[Row]]) -> None:
    """Write every row, and what it was measured with."""
    rows = [
        {"topic": topic, "what": row.what, "unit": row.unit, "budget": row.limit, "missed": row.is_missed}
        | ({} if row.size is None else {"size": row.size})
        | row.value._asdict()
        for topic, found in topics.items()
        for row in found
    ]
    setting = {"python": sys.version, "sqlite": sqlite3.sqlite_version, "machine": platform.platform()}
    path.write_text(json.dumps({"setting": setting, "rows": rows}, indent=2) + "\n")
