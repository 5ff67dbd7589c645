"""mypy over everything: once for core, then once for each member of the workspace.

One run would not do: the tests of two members are no packages and may have files of one name.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = ("sqlspec", "tools", "tests", "examples", "benchmarks", "dev.py")


def paths_of(base: Path, *names: str) -> list[str]:
    """Those that hold any Python, or are a file of it."""
    return [str(base / name) for name in names if (base / name).is_file() or any((base / name).rglob("*.py"))]


def passes(paths: list[str], search: Path) -> bool:
    """Whether mypy finds nothing; *search* is where the top packages of the paths lie."""
    command = [sys.executable, "-m", "mypy", *paths]
    environment = os.environ | {"MYPYPATH": str(search)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def main() -> int:
    """Exit 0 if all runs pass, else 1; all of them run."""
    runs = [(paths_of(ROOT, *CORE), ROOT)]
    runs += [(paths_of(member, "src", "tests"), member / "src") for member in sorted(ROOT.glob("adapters/*"))]
    runs += [(paths_of(ROOT / "testkit", "src", "tests"), ROOT / "testkit" / "src")]
    failed = sum(not passes(paths, search) for paths, search in runs if paths)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
