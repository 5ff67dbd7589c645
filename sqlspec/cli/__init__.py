"""The command line: `sqlspec`, of the extra `[cli]`.

Built like an application: a command is a file of `commands/`, and uses the doors that applications have.
Nothing here is imported by the library.
"""

from __future__ import annotations

import sys
from importlib import import_module

__all__ = ("main",)

REQUIREMENTS = ("click>=8.2", "rich>=13.7")
"""Of the extra."""


def main() -> None:
    """The command `sqlspec`. Ends the process: 0 fine, 1 problem found, 2 wrong usage, 130 after Ctrl-C."""
    try:
        for requirement in REQUIREMENTS:
            import_module(requirement.partition(">")[0])
    except ImportError as exc:
        words = " ".join(f"'{requirement}'" for requirement in REQUIREMENTS)
        sys.stderr.write(f"sqlspec: the command line needs {exc.name}. Type: pip install {words}\n")
        sys.exit(2)
    from .program import program

    program.main(prog_name="sqlspec")
