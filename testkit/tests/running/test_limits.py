"""A broken adapter ends in failed tests with words: it stops neither the run nor pytest itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .projects import ASYNC, SYNC, run

if TYPE_CHECKING:
    from pathlib import Path

BASES = pytest.mark.parametrize("base", [SYNC, ASYNC], ids=["sync", "async"])
BREAK = """
import sys, time
from sqlspec_sqlite.connection import SQLiteConnection as Connection
def raising(*_):
    {}
Connection.{} = raising
"""
MAKING = """
import sqlspec_sqlite.plugin as plugin
from sqlspec.plugin import hookimpl
@hookimpl
def made(config):
    {}
plugin.sqlspec_create_connection = made
"""
RAISED = {
    "raise KeyboardInterrupt": "KeyboardInterrupt was raised",
    "sys.exit(7)": "SystemExit was raised",
    "raise GeneratorExit": "GeneratorExit was raised",
    "raise BaseException('mine')": "BaseException was raised",
}
PLACES = ("begin_and_execute", "finish", "close", "is_usable")
FEW = "test_a_clean_exit_commits or did_nothing or test_a_block_that_raises"
NONSENSE = ["return None", "return 'a connection'", "return object()", "raise SystemExit('no')", "1 / 0"]
ENDLESS = """
execute = Connection.execute
def waiting(self, statement, parameters, deadline):
    while "INSERT" in statement:
        {}
    return execute(self, statement, parameters, deadline)
Connection.execute = waiting
Connection.begin_and_execute = lambda self, options, *rest: waiting(self, *rest)
"""


@BASES
@pytest.mark.parametrize(("raised", "place"), list(zip(RAISED, PLACES, strict=True)))
def test_what_no_adapter_may_raise_is_a_failure_in_words(
    tmp_path: Path, base: str, raised: str, place: str
) -> None:
    """Wherever it is raised; the other tests run, and there is a summary."""
    result = run(tmp_path, BREAK.format(raised, place) + base, "-k", FEW)

    assert result.status == 1, result.output
    assert "INTERNALERROR" not in result.output
    assert re.search(r"\d failed|\d error", result.output.splitlines()[-1]), result.output
    assert RAISED[raised] in result.output


@BASES
@pytest.mark.parametrize("made", NONSENSE)
def test_a_hook_that_returns_nonsense_is_a_failure(tmp_path: Path, base: str, made: str) -> None:
    """Of the first test, on which the others rest, and never of pytest."""
    result = run(tmp_path, MAKING.format(made) + base, "-k", FEW)

    assert result.status == 1, result.output
    assert "INTERNALERROR" not in result.output
    assert re.search(r"2 skipped.*, 1 error in", result.output.splitlines()[-1]), result.output


@BASES
def test_a_test_that_does_not_end_is_ended(tmp_path: Path, base: str) -> None:
    """It fails, with the seconds that it had; the next one runs."""
    text = "from sqlspec_sqlite.connection import SQLiteConnection as Connection\nimport time\n"
    limit = "    limit = 2.0\n"

    result = run(
        tmp_path,
        text + ENDLESS.format("time.sleep(0.01)") + base + limit,
        "-k",
        "ends_with_a_read or did_nothing",
    )

    assert result.status == 1, result.output
    assert "did not end within 2 s: the adapter, or its driver, waits for ever" in result.output
    assert "1 passed" in result.output.splitlines()[-1]
