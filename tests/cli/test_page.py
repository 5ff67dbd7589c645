"""The page on the command line: its commands run in order, and print what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Run

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
BLOCK = re.compile(r"^```(console|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\w+\.toml)\n")
# What depends on the machine, and is written as … on the page.
ANY = "…"


def _steps() -> Iterator[tuple[str, str]]:
    """Each command with what the page shows of it, and each file with its text."""
    for language, text in BLOCK.findall(PAGE.read_text("utf-8")):
        if language == "toml":
            if named := NAMED.match(text):
                yield f"cat {named[1]}", text
            continue
        for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            yield command, shown


def _pattern(shown: str) -> str:
    """Blanks count as one: columns are as wide as the machine's versions and times."""
    lines = [r"\s+".join(map(_word, line.split())) for line in shown.splitlines()]
    return r"\s*\n\s*".join(lines)


def _word(word: str) -> str:
    return ".*".join(map(re.escape, word.split(ANY)))


@pytest.mark.usefixtures("sqlite_alone")
def test_each_command_prints_what_is_shown(sqlspec: Run) -> None:
    """In an empty folder; files are those that the page shows."""
    count = 0
    for command, shown in _steps():
        program, *words = shlex.split(command)
        if program == "cat":
            Path(words[0]).write_text(shown, "utf-8")
        elif program == "sqlspec":
            done = sqlspec(*words)
            count += 1
            assert re.fullmatch(_pattern(shown), done.output.rstrip()), f"$ {command}\n{done.output}"

    assert count > 15
