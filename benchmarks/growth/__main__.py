"""`python -m benchmarks.growth FILE.json`: draw the pictures of growth, and write the table beside them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .pictures import (
    PICTURES,
    FiguresError,
    curves_of,
    digest,
    figures_from,
    only_growth,
    page_with,
    table_of,
)

DOCS = Path(__file__).parents[2] / "docs"


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.growth", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.json", help="from `hatch run bench:growth --json`")
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="FOLDER", help="instead of docs/")
    return parser.parse_args(arguments)


def write(file: Path, docs: Path) -> list[Path]:
    """Write the pictures, the figures that they show, and the table of the page; return their paths.

    Everything is read and checked before the first file is written.
    """
    figures, page = figures_from(file.read_text("utf-8"), str(file)), docs / "performance.md"
    changed = page_with(page.read_text("utf-8"), table_of(figures))
    from .draw import draw  # needs matplotlib, which only this environment has

    folder = docs / "pictures"
    folder.mkdir(exist_ok=True)
    pictures = [folder / f"{picture.topic}.svg" for picture in PICTURES]
    for picture, path in zip(PICTURES, pictures, strict=True):
        draw(picture, curves_of(figures, picture.topic), path, digest(figures))
    kept = folder / "growth.json"
    kept.write_text(json.dumps(only_growth(figures), indent=1) + "\n", "utf-8")
    page.write_text(changed, "utf-8")
    return [*pictures, kept, page]


def main(arguments: list[str] | None = None) -> int:
    """Exit 0, or 2 when the file can not be read, has no such figures, or there is no page."""
    options = parsed(arguments)
    try:
        written = write(options.file, options.docs)
    except OSError as exc:
        print(f"{exc.filename}: {exc.strerror}", file=sys.stderr)
        return 2
    except FiguresError as exc:
        print(exc, file=sys.stderr)
        return 2
    except ModuleNotFoundError as exc:
        print(f"{exc.name} is not installed here: type `hatch run bench:pictures FILE.json`", file=sys.stderr)
        return 2
    for path in written:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
