"""What the pictures and the table of `docs/performance.md` show, out of the JSON that the benchmarks write.

Plain functions of that JSON: nothing is drawn here, and nothing outside the standard library is needed.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from .verdict import LIMIT, middle

if TYPE_CHECKING:
    from collections.abc import Mapping

    Figures = Mapping[str, Any]
    """What the file says: `setting` and `rows`."""

__all__ = (
    "BEGIN",
    "END",
    "PICTURES",
    "Curve",
    "FiguresError",
    "Picture",
    "Point",
    "compared_sizes",
    "curves_of",
    "digest",
    "figures_from",
    "only_growth",
    "page_with",
    "table_of",
)

BEGIN, END = "<!-- growth: written by `hatch run bench:pictures` -->", "<!-- end of growth -->"


class FiguresError(ValueError):
    """The file, or the page, is not what is needed; the text says what to do."""


class Picture(NamedTuple):
    """One topic, and the words of its picture."""

    topic: str
    title: str
    across: str
    upwards: str


PICTURES = (
    Picture(
        "growth-configs",
        "Many databases in one registry",
        "databases in the registry",
        "µs for each database",
    ),
    Picture(
        "growth-tasks",
        "Many tasks wait for four connections (asyncpg)",
        "tasks that wait",
        "µs for each task",
    ),
    Picture(
        "growth-rows",
        "Many rows in one result (SQLite)",
        "rows in the result",
        "µs for each row",
    ),
    Picture(
        "growth-texts",
        "Many SQL texts in turn (SQLite)",
        "different SQL texts",
        "µs for each statement",
    ),
    Picture(
        "growth-threads",
        "Many threads share four connections (psycopg)",
        "threads",
        "µs for each transaction",
    ),
)


class Point(NamedTuple):
    """What one item costs at a size, in microseconds: the median of all rounds and their quartiles."""

    size: int
    median: float
    low: float
    high: float


class Curve(NamedTuple):
    """One case at all sizes, from the smallest."""

    name: str
    points: tuple[Point, ...]


def figures_from(text: str, name: str) -> Figures:
    """The figures in the *text* of the file *name*.

    Raises FiguresError where a topic is missing, or where it is something else.
    """
    try:
        figures = json.loads(text)
        missing = [picture.topic for picture in PICTURES if not curves_of(figures, picture.topic)]
        table_of(figures)
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        raise FiguresError(f"{name}: this is no file of figures. {_HOW}") from exc
    if missing:
        raise FiguresError(f"{name}: there are no figures of {', '.join(missing)}. {_HOW}")
    return dict(figures)


_HOW = "Measure with `hatch run bench:growth --json FILE`, then draw with `hatch run bench:pictures FILE`."


def only_growth(figures: Figures) -> dict[str, Any]:
    """What is kept beside the pictures: the rows that they show, and the version of Python."""
    topics = {picture.topic for picture in PICTURES}
    rows = [row for row in figures["rows"] if row["topic"] in topics]
    return {"setting": {"python": figures["setting"]["python"].split()[0]}, "rows": rows}


def digest(figures: Figures) -> str:
    """A mark that each picture has: it says of which figures it was drawn."""
    said = json.dumps(only_growth(figures), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def curves_of(figures: Figures, topic: str) -> list[Curve]:
    """The curves of one picture, in the order in which they were measured."""
    points: dict[str, list[Point]] = {}
    for row in figures["rows"]:
        if row["topic"] == topic and "size" in row:
            point = Point(row["size"], row["median"], row["low"], row["high"])
            points.setdefault(row["what"], []).append(point)
    return [Curve(name, tuple(sorted(found))) for name, found in points.items()]


def compared_sizes(curves: list[Curve]) -> tuple[int, int]:
    """The two sizes that the verdict compares."""
    sizes = [point.size for curve in curves for point in curve.points]
    return middle(sizes), max(sizes)


def table_of(figures: Figures) -> str:
    """The verdicts as a table: each of ours has the limit, the others stand there for comparison."""
    lines = [
        f"Python {only_growth(figures)['setting']['python']}. The limit for sqlspec is {LIMIT:g}.",
        "",
        "| the cost of | for | is times | quartiles | within the limit |",
        "|---|---|---|---|---|",
    ]
    for row in only_growth(figures)["rows"]:
        if "size" not in row:
            what, _, case = row["what"].partition(": ")
            verdict = "" if row["budget"] is None else "**no**" if row["missed"] else "yes"
            quartiles = f"{row['low']:.2f} – {row['high']:.2f}"
            lines.append(f"| {what} | {case} | {row['median']:.2f} | {quartiles} | {verdict} |")
    return "\n".join(lines)


def page_with(page: str, table: str) -> str:
    """The page with this table in the place of the one before."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise FiguresError(f"the page has no place for the table: write `{BEGIN}` and `{END}` into it")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
