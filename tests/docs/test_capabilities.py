"""The table of what adapters can do is what they declare; `hatch run capabilities` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from sqlspec import SQLSpec
from sqlspec.adapters._known import EXTRAS
from sqlspec.plugin import Capability
from sqlspec_testkit.report.table import BEGIN, END

PAGE = Path(__file__).parents[2] / "docs" / "drivers.md"


def _shown() -> dict[str, dict[str, str]]:
    """What the table says, by adapter and capability."""
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = filter(None, table.split("\n"))
    head, _, *rows = ([cell.strip() for cell in re.findall(r"(?<=\|)[^|\n]+", line)] for line in lines)
    return {
        name: {row[0].strip("`"): row[number] for row in rows} for number, name in enumerate(head) if number
    }


def test_the_table_agrees_with_what_adapters_declare() -> None:
    """For each adapter and each capability; type `hatch run capabilities` when it does not."""
    plugins = SQLSpec().plugins

    declared = {
        name: {
            one.name: "yes" if one in plugins.adapter(name).info.capabilities else "no" for one in Capability
        }
        for name in EXTRAS
    }

    # What could be declared, and is not, is still a no.
    shown = {name: {one: said.split(" (")[0] for one, said in row.items()} for name, row in _shown().items()}
    assert shown == declared


def test_every_capability_that_has_tests_was_tested() -> None:
    """Nothing failed, and nothing was declared without a test that passed."""
    said = {said for row in _shown().values() for said in row.values()}

    assert said <= {"yes", "no", "no (could be declared)"}
