"""How many calls and files real sessions take: a number that noise does not touch."""

from __future__ import annotations

import pytest

from tools.trace_calls import WALKS


@pytest.mark.parametrize("name", WALKS)
def test_a_walk_stays_within_its_limit(name: str) -> None:
    """`python tools/trace_calls.py --calls` shows where it went."""
    make, limit = WALKS[name]

    walk = make()

    assert len(walk.calls) <= limit.calls
    assert len(walk.files) <= limit.files


def test_a_walk_sees_every_call() -> None:
    """Else the limits would hold whatever happened."""
    functions = [function for _, function in WALKS["session"][0]().calls]

    assert "SQLSpec.provide_session" in functions
    assert {"SQLiteConnection.begin", "SQLiteConnection.execute", "SQLiteConnection.finish"} <= set(functions)
