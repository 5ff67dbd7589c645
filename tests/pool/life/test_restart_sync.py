# Printed from test_restart_async.py by tools/print_sync.py; do not edit.
"""The server was restarted: how many sessions fail for it, and what becomes of the other connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import CommitOutcomeUnknownError, DisconnectedError, TransactionAbortedError
from sqlspec.pool import base
from tests.pool.life.scene import ping, pool_of, is_whole, new_spec

if TYPE_CHECKING:
    from sqlspec import SQLSpec
    from sqlspec_testkit.scripted import Script


def with_idle(spec: SQLSpec, count: int) -> None:
    """Open so many connections, and lay them on the shelf."""
    pool = pool_of(spec)
    leases = [pool.acquire() for _ in range(count)]
    for lease in leases:
        pool.release(lease, True)


def failures(spec: SQLSpec, sessions: int) -> int:
    """How many of so many sessions, one after another, meet a connection that broke."""
    failed = 0
    for number in range(sessions):
        try:
            with spec.provide_session("db") as session:
                session.execute("INSERT ?", (number,))
        except DisconnectedError:
            failed += 1
    return failed


def test_g07_server_restart_with_pre_ping(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """No session fails, and one ping is enough to know of all that rested."""
    monkeypatch.setattr(base, "UNCHECKED_WINDOW", 0.0)  # all have rested
    with new_spec(script) as spec:
        with_idle(spec, 5)
        script.server.kill()

        assert failures(spec, 20) == 0

        assert script.server.rows == list(range(20))
        assert len(script.server.made) == 6
        assert is_whole(spec.stats("db"))


def test_g07_pinged_or_not_what_is_seen_to_be_dead_is_not_lent(script: Script) -> None:
    """Where the driver can look at its socket, it needs no round trip."""
    with new_spec(script, pool_pre_ping=False) as spec:
        with_idle(spec, 5)
        script.server.kill(noticed=True)

        assert failures(spec, 20) == 0

        assert script.server.rows == list(range(20))
        assert script.server.count("ping") == 0


def test_g08_server_restart_without_pre_ping(script: Script) -> None:
    """One session fails; by that the others are known to be dead."""
    with new_spec(script, pool_pre_ping=False) as spec:
        with_idle(spec, 5)
        script.server.kill()

        assert failures(spec, 20) == 1

        assert script.server.rows == list(range(1, 20))
        assert len(script.server.made) == 6
        assert is_whole(spec.stats("db"))


def test_g08_also_when_nothing_has_to_be_rolled_back(script: Script) -> None:
    """An autocommit session that resets nothing looks clean whatever it met."""
    with new_spec(script, pool_pre_ping=False, autocommit=True, reset="rollback") as spec:
        with_idle(spec, 5)
        script.server.kill()

        assert failures(spec, 20) == 1

        assert script.server.rows == list(range(1, 20))
        assert script.count("close") == 0  # there was nobody to hear it


def test_g08_also_when_the_application_swallowed_the_error(script: Script) -> None:
    """The clean end raises it as a cause."""
    with new_spec(script, pool_pre_ping=False) as spec:
        with_idle(spec, 5)
        script.server.kill()

        with pytest.raises(TransactionAbortedError):
            with spec.provide_session("db") as session:
                with pytest.raises(DisconnectedError):
                    session.execute("INSERT 1")

        assert failures(spec, 5) == 0


def test_g08_also_when_commit_met_it(script: Script) -> None:
    """Its outcome is unknown, and its connection gone."""
    with new_spec(script, pool_pre_ping=False) as spec:
        with_idle(spec, 5)

        with pytest.raises(CommitOutcomeUnknownError):
            with spec.provide_session("db") as session:
                session.execute("INSERT 1")
                script.server.kill()

        assert failures(spec, 5) == 0


@pytest.mark.parametrize("reset", ["full", "rollback"])
def test_g08_also_when_the_drivers_own_connection_met_it(script: Script, reset: str) -> None:
    """Its error is the driver's, and is understood all the same."""
    with new_spec(script, pool_pre_ping=False, reset=reset) as spec:
        with_idle(spec, 5)
        script.server.kill()

        with pytest.raises(Exception, match="closed"):
            with spec.provide_connection("db") as raw:
                raw.run("INSERT 1")

        assert failures(spec, 5) == 0


def test_g08_of_all_who_meet_one_restart_the_first_counts(script: Script) -> None:
    """What was opened since is not thrown away again."""
    with new_spec(script, pool_pre_ping=False) as spec:
        with_idle(spec, 5)
        blocks = [spec.provide_session("db") for _ in range(3)]
        sessions = [block.__enter__() for block in blocks]
        script.server.kill()
        errors = list[DisconnectedError]()
        for session in sessions:
            with pytest.raises(DisconnectedError) as caught:
                session.execute("SELECT 1")
            errors.append(caught.value)

        for block, error in zip(blocks, errors, strict=True):
            block.__exit__(type(error), error, None)
            assert failures(spec, 1) == 0

        assert len(script.server.made) == 6


def test_an_error_that_came_from_elsewhere_costs_no_connection(script: Script) -> None:
    """Of two databases, only the one whose connection broke opens others."""
    with new_spec(script) as spec:
        with_idle(spec, 2)

        with pytest.raises(DisconnectedError):
            with spec.provide_session("db") as session:
                session.execute("INSERT 1")
                msg = "somebody else's"
                raise DisconnectedError(msg)

        assert len(script.server.open) == 2
        assert spec.stats("db").idle == 2


def test_a_broken_connection_is_never_lent_again(script: Script) -> None:
    """Whatever broke it, and whoever looked away."""
    with new_spec(script, pool_pre_ping=False) as spec:
        for step in ("begin", "execute", "rollback", "commit", "reset"):
            script.next(step).half_done()
            with pytest.raises(Exception):  # noqa: B017, PT011 - each its own, and judged elsewhere
                with spec.provide_session("db") as session:
                    session.execute("INSERT 1")
                    if step in {"rollback", "reset"}:
                        raise ZeroDivisionError

            assert failures(spec, 3) == 0, step
        assert spec.stats("db").size == 1


def test_a_ping_that_finds_a_dead_connection_warns_of_its_siblings(script: Script) -> None:
    """Who asks for a sign of life asks for all who come after."""
    with new_spec(script, pool_pre_ping=False) as spec:
        with_idle(spec, 5)
        script.server.kill()

        with pytest.raises(DisconnectedError):
            ping(spec)

        assert failures(spec, 20) == 0
        assert is_whole(spec.stats("db"))
