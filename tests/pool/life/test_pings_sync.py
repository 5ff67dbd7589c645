# Printed from test_pings_async.py by tools/print_sync.py; do not edit.
"""A ping of the registry that has a limit, which is for all of it. Time is real here, and short."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import DeadlineExceeded, DisconnectedError, InvalidArgumentError, PoolTimeoutError
from sqlspec_testkit.scripted import Script
from tests.pool.life.scene import ping, pool_of, is_whole, new_spec

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def script() -> Iterator[Script]:
    """As in the other tests, but by the clock on the wall: the limit is the caller's own."""
    script = Script(clock=time.monotonic)
    yield script
    assert script.server.violations == []


def test_a_limit_is_for_the_wait_for_a_connection_too(script: Script) -> None:
    """And not for `pool_timeout` seconds; the error is the pool's."""
    with new_spec(script, pool_size=1) as spec, spec.provide_session("db"):
        with pytest.raises(PoolTimeoutError):
            ping(spec, 0.05)

        assert spec.stats("db").timeouts == 1


def test_no_answer_within_the_limit_names_database_and_limit(script: Script) -> None:
    """The connection is dropped, for its answer may come later."""
    with new_spec(script) as spec:
        script.next("ping").hang()

        with pytest.raises(DeadlineExceeded, match=r"'db' gave no sign of life within timeout=0\.05 s"):
            ping(spec, 0.05)

        stats = spec.stats("db")
        assert (stats.opened, stats.closed) == (1, 1)
        assert is_whole(stats)


def test_little_patience_condemns_no_other_connection(script: Script) -> None:
    """They were not asked, and serve on."""
    with new_spec(script) as spec:
        pool = pool_of(spec)
        for lease in [pool.acquire() for _ in range(3)]:
            pool.release(lease, True)
        script.next("ping").hang()

        with pytest.raises(DeadlineExceeded):
            ping(spec, 0.05)
        for lease in [pool.acquire() for _ in range(2)]:
            pool.release(lease, True)

        assert len(script.server.made) == 3


def test_a_connection_that_breaks_condemns_the_others(script: Script) -> None:
    """With a limit as without one."""
    with new_spec(script) as spec:
        pool = pool_of(spec)
        for lease in [pool.acquire() for _ in range(3)]:
            pool.release(lease, True)
        script.next("ping").half_done()

        with pytest.raises(DisconnectedError):
            ping(spec, 5.0)
        pool.release(pool.acquire(), True)

        assert len(script.server.made) == 4


def test_a_connection_that_is_opened_too_late_serves_the_next_ping(script: Script) -> None:
    """So a slow server is found to be there after all."""
    with new_spec(script) as spec:
        script.next("connect").delay(0.15)

        with pytest.raises(DeadlineExceeded):
            ping(spec, 0.1)
        assert ping(spec, 0.1) < 0.1

        assert len(script.server.made) == 1


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan"), float("inf"), True, "2"])
def test_a_limit_that_can_not_be_is_refused(script: Script, timeout: float) -> None:
    """Before anything is opened."""
    with new_spec(script) as spec:
        with pytest.raises(InvalidArgumentError, match=r"timeout=2\.0"):
            ping(spec, timeout)

        assert script.calls.copy().count("connect") == 0
