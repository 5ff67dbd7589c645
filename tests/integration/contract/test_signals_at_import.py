"""A signal comes while an adapter is imported: that is no broken adapter, and the next use tries again."""

from __future__ import annotations

import sys
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec

from .databases import SQLITE
from .signals import KINDS, SHAPES, Alarm, Steps
from .test_signals import LOSERS, REDIS, lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .databases import Database

__all__ = ("lost",)

SAMPLES = 30


@pytest.fixture
def forget(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Have Python forget that an adapter was imported, until the test is over."""

    def forget(package: str) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)

    yield forget
    monkeypatch.undo()


@pytest.mark.parametrize("database", [SQLITE, REDIS], ids=lambda database: database.name)
def test_g51_an_import_is_left_with_the_handlers_exception(
    database: Database, request: pytest.FixtureRequest, forget: Callable[[str], None], lost: list[Any]
) -> None:
    """By URL, so that the adapter is found, imported, checked and asked for its config class."""
    url = request.getfixturevalue(database.url) if database.url else "sqlite://"
    package = f"sqlspec_{database.name}"
    variants = cycle([(shape, kind) for shape in SHAPES for kind in KINDS])
    all_steps = Steps(0)
    for _ in range(2):  # the first one also reads what is installed
        forget(package)
        spec, all_steps.count = SQLSpec(), 0
        with all_steps:
            _register(spec, url)

    for step in range(1, all_steps.count * 9 // 10, all_steps.count // SAMPLES):
        shape, kind = next(variants)
        forget(package)
        spec, alarm, steps = SQLSpec(), Alarm(shape, kind), Steps(step)
        caught = _interrupted(spec, url, alarm, steps)
        assert alarm.raised is not None, "there was no such step"
        # importlib takes what is raised while it looks for a file for the file's absence.
        losers = (*LOSERS[database], "importlib._bootstrap_external")
        is_lost = alarm.raised in lost or steps.is_in(losers)
        assert caught is alarm.raised or is_lost, f"step {step}, in {steps.where}"
        if "db" not in spec.names:
            _register(spec, url)
        with spec.provide_session("db"):
            pass
        spec.close()


def _register(spec: SQLSpec, url: str) -> None:
    spec.register_config(url, "db")


def _interrupted(spec: SQLSpec, url: str, alarm: Alarm, steps: Steps) -> BaseException | None:
    with alarm.installed():
        try:
            with steps:
                _register(spec, url)
        except Exception as exc:  # noqa: BLE001 - which, is what the test is about
            return exc
    return None
