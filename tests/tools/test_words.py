"""One language inside as outside: the field's terms, and words that everybody knows."""

from __future__ import annotations

import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CODE = [
    path
    for pattern in ("sqlspec/**/*.py", "adapters/*/src/**/*.py", "testkit/src/**/*.py", "tools/*.py")
    for path in sorted(ROOT.glob(pattern))
]
TEXTS = [
    path
    for pattern in ("docs/*.md", "*.md", "adapters/*/README.md", "testkit/README.md")
    for path in sorted(ROOT.glob(pattern))
]

# What once had these names has a name of the field's now.
NAMES = frozenset(
    {
        *("Book", "lay_down", "take", "gift", "ring", "Undisturbed", "told", "settle", "settled"),
        *("Ear", "FirstWord", "Hearing", "Tended", "Talking", "Learning", "making", "filling", "registering"),
        *("Suspect", "suspect", "Desk", "strangers", "kin", "bury", "shut", "left", "good_bye"),
    }
)
RIDDLES = re.compile(
    r"good-?byes?|\bkin\b|\bstrangers?\b|nobody's|\bis dear\b|hand to hand|can not be meant|\b[Ww]ho waits\b"
)


def _names(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8") as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.NAME and token.string.strip("_") in NAMES:
                yield token.start[0], token.string


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_the_terms_of_the_field(path: Path) -> None:
    """Of modules, classes, functions, arguments and variables."""
    assert path.stem.strip("_") not in NAMES
    assert list(_names(path)) == []


@pytest.mark.parametrize("path", [*CODE, *TEXTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_said_in_riddles(path: Path) -> None:
    """To those who learned English later, too."""
    lines = path.read_text("utf-8").splitlines()

    assert [f"{number}: {line}" for number, line in enumerate(lines, 1) if RIDDLES.search(line)] == []


@pytest.mark.parametrize("line", ["it says good-bye", "COMMIT and its kin", "who waits for it"])
def test_a_riddle_is_found(line: str) -> None:
    """Else the test above could not fail."""
    assert RIDDLES.search(line)
