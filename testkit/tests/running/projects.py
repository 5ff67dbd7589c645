"""Projects of other people that use the kit: a test file, run by pytest in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("ASYNC", "SYNC", "WITHOUT", "Run", "run")

SYNC = """
from sqlspec_sqlite import SQLiteConfig
from sqlspec_testkit import TransactionTable
class TestTransactions(TransactionTable):
    def make_config(self, tmp_path):
        return SQLiteConfig(database=str(tmp_path / "t.db"), busy_timeout=0.05)
"""
ASYNC = SYNC.replace("TransactionTable", "AsyncTransactionTable")
WITHOUT = """
import msgspec
import sqlspec_sqlite.plugin as plugin
from sqlspec.plugin import Capability
fewer = plugin.ADAPTER.capabilities - {{Capability.{}}}
plugin.ADAPTER = msgspec.structs.replace(plugin.ADAPTER, capabilities=fewer)
"""
"""The adapter of SQLite, which does not say everything that it can do."""
SETTINGS = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"


class Run(NamedTuple):
    """How a run of pytest ended, and what it said."""

    status: int
    output: str


def run(folder: Path, text: str, *options: str) -> Run:
    """Run pytest on *text*, which knows nothing of this repository."""
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "test_mine.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rsfE", "--tb=short"]
    done = subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    return Run(done.returncode, done.stdout + done.stderr)
