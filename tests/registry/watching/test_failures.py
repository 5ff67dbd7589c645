"""A source that fails keeps what it said, says so once, and is asked again, later and later."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import ConfigError, ConfigSourceError
from sqlspec.plugin.sources import WatchedSource
from sqlspec.registry.watches import FIRST_PAUSE, LONGEST_PAUSE

from .source import ScriptedSource, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sqlspec import SQLSpec
    from sqlspec.plugin import ConfigSource

CANARY = "hunter2canary"


def test_the_last_good_config_is_kept(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource, pauses: list[float]
) -> None:
    """The source is stale from the failure on, and current when it says something again."""
    spec.register_from(source)
    watch()
    before = spec.sources[0]

    source.fail(ConfigError("catalogue: is down"))
    until(lambda: len(pauses) > 2)
    stale = spec.sources[0]
    source.now = {"main": {"adapter": "sqlite", "pool_size": 2}}
    until(lambda: spec.sources[0].state == "current")

    assert (before.name, before.databases) == ("catalogue", ("main",))
    assert (before.state, before.last_error) == ("current", None)
    assert (stale.state, stale.last_error) == ("stale", "catalogue: is down")
    assert before.since <= stale.since <= spec.sources[0].since <= datetime.now(UTC)
    assert spec.sources[0].last_error is None
    assert spec.get_config("main").pool_size == 2


def test_the_log_says_it_once(
    spec: SQLSpec,
    watch: Callable[[], None],
    source: ScriptedSource,
    pauses: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However often the source fails, and again when it is over."""
    caplog.set_level(logging.INFO, "sqlspec.sources")
    spec.register_from(source)
    watch()

    source.fail(ConfigError("catalogue: is down"))
    until(lambda: len(pauses) > 5)
    source.now = {"main": {"adapter": "sqlite", "pool_size": 1}}
    until(lambda: spec.sources[0].state == "current")

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "catalogue: is down; the last configs are kept"),
        ("INFO", "catalogue: is current again"),
    ]


def test_pauses_grow_and_have_an_end(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource, pauses: list[float]
) -> None:
    """Each is up to twice as long as the one before, and never as long as all its like."""
    spec.register_from(source)
    watch()

    source.fail(ConfigError("catalogue: is down"))
    until(lambda: len(pauses) > 9)

    for failures, seconds in enumerate(pauses[:10]):
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**failures)
        assert longest / 2 <= seconds <= longest
    assert source.begun > 9


def test_a_source_that_says_something_and_fails_is_not_asked_without_end(
    spec: SQLSpec, watch: Callable[[], None], pauses: list[float]
) -> None:
    """Its pauses grow too."""

    class Short(ScriptedSource):
        async def watch(self) -> AsyncGenerator[ConfigSource.Tables, None]:
            yield self._tables(self.now)

    spec.register_from(Short(main={"adapter": "sqlite"}))
    watch()

    until(lambda: len(pauses) > 8)

    assert min(pauses[7:9]) > FIRST_PAUSE
    assert spec.sources[0].last_error in {None, "catalogue: has ended its watch"}


def test_what_is_garbled_is_no_reason_to_ask_again(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource, pauses: list[float]
) -> None:
    """The source could be read. It is waited for until it says something else."""
    spec.register_from(source)
    watch()

    source.say(main={"adapter": "sqlite", "pool_size": CANARY})
    stale = spec.sources[0]
    source.say(main={"adapter": "sqlite", "pool_size": 3})

    assert stale.state == "stale"
    assert stale.last_error == "catalogue: databases.main.pool_size: expected a whole number, got str"
    assert (source.begun, pauses) == (2, [])  # read once, watched once
    assert (spec.sources[0].state, spec.get_config("main").pool_size) == ("current", 3)


def test_one_source_does_not_hold_up_another(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource, pauses: list[float]
) -> None:
    """Each has a state of its own."""
    other = ScriptedSource("other", second={"adapter": "sqlite"})
    spec.register_from(source)
    spec.register_from(other)
    watch()

    source.fail(ConfigError("catalogue: is down"))
    other.say(second={"adapter": "sqlite", "pool_size": 5})

    assert spec.get_config("second").pool_size == 5
    until(lambda: [one.state for one in spec.sources] == ["stale", "current"])
    assert pauses


def test_what_anybody_raises_shows_nothing_of_itself(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource, pauses: list[float]
) -> None:
    """Its text may hold a password; ours never do."""
    spec.register_from(source)
    watch()

    source.fail(ValueError(CANARY))
    until(lambda: pauses)

    assert spec.sources[0].last_error == "catalogue: raised ValueError"


def test_a_source_that_says_nothing_is_an_error(spec: SQLSpec) -> None:
    """Where it is registered."""

    class Silent(WatchedSource):
        name = "silent"

        async def watch(self) -> AsyncGenerator[Any, None]:
            if self.name != "silent":
                yield self.Tables()

    with pytest.raises(ConfigSourceError, match="silent: it says nothing"):
        spec.register_from(Silent())
