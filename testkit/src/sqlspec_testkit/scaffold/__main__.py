"""The command: `python -m sqlspec_testkit.scaffold NAME`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .files import texts, write
from .names import Refused, names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

OPTIONS = {"async": "for an async driver", "no-sql": "for a database without SQL"}
PROGRAM = "python -m sqlspec_testkit.scaffold"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 0 if the distribution was written, 2 if nothing was."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Write the distribution of a new adapter, sqlspec-NAME, in this folder."
    )
    parser.add_argument("name", metavar="NAME", help="of the adapter, and the scheme of its URLs: mydb")
    for option, what in OPTIONS.items():
        parser.add_argument(f"--{option}", action="append_const", dest="kind", const=option, help=what)
    given = parser.parse_args(arguments)
    try:
        names = names_of(given.name)
        target = Path(names.distribution)
        contents = texts(_kind(given.kind or ()), names)
        write(target, contents)
    except Refused as exc:
        sys.stderr.write(f"{PROGRAM}: {exc}\n")
        return 2
    sys.stdout.write(
        f"{target}/: {len(contents)} files. Next:\n"
        f"  cd {target}\n"
        "  python -m pip install --editable '.[test,check]'\n"
        "  python -m pytest\n"
    )
    return 0


def _kind(options: Sequence[str]) -> str:
    """Which of `KINDS` these options mean, in whatever order they were given."""
    return "-".join(option for option in OPTIONS if option in options) or "sync"


if __name__ == "__main__":
    sys.exit(main())
