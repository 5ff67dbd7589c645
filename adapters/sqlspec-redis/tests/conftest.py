"""A database of each test's own, and somebody who observes it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from sqlspec.plugin import StatementEvent, hookimpl
from sqlspec_redis import RedisConfig


class Heard(NamedTuple):
    """What was told at the end of one command or pipeline."""

    event: StatementEvent
    parameters: Any
    rows: Any


class Recorder:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.started: list[StatementEvent] = []
        self.ended: list[Heard] = []

    @hookimpl
    def sqlspec_statement_started(self, event: StatementEvent) -> None:
        """Keep it."""
        self.started.append(event)

    @hookimpl
    def sqlspec_statement_executed(self, event: StatementEvent, parameters: object, rows: object) -> None:
        """Keep it."""
        self.ended.append(Heard(event, parameters, rows))

    @property
    def statements(self) -> list[str]:
        """The texts of what has ended."""
        return [heard.event.statement for heard in self.ended]

    @property
    def outcomes(self) -> list[tuple[str, str | None]]:
        """The text of each, and the name of its error's type."""
        return [(heard.event.statement, heard.event.error) for heard in self.ended]

    def only(self) -> Heard:
        """The one thing that was told, from start to end."""
        (heard,) = self.ended
        assert self.started == [heard.event]
        return heard


@pytest.fixture
def config(redis_url: str) -> RedisConfig:
    """How to reach an empty database of this test's own."""
    return RedisConfig(url=redis_url)


@pytest.fixture
def recorder() -> Recorder:
    """Somebody to register as a plugin."""
    return Recorder()
