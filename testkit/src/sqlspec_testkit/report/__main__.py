"""Print the table of one or more reports.

pytest --sqlspec-report=FILE.json
python -m sqlspec_testkit.report FILE.json...
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .table import ReportError, put_into, read, table

__all__ = ("main",)


def main(arguments: list[str] | None = None) -> int:
    """Exit 0 if all is well, 1 if a declared capability failed, 2 for a file that can not be used."""
    parser = argparse.ArgumentParser(
        prog="python -m sqlspec_testkit.report", description="A table in Markdown of what adapters can do."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="of pytest --sqlspec-report")
    parser.add_argument("--into", type=Path, metavar="PAGE.md", help="replace the table of that page")
    parser.add_argument("--counts", action="store_true", help="also how many tests passed, and versions")
    given = parser.parse_args(arguments)
    try:
        adapters = read(given.files)
        text = table(adapters, counts=given.counts)
        if given.into:
            put_into(given.into, text)
        else:
            sys.stdout.write(f"{text}\n")
    except (ReportError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return int("**fails**" in text)


if __name__ == "__main__":
    sys.exit(main())
