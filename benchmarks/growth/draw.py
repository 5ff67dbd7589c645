"""One picture: a curve for each case, both axes logarithmic, so that linear cost is a flat line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from .pictures import compared_sizes
from .verdict import OURS

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from .pictures import Curve, Picture

__all__ = ("draw",)

# Told apart by people who see colours differently, too; the same in all pictures.
COLOURS_OF_OURS = ("#0072b2", "#56b4e9")
COLOUR_OF_SQLALCHEMY, COLOUR_OF_DRIVER = "#d55e00", "#7f7f7f"
MARKERS = "os^D"
SETTINGS = {
    "font.size": 10,
    "svg.fonttype": "none",  # letters stay letters: small, and found by a search
    "svg.hashsalt": "sqlspec",  # the same figures give the same bytes
}


def draw(picture: Picture, curves: list[Curve], path: Path, mark: str) -> None:
    """Write the picture to *path*, as SVG; *mark* says of which figures it is."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(7.2, 4.6), facecolor="white", layout="constrained")
        axes: Any = figure.add_subplot()
        _draw_curves(axes, curves)
        _label(axes, picture, curves)
        metadata = {"Date": None, "Creator": None, "Title": picture.title, "Description": f"figures {mark}"}
        figure.savefig(path, format="svg", metadata=metadata)
    # What matplotlib writes has blanks at ends of lines.
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", "utf-8")


def _draw_curves(axes: Any, curves: list[Curve]) -> None:
    ours = iter(COLOURS_OF_OURS)
    for curve, marker in zip(curves, MARKERS, strict=False):
        if curve.name.startswith(OURS):
            colour, width = next(ours), 2.4
        else:
            colour = COLOUR_OF_SQLALCHEMY if curve.name.startswith("SQLAlchemy") else COLOUR_OF_DRIVER
            width = 1.4
        sizes = [point.size for point in curve.points]
        medians = [point.median for point in curve.points]
        low, high = [point.low for point in curve.points], [point.high for point in curve.points]
        look = {"marker": marker, "markersize": 5, "color": colour, "linewidth": width}
        axes.plot(sizes, medians, label=curve.name, **look)
        axes.fill_between(sizes, low, high, color=colour, alpha=0.15, linewidth=0)


def _label(axes: Any, picture: Picture, curves: list[Curve]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    lowest = min(point.low for curve in curves for point in curve.points)
    highest = max(point.high for curve in curves for point in curve.points)
    axes.set_ylim(lowest / 2, highest * 2)  # noise must not fill the picture
    sizes = sorted({point.size for curve in curves for point in curve.points})
    axes.set_xticks(sizes)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(_number))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(_number))
    axes.yaxis.set_minor_formatter(NullFormatter())
    for size in compared_sizes(curves):
        axes.axvline(size, color="#999999", linewidth=1, linestyle=":", zorder=0)
    axes.grid(visible=True, axis="y", color="#e5e5e5", linewidth=0.6)
    axes.set_xlabel(picture.across)
    axes.set_ylabel(picture.upwards)
    axes.set_title(f"{picture.title}\nflat is linear; the dotted sizes are compared", fontsize=11)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False)


def _number(value: float, _: int) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"
