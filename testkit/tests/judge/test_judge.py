"""The judge of the kit: each rule has adapters that break it, and the kit says so.

A wrong adapter turns the test of its rule red, and few others: else nobody would see what is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testkit.tests.judge.rules import SIDES, Rule, table, wrong_adapters

if TYPE_CHECKING:
    from testkit.tests.judge.warm import Warm

README = Path(__file__).parents[2] / "README.md"
WRONG = wrong_adapters()
MOST_OTHERS = 5
FIRST = [rule.wrong[0].adapter.__name__ for rule in Rule.known if rule.wrong]
"""One adapter for each rule: it is tried on each side, and on the whole kit, which takes two seconds."""
THREADS, TASKS = ("sync", "contract"), ("async", "async_contract")
TOGETHER = dict.fromkeys(THREADS, THREADS) | dict.fromkeys(TASKS, TASKS)
"""The sides of one adapter."""
RUNS = [(name, side) for name in WRONG for side in WRONG[name].sides[: None if name in FIRST else 1]]


@pytest.mark.parametrize("side", SIDES)
def test_the_whole_kit_is_green_on_the_good_adapter(warm: Warm, side: str) -> None:
    """Which all wrong ones are made of."""
    answer = warm.run("", [SIDES[side]])

    assert answer.failed == {}
    assert answer.passed


@pytest.mark.parametrize(("name", "side"), RUNS)
def test_a_wrong_adapter_is_found_by_the_test_of_its_rule(warm: Warm, name: str, side: str) -> None:
    """Which is green on the good one."""
    rule = WRONG[name].rule

    answer = warm.run(name, [SIDES[side]], [rule.test])

    assert set(answer.failed) == {rule.test}, answer


@pytest.mark.storm
@pytest.mark.parametrize("name", FIRST)
def test_a_wrong_adapter_turns_few_tests_red(warm: Warm, name: str) -> None:
    """When the whole kit runs: what is wrong is named, and not buried under what comes of it."""
    rule, side = WRONG[name].rule, WRONG[name].sides[0]

    answer = warm.run(name, [SIDES[each] for each in TOGETHER.get(side, [side])])

    assert rule.test in answer.failed
    others = sorted(set(answer.failed) - {rule.test})
    assert len(others) <= MOST_OTHERS, others


def test_the_judge_has_its_numbers() -> None:
    """At least eighty wrong adapters, for forty rules; and each rule has one."""
    assert len(WRONG) >= 80
    assert len({rule.test for rule in Rule.known}) >= 40
    assert [rule.text for rule in Rule.known if not rule.wrong] == []


def test_the_table_is_in_the_readme() -> None:
    """As it is here; paste what is said to be missing."""
    assert table() in README.read_text(encoding="utf-8")
