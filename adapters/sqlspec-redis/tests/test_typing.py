"""mypy and pyright see what `typing/` says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def verdict(*checker: str) -> str:
    """What a checker has to say; nothing if all is well."""
    command = [sys.executable, "-m", *checker, str(HERE / "typing")]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


def test_mypy_knows_what_sessions_are() -> None:
    """redis-py's clients, exactly."""
    assert verdict("mypy", "--strict") == ""


def test_pyright_knows_what_sessions_are() -> None:
    """The same, for the other checker."""
    assert verdict("pyright", "--pythonpath", sys.executable) == ""
