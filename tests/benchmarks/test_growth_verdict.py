"""Whether cost grows faster than the number of things is told by figures alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from benchmarks.growth.verdict import LIMIT, SIZES, growth, growth_rows, middle, size_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.harness import Round

TOPICS = pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)


def rounds_of(
    sizes: Sequence[int], *, count: int = 5, **total: Callable[[int], float]
) -> list[dict[int, Round]]:
    """Rounds in which a case takes so long in all at each size."""
    return [{size: {name: all_of(size) / size for name, all_of in total.items()} for size in sizes}] * count


def verdict(sizes: Sequence[int], total: Callable[[int], float]) -> float:
    """The figure of a case that takes so long in all."""
    return growth(rounds_of(sizes, sqlspec=total), sizes, "sqlspec").median


@TOPICS
def test_linear_cost_is_one(sizes: Sequence[int]) -> None:
    """Whatever one item costs."""
    assert verdict(sizes, lambda size: 3e-6 * size) == pytest.approx(1.0)


@TOPICS
@pytest.mark.parametrize("fixed", [0.1, 1.0, 3.0], ids="fixed cost {}".format)
def test_a_fixed_cost_is_no_growth(sizes: Sequence[int], fixed: float) -> None:
    """What comes once is shared out among more items: the figure falls a little, and never rises."""
    found = verdict(sizes, lambda size: fixed + size)

    assert 1 / (1 + fixed / middle(sizes)) <= found <= 1.0


@TOPICS
@pytest.mark.parametrize(
    "total",
    [
        lambda size: size * math.log(size + 1e-9),
        lambda size: size**1.5,
        lambda size: size**2,
        lambda size: 3 + size**2 / 8,
    ],
    ids=["N log N", "N^1.5", "N^2", "a fixed cost, and few of N^2"],
)
def test_worse_than_linear_is_a_miss(sizes: Sequence[int], total: Callable[[int], float]) -> None:
    """In every topic, with the sizes that it measures."""
    assert verdict(sizes, total) > LIMIT
    (row,) = growth_rows(rounds_of(sizes, sqlspec=total), sizes, "items")
    assert row.is_missed


@TOPICS
def test_n_log_n_is_twice_and_n_squared_eight_times(sizes: Sequence[int]) -> None:
    """What the documents say of them."""
    assert verdict(sizes, lambda size: size * math.log(size + 1e-9)) > 1.99
    assert verdict(sizes, lambda size: size**2) >= 8


@TOPICS
def test_the_middle_is_far_below_the_largest(sizes: Sequence[int]) -> None:
    """And is none of the ends: at the smallest a fixed cost counts most."""
    base = middle(sizes)

    assert min(sizes) < base < max(sizes)
    assert base * base <= min(sizes) * max(sizes)
    assert list(sizes) == sorted(sizes)


def test_one_disturbed_round_is_no_miss() -> None:
    """The median of the rounds' own ratios decides."""
    sizes = (1, 10, 100)
    quiet: dict[int, Round] = {size: {"sqlspec": 1.0} for size in sizes}
    disturbed: dict[int, Round] = quiet | {100: {"sqlspec": 9.0}}

    (row,) = growth_rows([quiet, disturbed, quiet, disturbed, quiet], sizes, "items")

    assert row.value.median == 1.0
    assert not row.is_missed


def test_a_slow_round_is_compared_with_itself() -> None:
    """A machine that is three times slower for a whole round has no part in it."""
    sizes = (1, 10, 100)
    rounds: list[dict[int, Round]] = [
        {size: {"sqlspec": speed} for size in sizes} for speed in (1.0, 3.0, 1.0, 3.0)
    ]

    found = growth(rounds, sizes, "sqlspec")

    assert found == (1.0, 1.0, 1.0)


def test_the_drivers_cost_can_be_taken_off() -> None:
    """Its own step, from 2 to 7, is not ours; ours doubles."""
    costs: dict[int, Round] = {
        1: {"sqlspec": 3.0, "driver": 2.0},
        10: {"sqlspec": 3.0, "driver": 2.0},
        100: {"sqlspec": 9.0, "driver": 7.0},
    }

    ours, driver = growth_rows([costs, costs], (1, 10, 100), "texts", minus="driver")

    assert ours.value.median == pytest.approx(2.0)
    assert ours.is_missed
    assert ours.what == "one of 100 texts, over one of 10: sqlspec, beyond driver"
    assert driver.value.median == pytest.approx(3.5)
    assert driver.what == "one of 100 texts, over one of 10: driver"


def test_growth_can_be_measured_by_the_drivers() -> None:
    """Caches of the processor are too small for both."""
    costs: dict[int, Round] = {
        1: {"sqlspec": 2.0, "driver": 1.0},
        10: {"sqlspec": 2.0, "driver": 1.0},
        100: {"sqlspec": 3.2, "driver": 1.5},
    }

    ours, driver = growth_rows([costs, costs], (1, 10, 100), "rows", over="driver")

    assert ours.value.median == pytest.approx(1.6 / 1.5)
    assert not ours.is_missed
    assert ours.what == "one of 100 rows, over one of 10: sqlspec, relative to driver"
    assert driver.value.median == pytest.approx(1.5)


def test_the_limit_is_for_ours() -> None:
    """What peers do is shown, and never a miss; each of our cases is judged."""
    names = ("sqlspec", "sqlspec, a stream", "a peer")
    costs: dict[int, Round] = {size: dict.fromkeys(names, float(size)) for size in (1, 10, 100)}

    rows = growth_rows([costs, costs], (1, 10, 100), "rows")

    assert [row.limit for row in rows] == [LIMIT, LIMIT, None]
    assert [row.is_missed for row in rows] == [True, True, False]


def test_each_size_is_a_row_for_the_pictures() -> None:
    """In microseconds, with the size beside it."""
    costs: dict[int, Round] = {size: {"sqlspec": 2e-6, "a peer": 5e-6} for size in (1, 10)}

    rows = size_rows([costs, costs], (1, 10))

    assert [(row.what, row.size, row.unit) for row in rows] == [
        ("sqlspec", 1, "µs"),
        ("sqlspec", 10, "µs"),
        ("a peer", 1, "µs"),
        ("a peer", 10, "µs"),
    ]
    assert [row.value.median for row in rows] == pytest.approx([2, 2, 5, 5])
    assert not any(row.is_missed for row in rows)
