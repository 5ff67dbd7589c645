"""What the page on testing shows of an application stands in the application."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BOOKINGS = ROOT / "examples" / "bookings"
PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")
SECTION = PAGE.partition("## With pytest\n")[2].partition("## What happens inside\n")[0]
APP, CONFTEST, TESTS = re.findall(r"^```python\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


def _pieces(shown: str, marker: str) -> list[str]:
    """The functions and classes, without the imports and names above them."""
    return shown.partition(marker)[2].strip().split("\n\n\n")


def test_the_fixtures_are_shown_whole() -> None:
    """Letter by letter."""
    assert (BOOKINGS / "tests" / "conftest.py").read_text("utf-8") == CONFTEST


def test_each_function_is_the_applications() -> None:
    """In one piece."""
    application = (BOOKINGS / "app.py").read_text("utf-8")
    pieces = _pieces(APP, "spec = SQLSpec()\n")

    assert len(pieces) == 3
    assert [piece for piece in pieces if piece not in application] == []


def test_each_test_is_one_of_the_fifty() -> None:
    """In one piece."""
    tests = (BOOKINGS / "tests" / "test_bookings.py").read_text("utf-8")
    pieces = _pieces(TESTS, "TODAY = date(2030, 5, 17)\n")

    assert len(pieces) == 4
    assert [piece for piece in pieces if piece not in tests] == []
