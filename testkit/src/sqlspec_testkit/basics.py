"""The tests that all others rest on: they come first, and without them the rest is not judged.

An adapter whose COMMIT stores nothing fails nearly everything. One failure says so better than a hundred.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest

from .running import is_of_kit

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

__all__ = ("BASIC", "Basics", "basic_first")

BASIC = frozenset(
    {
        "test_each_connection_is_another",
        "test_a_clean_exit_commits",
        "test_an_exception_rolls_back_and_is_the_one_seen",
        "test_rollback_undoes_and_the_next_statement_begins_anew",
        "test_work_of_one_session_is_not_in_the_next",
        "test_a_block_is_a_transaction_of_its_own",
        "test_an_autocommit_session_keeps_each_statement",
    }
)


def basic_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The tests in their order, but of each class the basic ones first."""
    return [
        item
        for _, tests in groupby(items, _class_of)
        for item in sorted(tests, key=lambda item: not _is_basic(item))
    ]


class Basics:
    """A plugin of pytest: it knows which basic tests of which adapters have failed in this process."""

    def __init__(self) -> None:
        self._failed: dict[Any, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a test that rests on one that has failed."""
        if is_of_kit(item) and not _is_basic(item) and (failed := self._failed.get(_adapter_of(item))):
            pytest.skip(f"{failed} has failed, and this rests on it: mend that first")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Remember a basic test that fails."""
        report = yield
        if report.failed and is_of_kit(item) and _is_basic(item):
            self._failed.setdefault(_adapter_of(item), item.name)
        return report


def _class_of(item: pytest.Item) -> object:
    return getattr(item, "cls", None)


def _is_basic(item: pytest.Item) -> bool:
    return getattr(item, "originalname", item.name) in BASIC


def _adapter_of(item: pytest.Function) -> object:
    """What the classes of tests of one adapter have in common."""
    cls: Any = item.cls
    return cls.make_config
