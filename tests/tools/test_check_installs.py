"""What the check of installations changes in installed files is there to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import check_installs as checker

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("newer", checker.LEVELS)
def test_the_lines_that_say_an_api_level_are_there(newer: str) -> None:
    """One of core's and one of an adapter's; both are found by their text."""
    name, line, instead = checker.LEVELS[newer]
    (path,) = (folder / name for folder in (ROOT, *ROOT.glob("adapters/*/src")) if (folder / name).is_file())

    assert path.read_text("utf-8").count(line) == 1
    assert instead != line
    assert newer in checker.ADVICE


def test_every_adapter_of_the_workspace_is_an_extra() -> None:
    """So that each is installed by both of its names."""
    assert checker.ADAPTERS
    assert {*checker.ADAPTERS, "all", "testkit"} <= {*checker.EXTRAS}
