"""The kit as a third party meets it: green on a good adapter, red on a bad one, and it says why it skips."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SIX_LINES = """
from sqlspec_sqlite import SQLiteConfig
from sqlspec_testkit import TransactionTable
class TestTransactions(TransactionTable):
    def make_config(self, tmp_path):
        return SQLiteConfig(database=str(tmp_path / "t.db"), busy_timeout=0.05)
"""
ASYNC = SIX_LINES.replace("TransactionTable", "AsyncTransactionTable")
VALUES = SIX_LINES.replace("TransactionTable", "ValueTable")
BREAK = """
from sqlspec.plugin import Connection as Plain
from sqlspec_sqlite.connection import SQLiteConnection as Connection
Connection.finish = Plain.finish
"""


class Run(NamedTuple):
    """What a run of pytest said."""

    status: int
    output: str


def run(folder: Path, text: str, *options: str) -> Run:
    """Run pytest on *text* as a file of its own, in a project that knows nothing of ours."""
    (folder / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    (folder / "test_mine.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rsf", "--tb=short", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Run(done.returncode, done.stdout + done.stderr)


@pytest.mark.parametrize("text", [SIX_LINES, ASYNC], ids=["sync", "async"])
def test_six_lines_are_green_at_once(tmp_path: Path, text: str) -> None:
    """With nothing else configured; what the kit was not told is skipped with the reason."""
    result = run(tmp_path, text, "-W", "error")

    assert result.status == 0, result.output
    assert "TestTransactions.ender is not given" in result.output
    assert re.search(r"\d{2} passed", result.output)


def test_the_header_tells_the_adapters(tmp_path: Path) -> None:
    """With version and API level."""
    result = run(tmp_path, SIX_LINES, "-v", "--collect-only")

    assert re.search(r"^sqlspec adapters: .*sqlite \d+\.\d+\.\d+ \(api 1\)", result.output, re.MULTILINE)


@pytest.mark.parametrize(
    "base", [VALUES, VALUES.replace("ValueTable", "AsyncValueTable")], ids=["sync", "async"]
)
def test_values_are_green_in_six_lines(tmp_path: Path, base: str) -> None:
    """Of an adapter that keeps them."""
    result = run(tmp_path, base, "-W", "error")

    assert result.status == 0, result.output
    assert re.search(r"1\d\d passed", result.output)


def test_a_failed_assertion_is_explained(tmp_path: Path) -> None:
    """The kit's assertions are rewritten like those of a test file."""
    broken = BREAK + "Connection.commit = lambda self, deadline: self.raw.execute('ROLLBACK')\n" + SIX_LINES

    result = run(tmp_path, broken, "-k", "test_a_clean_exit_commits")

    assert "assert [] == [1, 2]" in result.output


def test_an_adapter_without_transactions_is_skipped(tmp_path: Path) -> None:
    """Not failed: it declares what it can."""
    text = """
import msgspec
from sqlspec import SQLSpec
from sqlspec.plugin import Capability, hookimpl
from sqlspec_sqlite import SQLiteConfig, plugin
from sqlspec_testkit import TransactionTable, AsyncTransactionTable

class PlainConfig(SQLiteConfig, frozen=True, kw_only=True):
    adapter = "plain"

class Plain:
    ADAPTER = msgspec.structs.replace(
        plugin.ADAPTER,
        name="plain",
        config_type=f"{__name__}:PlainConfig",
        capabilities=frozenset({Capability.SYNC}),
    )

    @hookimpl
    def sqlspec_create_connection(self, config, resources):
        return plugin.sqlspec_create_connection(config, resources)

class Mine:
    def make_registry(self):
        spec = SQLSpec()
        spec.plugins.register(Plain())
        return spec

    def make_config(self, tmp_path):
        return PlainConfig(database=str(tmp_path / "t.db"))

class TestSync(Mine, TransactionTable): pass
class TestAsync(Mine, AsyncTransactionTable): pass
"""

    result = run(tmp_path, text)

    assert result.status == 0, result.output
    assert "adapter 'plain' does not declare TRANSACTIONS" in result.output
    assert "passed" not in result.output
