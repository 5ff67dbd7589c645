"""Capabilities are tested in both directions, and each skip says what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec_testkit.adapter import AdapterTests
from sqlspec_testkit.asked import WANTED

from .projects import ASYNC, SYNC, WITHOUT, run

if TYPE_CHECKING:
    from pathlib import Path

BASES = pytest.mark.parametrize("base", [SYNC, ASYNC], ids=["sync", "async"])
NEVER = "    tries = False\n"


@BASES
def test_what_is_kept_but_not_declared_is_told(tmp_path: Path, base: str) -> None:
    """In the reason of each skip, and once in the summary; it is no failure."""
    result = run(tmp_path, WITHOUT.format("SAVEPOINTS") + base, "-k", "a_savepoint_is or blocks_nest")

    assert result.status == 0, result.output
    assert "could declare Capability.SAVEPOINTS: its 3 tests pass without it" in result.output
    assert "On trial the test passes: you could declare Capability.SAVEPOINTS" in result.output


def test_what_is_not_kept_is_not_told(tmp_path: Path) -> None:
    """One test that fails on trial is enough; its error is in the reason of the skip."""
    result = run(tmp_path, SYNC, "-k", "isolation_level or million or arrow")

    assert result.status == 0, result.output
    assert "could declare" not in result.output.partition("short test summary")[0]
    assert "does not declare ISOLATION. On trial the test fails: LockTimeoutError" in result.output


def test_workers_tell_it_too(tmp_path: Path) -> None:
    """With pytest-xdist the summary is written elsewhere than the tests run."""
    text = WITHOUT.format("READ_ONLY") + SYNC

    result = run(tmp_path, text, "-n", "2", "-k", "test_a_read_only_session_refuses_writes")

    assert "could declare Capability.READ_ONLY: its test passes" in result.output


def test_a_class_may_do_without_trials(tmp_path: Path) -> None:
    """Where they take long, or another class has them."""
    text = WITHOUT.format("READ_ONLY") + SYNC + NEVER

    result = run(tmp_path, text, "-k", "test_a_read_only_session_refuses_writes")

    assert "could declare" not in result.output
    assert "Once it keeps that promise, add Capability.READ_ONLY to" in result.output


def test_a_trial_leaves_the_declaration_as_it_was(tmp_path: Path) -> None:
    """The test after it is told the truth."""
    text = WITHOUT.format("READ_ONLY") + SYNC

    result = run(tmp_path, text, "-k", "read_only")

    assert "1 passed, 1 skipped" in result.output


def test_a_skip_says_what_to_give(tmp_path: Path) -> None:
    """The attribute, what it is, and an example that can be typed."""
    result = run(tmp_path, SYNC, "-k", "rollback_heals")

    assert "TestTransactions.ender is not given. Give a statement that fails once" in result.output
    assert 'for example: ender = "INSERT OR ROLLBACK INTO sqlspec_kit (id) VALUES (1)"' in result.output


def test_what_can_be_given_is_what_the_classes_have() -> None:
    """No example is for an attribute that nobody reads, and each example assigns or returns it."""
    for name, (_, example) in WANTED.items():
        assert hasattr(AdapterTests, name)
        assert example.startswith((f"{name} = ", "return "))
        compile(example.removeprefix("return "), name, "exec")
