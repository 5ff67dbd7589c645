"""The judge of the storms: what it must see, it sees."""

from __future__ import annotations

import pytest

from .history import Outcome, Write, returns_to, wrongly_stored

OLD, NEW = 5431, 5432


def write(begun: float, port: int | None, outcome: Outcome = Outcome.STORED, error: str = "") -> Write:
    """One that takes a second; the server answers after half of it."""
    return Write("w", 1, begun, None if port is None else begun + 0.5, port, begun + 1, outcome, error)


@pytest.mark.parametrize(
    ("outcome", "times", "is_right"),
    [
        (Outcome.STORED, 0, False),
        (Outcome.STORED, 1, True),
        (Outcome.STORED, 2, False),
        (Outcome.UNKNOWN, 0, True),
        (Outcome.UNKNOWN, 1, True),
        (Outcome.UNKNOWN, 2, False),
        (Outcome.FAILED, 0, True),
        (Outcome.FAILED, 1, False),
    ],
)
def test_a_row_is_there_as_often_as_its_writer_was_told(
    outcome: Outcome, times: int, *, is_right: bool
) -> None:
    """Lost, doubled, or there although it failed: all are wrong."""
    one = write(1, NEW, outcome)

    assert wrongly_stored([one], {("w", 1): times}) == ([] if is_right else [one])


def test_who_is_served_by_the_old_server_after_the_new_has_answered_has_returned() -> None:
    """Who began before that has not, whoever served them."""
    early, late, silent = (
        write(1.4, OLD),
        write(1.6, OLD),
        write(1.6, None, Outcome.FAILED, "QueryTimeoutError"),
    )
    writes = [write(0, OLD), write(1, NEW), early, late, silent, write(1.6, NEW), write(1.6, None)]

    assert returns_to(OLD, writes) == [late, silent]


def test_nobody_returns_where_nobody_has_left() -> None:
    """The new server has not answered yet."""
    assert returns_to(OLD, [write(1, OLD), write(2, OLD)]) == []
